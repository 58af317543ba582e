"""An event loop without waiting: time is a number that jumps to the next timer, and whatever is ready runs in a drawn order.

The same seed gives the same run. `time.time` and `time.monotonic` tell the loop's time while it is `at_the_wheel`, so that
no clock of the product, of its libraries or of the exchange can tell another one. Work of a paused process waits until
it is let go on.
"""

import asyncio
import heapq
import random
import selectors
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any, ClassVar, Final

EPOCH_S: Final = 1_700_035_100.0  # 07:58:20: the first bar of a run closes at 08:00, when funding falls due
STEPS_LIMIT: Final = 3_000_000  # of one run: a loop that never comes to rest is a fault


class Frozen:
    """What tells the loop that a process stands still (SIGSTOP, a virtual machine that is moved)."""

    def __init__(self) -> None:
        self.is_paused = False


PROCESS: ContextVar[Frozen | None] = ContextVar("process", default=None)


class Stuck(AssertionError):
    """Nothing is ready and nothing is due, or it never ends."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """See the module. Not for sockets: nothing is ever waited for."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(selectors.SelectSelector())
        self._chance = chance
        self._now_s = 0.0
        self._held = list[Any]()
        self.steps = 0
        self.set_wrong_by_s = 0.0

    def time(self) -> float:
        """Seconds since the run began."""
        return self._now_s

    def wall_s(self) -> float:
        """What the machine's clock shows: a moment of the calendar, wrong by what somebody set it to."""
        return EPOCH_S + self._now_s + self.set_wrong_by_s

    def thaw(self) -> None:
        """Processes may have been let go on: what waited for them is ready again."""
        held, self._held = self._held, []
        self._ready.extend(held)  # type: ignore[attr-defined]

    def _run_once(self) -> None:
        scheduled, ready = self._scheduled, self._ready  # type: ignore[attr-defined]
        if not ready:
            while scheduled and scheduled[0]._cancelled:
                heapq.heappop(scheduled)._scheduled = False
            if not scheduled:
                raise Stuck("nothing will ever happen again")
            self._now_s = max(self._now_s, scheduled[0]._when)
        while scheduled and scheduled[0]._when <= self._now_s + 1e-9:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if not handle._cancelled:
                ready.append(handle)
        batch = list(ready)
        ready.clear()
        if len(batch) > 1:
            self._chance.shuffle(batch)
        self.steps += len(batch)
        if self.steps > STEPS_LIMIT:
            raise Stuck(f"more than {STEPS_LIMIT} steps")
        for handle in batch:
            if handle._cancelled:
                continue
            process = handle._context.get(PROCESS)
            if process is not None and process.is_paused:
                self._held.append(handle)
            else:
                handle._run()


class StormTask(asyncio.Task[Any]):
    """A task that sorts itself by its number: where a library keeps tasks in a set, the same seed gives the same order."""

    _made: ClassVar[Iterator[int]] = count()

    def __new__(cls, *_: Any, **__: Any) -> "StormTask":
        task = super().__new__(cls)
        task.number = next(cls._made)
        return task

    number: int

    def __hash__(self) -> int:
        return self.number

    @classmethod
    def begin(cls) -> None:
        """Count anew."""
        cls._made = count()


@contextmanager
def at_the_wheel(loop: VirtualLoop) -> Iterator[None]:
    """Let every clock of this process tell the loop's time."""
    before = time.time, time.monotonic
    time.time, time.monotonic = loop.wall_s, loop.time
    try:
        yield
    finally:
        time.time, time.monotonic = before
