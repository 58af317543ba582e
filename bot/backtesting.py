"""The `backtest` command at work: read, walk, sum up, write. Composes; what it needs is imported when its turn comes."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from bot.backtest_options import HALF_DONE
from bot.backtest_wish import Wish
from bot.ending import BAD_SETTINGS, FAILED, STOPPED, refused
from bot.ground import Ground
from bot.histories import BadHistory, histories_of
from engine.backtest.audit.found import Audit
from engine.backtest.endings import ended
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.report import Report, reported
from engine.backtest.result import Run
from engine.params import TradingParams
from handlers.ui.backtest_words import Setup, verdict
from handlers.ui.language import Languages, Texts

STEPS: Final = 4
STEPS_AUDITED: Final = 6

type Walk = Callable[[Sequence[SymbolHistory], Simulation, TradingParams], Run]


class Steps:
    """Tells on the error output what is being done."""

    def __init__(self, progress: Progress, count: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=count)
        self._done = -1

    def begin(self, words: str) -> None:
        """One step is over, the next one begins."""
        self._done += 1
        self._progress.update(self._task, description=words, completed=self._done)


def backtest(wish: Wish, walk: Walk | None = None) -> int:
    """Run it; give the exit code. What cannot be used is one line; an audit that found a difference is a failure."""
    texts, walk, ground = Languages("PAPER").texts(wish.language), walk or walked, wish.ground
    try:
        with steps(STEPS_AUDITED if wish.is_audited else STEPS) as step:
            step.begin("reading candles")
            loaded = histories_of(ground)
            step.begin("walking (the first time this compiles, up to a minute)")
            run = walk(loaded.histories, ground.simulation, ground.params)
            step.begin("summing up")
            end = ended(run, ground.simulation, ground.params, partial(_again, walk, loaded.histories, ground.params))
            report = reported(run, [one.candles for one in loaded.histories], ended=end)
            sources = tuple(file.name for file in ground.candles)
            audit = audited(run, loaded.histories, ground, step) if wish.is_audited else None
            setup = Setup(ground.params, ground.simulation, sources, tuple(loaded.told), wish.version, audit)
            step.begin("writing")
            write_files(wish, texts, report, setup)
    except BadHistory as error:
        return refused(str(error), BAD_SETTINGS)
    except OSError as error:
        return refused(f"{error.filename}: {error.strerror}", FAILED)
    try:
        say(wish, texts, report, setup)
    except BrokenPipeError:  # whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return FAILED if audit is not None and audit.differs else STOPPED


def _again(walk: Walk, histories: Sequence[SymbolHistory], params: TradingParams, simulation: Simulation) -> Run:
    return walk(histories, simulation, params)


def walked(histories: Sequence[SymbolHistory], simulation: Simulation, params: TradingParams) -> Run:
    """The compiled walk."""
    from engine.backtest import kernel

    try:
        return kernel.Walker(histories, simulation).run(params)
    except kernel.BadHistory as error:
        raise BadHistory(str(error)) from None


def audited(run: Run, histories: Sequence[SymbolHistory], ground: Ground, step: Steps) -> Audit:
    """The run checked by others than itself."""
    from bot import backtest_audit

    return backtest_audit.audited(run, histories, ground.simulation, ground.params, step.begin)


def write_files(wish: Wish, texts: Texts, report: Report, setup: Setup) -> None:
    """The files that were asked for: each is whole, or not there."""
    if wish.trades is not None:
        from bot.backtest_books import as_csv_text

        write(wish.trades, as_csv_text(report.run.trades))
    if wish.page is not None:
        from handlers.ui.tearsheet import tearsheet

        write(wish.page, tearsheet(texts, report, setup))


def write(path: Path, text: str) -> None:
    """Put a whole text in a file's place."""
    part = path.with_name(f".{path.name}{HALF_DONE}")
    try:
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def say(wish: Wish, texts: Texts, report: Report, setup: Setup) -> None:
    """The result: for a person, or as JSON alone with what is wrong with the data beside it."""
    if not wish.as_json:
        from bot.backtest_screen import show

        show(texts, report, setup, sys.stdout)
        for path in (wish.trades, wish.page):
            if path is not None:
                print(path)
        return
    from bot.backtest_books import as_json_text

    for line in setup.told:
        print(line, file=sys.stderr)
    sys.stdout.write(as_json_text(report, setup, verdict(texts, report)))
    sys.stdout.flush()


@contextmanager
def steps(count: int) -> Iterator[Steps]:
    """A bar on the error output of a terminal; nothing where nobody watches."""
    console = Console(stderr=True)
    columns = (SpinnerColumn(), BarColumn(bar_width=20), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        yield Steps(progress, count)
