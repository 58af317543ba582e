"""The `calibrate` and `worker` commands at work: what was typed is checked, the store is reached, and whatever ends it is
one line and an exit code.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from bot.ending import BAD_SETTINGS, FAILED, STOPPED, refused

if TYPE_CHECKING:
    from bot.calibrate_words import Found
    from bot.calibrating import Wish
    from bot.settings import Settings
    from engine.adapters.study_store import StudyStore

INTERRUPTED: Final = 130
FEWEST_STEP_DAYS, MOST_STEP_DAYS = 13, 364
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
NO_OPTUNA: Final = "calibrate and worker need Optuna, which is not installed: uv sync --extra sweep, or pip install optuna"
NO_STORE: Final = (
    "a worker needs the store in which `autobot calibrate --study {name}` keeps the study: set REDIS_URL "
    "(no store runs in {folder} on this machine)"
)


class Typed(NamedTuple):
    """The options of `calibrate` as they were typed."""

    words: list[str]
    candles: list[Path]
    interval: str
    start: str
    end: str
    sets: list[str]
    trials: int
    seed: int
    step_days: int
    window: int
    rules: Path | None
    funding: list[Path]
    warmup: int
    sides: str
    wallet: str
    taker_bps: float | None
    spread_bps: float | None
    slippage_bps: float | None


def calibrated(owner: "Settings", typed: Typed, *, study: str, workers: int, as_json: bool) -> int:
    """Search, judge, and write the result to the standard output; give the exit code."""

    def search() -> int:
        wish = _wish(owner, typed)
        from bot.calibrating import alone, searched, shared

        if study:
            _check_name(study)
        made = searched(wish)
        for line in made.told:
            print(line, file=sys.stderr)
        if not study:
            return _write(alone(made, workers or processors()), as_json)
        with _store(owner) as store:
            return _write(shared(store, made, study, workers or processors()), as_json)

    return _ended(search, study)


def helped(owner: "Settings", study: str, candles: list[Path], workers: int) -> int:
    """Work at a study until nothing of it is open; give the exit code."""

    def help_() -> int:
        from bot.calibrating import helped as work_at

        _check_name(study)
        with _joined_store(owner, study) as store:
            count = work_at(store, study, candles, workers or processors())
        print(f"study {study} is complete; {count:,} settings were walked here")
        return STOPPED

    return _ended(help_, study)


def forgotten(owner: "Settings", study: str) -> int:
    """Delete a study from the store; give the exit code."""

    def forget() -> int:
        from bot.calibrating import described

        _check_name(study)
        with _store(owner) as store:
            described(store, study)
            store.forget(study)
        print(f"study {study} is forgotten")
        return STOPPED

    return _ended(forget, study)


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _ended(act: Callable[[], int], study: str) -> int:
    """Do it; whatever it is refused or ended by becomes one line and an exit code."""
    if find_spec("optuna") is None:
        return refused(NO_OPTUNA, BAD_SETTINGS)
    from bot.backtest_options import BadOption
    from bot.calibrating import Refused, Stopped
    from bot.histories import BadHistory
    from bot.moments import BadMoment
    from engine.adapters.redis_process import NoServer
    from engine.backtest.calibrate.plan import NoPlan
    from engine.backtest.calibrate.tally import BadTally
    from engine.ports import StoreDown

    try:
        return act()
    except (BadOption, BadMoment, BadHistory, Refused, NoPlan) as error:
        return refused(str(error), BAD_SETTINGS)
    except (StoreDown, NoServer, BadTally) as error:
        return refused(str(error), FAILED)
    except Stopped as stop:
        kept = f"they are kept: the same command goes on with study {study}" if study else "nothing is kept without --study"
        return refused(f"stopped after {stop.walked:,} of {stop.all:,} settings; {kept}", INTERRUPTED)
    except KeyboardInterrupt:
        return refused("stopped", INTERRUPTED)
    except BrokenPipeError:  # whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return STOPPED


def _wish(owner: "Settings", typed: Typed) -> "Wish":
    from bot import backtest_options as read
    from bot.calibrating import Wish
    from bot.moments import begin_ms, end_ms
    from engine.backtest.calibrate.space import batches_of

    files, pairs = read.spread(typed.words, typed.candles, typed.sets)
    if not files:
        raise read.BadOption("--candles: name at least one file of candles")
    first, last = begin_ms("--from", typed.start), end_ms("--to", typed.end)
    if first is not None and last is not None and first >= last:
        raise read.BadOption(f"--from {typed.start} is not before --to {typed.end}")
    if typed.step_days and not FEWEST_STEP_DAYS <= typed.step_days <= MOST_STEP_DAYS:
        raise read.BadOption(f"--step-days is {FEWEST_STEP_DAYS} to {MOST_STEP_DAYS}, not {typed.step_days}")
    simulation = read.terms(
        wallet=read.read_wallet(typed.wallet, owner.paper_wallet),
        costs=read.read_costs(taker_bps=typed.taker_bps, spread_bps=typed.spread_bps, slippage_bps=typed.slippage_bps),
        warmup_bars=read.read_warmup(typed.warmup),
        sides=read.read_sides(typed.sides),
        begin_ms=first,
    )
    return Wish(
        candles=tuple(files),
        funding=tuple(typed.funding),
        rules=typed.rules,
        interval=read.read_interval(typed.interval),
        begin_ms=first,
        end_ms=last,
        params=read.changed(owner.params, pairs),
        simulation=simulation,
        step_days=typed.step_days,
        window_steps=typed.window,
        batches=batches_of(typed.trials),
        seed=typed.seed,
    )


def _check_name(study: str) -> None:
    from bot.calibrating import Refused

    if not NAME.fullmatch(study):
        raise Refused(f"--study is a name of letters, digits, dots and dashes, at most 64, not {study!r}")


@contextmanager
def _store(owner: "Settings") -> Iterator["StudyStore"]:
    """The store that the settings name, or the embedded one, started here where it does not run. Raises `NoServer`."""
    from engine.adapters.redis_server import connect_or_start
    from engine.adapters.study_store import StudyStore

    reached = asyncio.run(connect_or_start(owner.store_url, owner.data_folder / "store"))
    store = StudyStore(reached.url)
    try:
        yield store
    finally:
        store.close()
        asyncio.run(reached.close())


@contextmanager
def _joined_store(owner: "Settings", study: str) -> Iterator["StudyStore"]:
    """The store as a worker finds it: it starts none, since what lies in its own would be nobody's. Raises `NoServer`."""
    from engine.adapters.redis_process import NoServer
    from engine.adapters.redis_server import EmbeddedServer, FolderInUse
    from engine.adapters.study_store import StudyStore

    server = None if owner.store_url else EmbeddedServer(owner.data_folder / "store")
    if server is not None:
        try:
            asyncio.run(server.join())
        except FolderInUse:
            raise NoServer(NO_STORE.format(name=study, folder=owner.data_folder / "store")) from None
    store = StudyStore(owner.store_url if server is None else server.url)
    try:
        yield store
    finally:
        store.close()
        if server is not None:
            asyncio.run(server.stop())


def _write(found: "Found", as_json: bool) -> int:
    from bot.calibrate_words import as_json as machine_form
    from bot.calibrate_words import as_text

    sys.stdout.write(json.dumps(machine_form(found), indent=2) + "\n" if as_json else as_text(found))
    sys.stdout.flush()
    return STOPPED
