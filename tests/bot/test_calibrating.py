"""`autobot calibrate` and `autobot worker` as processes: a verdict, a study that many share, and one line for what is wrong."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Protocol

import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState
from typer.testing import CliRunner

from bot import calibrate_running
from bot.commands import app
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.study_store import StudyStore
from tests.bot.test_bad_input import NO_STORE, SECRET, faults
from tests.bot.test_cli import ROOT
from tests.engine.backtest.calibrate.parts import an_hourly_history

TRIALS = 24
OPTIONS = ("--trials", str(TRIALS), "--warmup", "600", "--set", "activation_threshold=0.4")
LONG = ("--trials", "40000", "--warmup", "600", "--workers", "1")  # nobody finishes it here
WITHIN_S = 120.0  # on a machine where nothing is compiled yet

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(scope="module")
def candles(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred days of hours that wander, the warm-up not counted."""
    made = an_hourly_history(1).candles
    columns = {name: getattr(made, name) for name in ("open", "high", "low", "close", "volume")}
    columns["open_time"] = made.open_time_ms
    path = tmp_path_factory.mktemp("candles") / "ETHUSDT-1h.parquet"
    parquet.write_table(arrow.table(columns), path)
    return path


def begun(folder: Path, *words: str, **variables: str) -> subprocess.Popen[str]:
    """The command, running. Compiled code is kept where everybody keeps it."""
    kept = {name: os.environ[name] for name in ("HOME", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "DATA_FOLDER": str(folder / "data")} | kept | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    out, err = process.communicate(timeout=WITHIN_S)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


class Done(NamedTuple):
    """What a command came to in this process."""

    code: int
    out: str
    err: str

    @property
    def fault(self) -> str:
        """The one line that says what is wrong."""
        assert "Traceback" not in self.err + self.out
        (line,) = (line for line in self.err.splitlines() if line.startswith("Error: "))
        return line


class Run(Protocol):
    """A command with its words, and the variables that are set."""

    def __call__(self, *words: str, **variables: str) -> Done: ...


def a_command(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*words: str, **variables: str) -> Done:
        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setattr("os.environ", {**os.environ, "DATA_FOLDER": str(tmp_path / "data"), **variables})
            done = CliRunner().invoke(app, [name, *words])
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def calibrate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return a_command("calibrate", tmp_path, monkeypatch)


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    return a_command("worker", tmp_path, monkeypatch)


def until(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait for something that has to come while a process runs."""
    give_up = time.monotonic() + WITHIN_S
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < give_up, "it never came"
        time.sleep(0.02)


def test_a_search_ends_with_a_plain_verdict_that_fits_a_phone(calibrate: Run, candles: Path, tmp_path: Path) -> None:
    done = calibrate("--candles", str(candles), *OPTIONS)

    assert done.code == 0, done.err
    assert "ETHUSDT 1h" in done.out
    assert f"{TRIALS} settings tried" in done.out
    assert "Keep the present setting." in done.out or "No setting earns anything" in done.out
    assert "1 bp every 8 hours is assumed" in done.err
    assert not (tmp_path / "data").exists(), "without --study nothing is kept"


def test_the_same_search_in_a_study_says_the_same_and_one_that_goes_on_walks_nothing_again(
    calibrate: Run, candles: Path
) -> None:
    words = ("--candles", str(candles), *OPTIONS, "--json")

    alone, kept, again = calibrate(*words), *(calibrate(*words, "--study", "one") for _ in range(2))

    assert [done.code for done in (alone, kept, again)] == [0, 0, 0], kept.err
    assert json.loads(alone.out) == json.loads(kept.out) == json.loads(again.out)
    assert json.loads(alone.out)["tried"] == TRIALS
    assert f"{TRIALS} settings walked here" in kept.err
    assert "0 settings walked here" in again.err


def test_what_was_tried_on_the_same_candles_before_counts(calibrate: Run, candles: Path) -> None:
    words = ("--candles", str(candles), *OPTIONS, "--json", "--study")

    first, second = calibrate(*words, "first"), calibrate(*words, "second", "--seed", "7")

    assert [json.loads(done.out)["tried_before"] for done in (first, second)] == [0, TRIALS]


def test_a_worker_that_is_killed_in_the_middle_of_a_trial_loses_none(
    tmp_path: Path, candles: Path, server: EmbeddedServer
) -> None:
    store, looking = {"REDIS_URL": server.url}, StudyStore(server.url)
    searching = begun(tmp_path, "calibrate", "--candles", str(candles), *LONG, "--study", "killed", **store)
    until(lambda: completed(looking), searching)
    searching.send_signal(signal.SIGINT)
    stopped = ended(searching)
    before = completed(looking)
    worker = begun(tmp_path, "worker", "--study", "killed", "--workers", "1", **store)
    lost = killed_while_walking(worker, looking)

    helper = begun(tmp_path, "worker", "--study", "killed", "--workers", "1", **store)
    until(lambda: lost in completed(looking), helper)
    helper.send_signal(signal.SIGINT)
    done = ended(helper)

    assert (stopped.returncode, done.returncode) == (130, 130)
    assert "the same command goes on with study killed" in faults(stopped)[0]
    walked = [trial.user_attrs["batch"] for trial in trials(looking) if trial.state is TrialState.COMPLETE]
    assert len(walked) == len(set(walked)), "none was counted twice"
    assert before <= set(walked), "none was lost"
    assert [trial.state for trial in trials(looking) if trial.user_attrs["batch"] == lost] == [
        TrialState.FAIL,
        TrialState.COMPLETE,
    ]
    looking.close()


def trials(store: StudyStore) -> list[FrozenTrial]:
    """What Optuna's journal holds of the study."""
    storage = JournalStorage(store.journal("killed"))
    return storage.get_all_trials(0) if storage.get_all_studies() else []


def completed(store: StudyStore) -> set[int]:
    return {trial.user_attrs["batch"] for trial in trials(store) if trial.state is TrialState.COMPLETE}


def killed_while_walking(worker: subprocess.Popen[str], store: StudyStore) -> int:
    """Kill a worker that is known to be in the middle of a batch; give the batch."""

    def walking() -> list[int]:
        return [trial.user_attrs["batch"] for trial in trials(store) if trial.state is TrialState.RUNNING]

    while True:
        until(walking, worker)
        worker.send_signal(signal.SIGSTOP)
        held = walking()
        if held and walking() == held:
            break
        worker.send_signal(signal.SIGCONT)
    worker.send_signal(signal.SIGKILL)
    ended(worker)
    assert walking() == held
    return held[0]


def test_a_worker_with_other_candles_or_of_another_version_is_refused(
    calibrate: Run, work: Run, candles: Path, tmp_path: Path, server: EmbeddedServer
) -> None:
    words = ("--candles", str(candles), *OPTIONS, "--study", "ours")
    assert calibrate(*words, REDIS_URL=server.url).code == 0
    short = tmp_path / "ETHUSDT-1h.parquet"
    parquet.write_table(parquet.read_table(candles).slice(1), short)
    looking = StudyStore(server.url)
    about = json.loads(looking.about("ours") or "")
    looking.begin("theirs", json.dumps(about | {"version": "9.9"}))
    looking.begin("broken", "{")
    looking.close()

    other = work("--study", "ours", "--candles", str(short), REDIS_URL=server.url)
    same, older, broken, nobodys = (
        work("--study", name, REDIS_URL=server.url) for name in ("ours", "theirs", "broken", "nobodys")
    )
    changed = calibrate(*words, "--seed", "7", REDIS_URL=server.url)

    assert same.code == 0
    assert "study ours is complete; 0 settings were walked here" in same.out
    assert [done.code for done in (other, older, broken, nobodys, changed)] == [2] * 5
    assert "other candles, rules or funding" in other.fault
    assert "another version of the product" in older.fault
    assert "not readable" in broken.fault
    assert "no study nobodys in the store; there are broken" in nobodys.fault
    assert "begun with another seed" in changed.fault


def test_a_forgotten_study_may_be_begun_anew(calibrate: Run, candles: Path, server: EmbeddedServer) -> None:
    words = ("--candles", str(candles), *OPTIONS, "--study", "again")
    calibrate(*words, REDIS_URL=server.url)

    codes = [calibrate("--forget", "again", REDIS_URL=server.url).code for _ in range(2)]

    assert codes == [0, 2]
    assert calibrate(*words, "--seed", "7", REDIS_URL=server.url).code == 0


def test_a_worker_without_a_store_is_one_clear_line(work: Run, tmp_path: Path) -> None:
    none, away = work("--study", "one"), work("--study", "one", REDIS_URL=NO_STORE)

    assert (none.code, away.code) == (1, 1)
    assert "set REDIS_URL" in none.fault
    assert "cannot be reached" in away.fault
    assert SECRET not in away.err
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((), "--candles: name at least one file"),
        (("--candles", "nowhere-1h.parquet"), "no such file"),
        (("--candles", "CANDLES", "--set", "fly=1"), "unknown setting 'fly'"),
        (("--candles", "CANDLES", "--step-days", "5"), "--step-days is 13 to 364"),
        (("--candles", "CANDLES", "--warmup", "600", "--step-days", "91"), "days after the warm-up are too few"),
        (("--candles", "CANDLES", "--from", "2022-02-01", "--to", "2022-01-01"), "is not before"),
        (("--candles", "CANDLES", "--interval", "15m"), "15m"),
        (("--candles", "CANDLES", "--study", "a b"), "--study is a name"),
    ],
)
def test_what_is_wrong_is_one_clear_line(calibrate: Run, candles: Path, words: tuple[str, ...], says: str) -> None:
    done = calibrate(*(str(candles) if word == "CANDLES" else word for word in words))

    assert done.code == 2
    assert says in done.fault


def test_without_optuna_the_line_says_how_to_get_it(calibrate: Run, candles: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calibrate_running, "find_spec", lambda name: None)

    done = calibrate("--candles", str(candles))

    assert done.code == 2
    assert "uv sync --extra sweep" in done.fault


def test_a_search_stays_out_of_the_traders_store(calibrate: Run, candles: Path, tmp_path: Path) -> None:
    assert calibrate("--candles", str(candles), *OPTIONS, "--study", "apart").code == 0

    assert [path.name for path in (tmp_path / "data").iterdir()] == ["studies"]
