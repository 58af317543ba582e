"""The `calibrate` and `worker` commands at work: what was typed is checked, the store is reached, and whatever ends it is
one line and an exit code.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

from bot.backtest_options import BadOption
from bot.calibrate_wish import Refused, Stopped, Typed, check_name, wish_of
from bot.ending import BAD_SETTINGS, FAILED, STOPPED, refused
from bot.moments import BadMoment

if TYPE_CHECKING:
    from bot.calibrate_words import Found
    from bot.settings import Settings
    from engine.adapters.study_store import StudyStore

INTERRUPTED: Final = 130
FOLDER: Final = "studies"  # not the trader's store: a trader that starts again may not find its folder taken
NO_OPTUNA: Final = "calibrate and worker need Optuna, which is not installed: uv sync --extra sweep, or pip install optuna"
NO_STORE: Final = (
    "a worker needs the store in which `autobot calibrate --study {name}` keeps the study: set REDIS_URL "
    "(no store runs in {folder} on this machine)"
)


def calibrated(owner: "Settings", typed: Typed, *, study: str, workers: int, as_json: bool) -> int:
    """Search, judge, and write the result to the standard output; give the exit code."""

    def search() -> int:
        wish = wish_of(owner, typed)
        if study:
            check_name(study)
        from bot.calibrating import alone, searched, shared

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
        check_name(study)
        from bot.calibrating import helped as work_at

        with _joined_store(owner, study) as store:
            count = work_at(store, study, candles, workers or processors())
        print(f"study {study} is complete; {count:,} settings were walked here")
        return STOPPED

    return _ended(help_, study)


def forgotten(owner: "Settings", study: str) -> int:
    """Delete a study from the store; give the exit code."""

    def forget() -> int:
        check_name(study)
        from bot.calibrating import described

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
    from bot.histories import BadHistory
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


@contextmanager
def _store(owner: "Settings") -> Iterator["StudyStore"]:
    """The store that the settings name, or the embedded one, started here where it does not run. Raises `NoServer`."""
    from engine.adapters.redis_server import connect_or_start
    from engine.adapters.study_store import StudyStore

    reached = asyncio.run(connect_or_start(owner.store_url, owner.data_folder / FOLDER))
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

    server = None if owner.store_url else EmbeddedServer(owner.data_folder / FOLDER)
    if server is not None:
        try:
            asyncio.run(server.join())
        except FolderInUse:
            raise NoServer(NO_STORE.format(name=study, folder=owner.data_folder / FOLDER)) from None
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
