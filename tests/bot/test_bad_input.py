"""What a clumsy person types, as a process of its own: one line says what is wrong and what to do, and nothing is half-done."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.bot.conftest import TOKEN
from tests.bot.test_app import a_process
from tests.bot.test_cli import autobot
from tests.bot.test_store_outage import says
from tests.bot.world import a_world

SECRET = "a-password-to-keep"
NO_STORE = f"redis://:{SECRET}@127.0.0.1:1/0"
ONE_BAR_AT_ONCE = ("demo", "--port", "0", "--auto", "--bars", "1", "--warmup", "50", "--speed", "max")


def faults(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines that tell a fault; a traceback, or a fault in the output that others read, is none of them."""
    assert "Traceback" not in done.stderr + done.stdout
    assert "Error" not in done.stdout
    return [line for line in done.stderr.splitlines() if line.startswith("Error: ")]


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({"REDIS_URL": f"http://:{SECRET}@127.0.0.1"}, "REDIS_URL: .*redis://"),
        ({"REDIS_URL": f"redis://:{SECRET}@127.0.0.1:99999/0"}, "REDIS_URL: .*redis://"),
        ({"REDIS_URL": f"redis://:{SECRET}@127.0.0.1:6379/first"}, "REDIS_URL: .*redis://"),
        ({"BINANCE_REST_ROOT": "http://127.0.0.1:port"}, "BINANCE_REST_ROOT: .*https://"),
        ({"BINANCE_WS_MARKET_ROOT": "https://127.0.0.1"}, "BINANCE_WS_MARKET_ROOT: .*wss://"),
        ({"HEALTH_PORT": "99999", "ACTIVATION_THRESHOLD": "7"}, "ACTIVATION_THRESHOLD"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused_before_anything_starts(
    tmp_path: Path, variables: dict[str, str], says: str
) -> None:
    done = autobot(tmp_path, "run", TELEGRAM_BOT_TOKEN=TOKEN, **variables)

    assert done.returncode == 2
    assert re.search(says, faults(done)[0])
    assert SECRET not in done.stderr
    assert not (tmp_path / "data").exists()


def test_a_store_that_cannot_be_reached_is_told_with_the_setting_to_look_at(tmp_path: Path) -> None:
    done = autobot(tmp_path, "export", TELEGRAM_BOT_TOKEN=TOKEN, REDIS_URL=NO_STORE)

    assert done.returncode == 1
    assert [("127.0.0.1:1" in line, "REDIS_URL" in line) for line in faults(done)] == [(True, True)]
    assert SECRET not in done.stderr


@pytest.mark.parametrize("mode", ["testnet", "paper"])
async def test_a_trader_without_its_store_says_so_once_with_the_setting_to_look_at_and_goes_on_until_it_is_ended(
    tmp_path: Path, mode: str
) -> None:
    async with a_world(tmp_path) as (_, variables), a_process(variables, MODE=mode, REDIS_URL=NO_STORE) as running:
        await running.says("REDIS_URL")
        await says(running, memory="apart", store_up=False)
        running.process.terminate()
        code = await running.code()
        said = running.said()

    told = [line for line in said.splitlines() if json.loads(line)["level"] in ("error", "critical")]
    assert code == 0
    assert [("127.0.0.1:1" in line, "REDIS_URL" in line) for line in told] == [(True, True)]
    assert SECRET not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--lang", "tlh"), "--lang is one of en, ru"),
        (("--report", "no/such/folder/r.json"), "--report: .*no/such/folder"),
        (("--report", "."), "--report: .*directory"),
        (("--report", "/proc/r.json"), "--report: /proc/r.json"),
        (("--folder", "a-file"), "--folder: a-file"),
        (("--from", "9999-12-31"), "--from"),
        (("--interval", "2h"), "INTERVAL"),
        (("--bars", "abc"), "--bars"),
        (("--banana",), "--banana"),
        (("--set", "unknown=1"), "unknown"),
        (("--candles", "ETHUSDT-1h.csv"), "ETHUSDT-1h.csv: no such file"),
    ],
)
def test_a_demo_that_could_not_end_well_does_not_begin(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    (tmp_path / "a-file").touch()

    done = autobot(tmp_path, *ONE_BAR_AT_ONCE, *words)

    assert done.returncode == 2, done.stdout
    assert [bool(re.search(says, line)) for line in faults(done)] == [True], done.stderr
    assert "started trading" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["a-file"]


def test_the_output_of_a_sandbox_that_cannot_start_holds_nothing_that_could_be_taken_for_its_line(tmp_path: Path) -> None:
    done = autobot(tmp_path, "sandbox", "--port", "0", "--candles", "ETHUSDT-1h.csv")

    assert (done.returncode, done.stdout) == (2, "")
    assert len(faults(done)) == 1
