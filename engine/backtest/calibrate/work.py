"""Threads that walk batches until nothing is open. The walk holds no lock of Python's, so they walk side by side."""

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, NamedTuple, Protocol

from engine.backtest.calibrate import space, tally
from engine.backtest.calibrate.plan import Plan
from engine.backtest.kernel import Walker
from engine.ports import StoreDown

POLL_S: Final = 0.2
LOOK_S: Final = 0.1
RETRY_S: Final = 0.5
PATIENCE_S: Final = 30.0  # with a store that is away; what was walked meanwhile is walked again

type Told = Callable[[int], None]


class Shared(Protocol):
    """The study, as a thread needs it."""

    def take(self) -> tuple[int, int] | None:
        """An open batch and the trial that stands for it; None where there is none just now."""

    def give(self, batch: int, trial: int, results: list[str]) -> None:
        """Keep a batch's results."""

    def drop(self, batch: int, trial: int) -> None:
        """Give a batch back unwalked."""

    @property
    def done(self) -> int:
        """How many batches are complete."""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open."""


class Worked(NamedTuple):
    """What this process did."""

    batches: int
    is_complete: bool


class Crew:
    """Some threads over one study. Each has a walker of its own: they share the candles, not the features."""

    def __init__(self, study: Shared, walker: Walker, plan: Plan, threads: int, *, patience_s: float = PATIENCE_S) -> None:
        self._study = study
        self._walker = walker
        self._plan = plan
        self._threads = threads
        self._patience_s = patience_s
        self._stop = threading.Event()
        self._broken: BaseException | None = None
        self._walked = 0
        self._count = threading.Lock()

    def stop(self) -> None:
        """End after the batches that are being walked."""
        self._stop.set()

    def work(self, told: Told) -> Worked:
        """Walk until the study is complete, or until stopped. Whatever broke a thread is raised here."""
        threads = [threading.Thread(target=self._member, daemon=True) for _ in range(self._threads)]
        for thread in threads:
            thread.start()
        try:
            with self._stopped_by_ctrl_c():
                while any(thread.is_alive() for thread in threads):
                    threads[0].join(LOOK_S)
                    self._stop.wait(0.0 if threads[0].is_alive() else LOOK_S)
                    self._tell(told)
        except KeyboardInterrupt:
            self.stop()
            for thread in threads:
                thread.join()
        if self._broken is not None:
            raise self._broken
        self._tell(told)
        return Worked(self._walked, self._study.is_complete)

    @contextmanager
    def _stopped_by_ctrl_c(self) -> Iterator[None]:
        """The first Ctrl-C is noted, wherever it strikes: an exception would be lost in code that bears everything. The second
        is as usual.
        """
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = signal.getsignal(signal.SIGINT)

        def first(*_: object) -> None:
            signal.signal(signal.SIGINT, before)
            self.stop()

        signal.signal(signal.SIGINT, first)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _tell(self, told: Told) -> None:
        with suppress(StoreDown):  # the threads know, and how long to bear it
            told(self._study.done)

    def _member(self) -> None:
        walker = Walker(self._walker.histories, self._walker.simulation)
        down_since = 0.0
        try:
            while not self._stop.is_set():
                try:
                    taken = self._study.take()
                    if taken is not None:
                        self._walk(walker, *taken)
                    elif self._study.is_complete:
                        return
                    else:
                        self._stop.wait(POLL_S)
                    down_since = 0.0
                except StoreDown:
                    down_since = down_since or time.monotonic()
                    if time.monotonic() - down_since > self._patience_s:
                        raise
                    self._stop.wait(RETRY_S)
        except BaseException as error:  # raised again in the thread that waits for this one
            self._broken = self._broken or error
            self._stop.set()

    def _walk(self, walker: Walker, batch: int, trial: int) -> None:
        try:
            results = walked(walker, self._plan, batch)
        except BaseException:
            self._study.drop(batch, trial)
            raise
        self._study.give(batch, trial, results)
        with self._count:
            self._walked += 1


def walked(walker: Walker, plan: Plan, batch: int) -> list[str]:
    """Walk one batch: its settings' tallies as text."""
    draws = space.batch(plan.present, plan.seed, batch)
    settings = (space.setting(plan.present, draw.values) for draw in draws)
    return [tally.written(tally.tally(walker.trades(one), plan.folds.blocks)) for one in settings]
