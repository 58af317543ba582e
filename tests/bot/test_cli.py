"""The command as people type it: what is wrong is one line and code 2, never a traceback and never a secret."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.adapters.local_files import InstanceLock
from tests.bot.conftest import TOKEN

ROOT = Path(__file__).resolve().parents[2]


def autobot(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATA_FOLDER": str(folder / "data")}
    return subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env=environment | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_command_explains_itself(tmp_path: Path) -> None:
    done = autobot(tmp_path, "--help")

    assert done.returncode == 0
    assert all(word in done.stdout for word in ("run", "demo", "sandbox", "export", "doctor", "version"))


@pytest.mark.parametrize(
    ("words", "variables", "says"),
    [
        (("run",), {"MODE": "live", "I_UNDERSTAND": "yes", "BINANCE_API_KEY": "k", "BINANCE_API_SECRET": "s"}, "I_UNDERSTAND"),
        (("run",), {}, "TELEGRAM_BOT_TOKEN"),
        (("run",), {"TELEGRAM_BOT_TOKEN": TOKEN, "DATA_FOLDER": "/proc/nowhere"}, "DATA_FOLDER"),
        (("export",), {"INTERVAL": "7h"}, "INTERVAL"),
        (("fly",), {}, "fly"),
    ],
)
def test_what_is_wrong_is_told_in_few_words(
    tmp_path: Path, words: tuple[str, ...], variables: dict[str, str], says: str
) -> None:
    done = autobot(tmp_path, *words, **variables)

    assert done.returncode == 2
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert TOKEN not in done.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("fly",), "'fly'; see .* --help"),
        (("--loud",), "--loud; see .* --help"),
        (("demo", "--warmup", "abc"), "'--warmup': .*integer.*; see .* demo --help"),
        (("demo", "--warmup"), "'--warmup' requires an argument; see .* --help"),
        (("sandbox", "--loud"), "--loud; see .* sandbox --help"),
        (("download",), "'symbols'; see .* download --help"),
        (("backtest", "--days", "0"), "--days; see .* backtest --help"),
        (("calibrate", "--trials", "0"), "'--trials': .*16; see .* calibrate --help"),
        (("worker",), "'--study'; see .* worker --help"),
        (("run", "fast"), "[(]fast[)]; see .* run --help"),
        (("export", "--xml"), "--xml.*; see .* export --help"),
        (("doctor", "feet"), "'feet'.*'all', 'veto', 'orders'; see .* doctor --help"),
    ],
)
def test_a_word_that_cannot_be_understood_is_one_line_that_says_where_to_look(
    tmp_path: Path, words: tuple[str, ...], says: str
) -> None:
    done = autobot(tmp_path, *words)

    (line,) = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert re.match(f"Error: .*{says}$", line), line


@pytest.mark.parametrize(("words", "code"), [((), 2), (("--help",), 0), (("worker", "--help"), 0)])
def test_help_is_many_lines_and_no_error(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    done = autobot(tmp_path, *words)

    said = done.stdout + done.stderr
    assert (done.returncode, "Error" in said) == (code, False)
    assert len(said.splitlines()) > 5


def test_a_second_process_on_the_same_data_leaves_at_once_and_says_why(tmp_path: Path) -> None:
    lock = InstanceLock(tmp_path / "data")
    lock.take()

    done = autobot(tmp_path, "run", TELEGRAM_BOT_TOKEN=TOKEN)

    lock.release()
    assert done.returncode == 75
    assert "in use" in done.stderr or "is used by" in done.stderr


def test_the_books_of_a_new_owner_are_empty(tmp_path: Path) -> None:
    done = autobot(tmp_path, "export", "--json")

    books = json.loads(done.stdout)
    assert (done.returncode, books["trades"], books["rulings"]) == (0, [], 0)
    assert books["totals"]["net"] == "0"
