"""Fills holes in the bars: after a reconnect, before a bar that does not follow its predecessor, and when one is late."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from engine.adapters.binance_bars import BarQueue
from engine.model.events import BarClosed
from engine.model.market import INTERVAL_MS
from engine.ports import Clock, History, Post

REPAIRS_AT_ONCE: Final = 5
TRIES: Final = 3  # while the exchange's answer leaves a hole; then its word is taken
FIRST_DELAY_S: Final = 0.5
LONGEST_DELAY_S: Final = 30.0
LOOK_UP_PAUSE_MS: Final = 2_000  # between two look-ups of a late bar (wire)
BARS_AT_START: Final = 2  # where nothing is known yet


class BarRepair:
    """The bars of all symbols. `tried` is called after the first attempt of a repair, `done` when it ended."""

    def __init__(
        self,
        history: History,
        *,
        symbols: Sequence[str],
        interval: str,
        clock: Clock,
        tried: Callable[[str], None],
        done: Callable[[str], None],
    ) -> None:
        self.repairs = 0
        self._running = 0
        self.failures = 0
        self._history = history
        self._interval = interval
        self._clock = clock
        self._tried = tried
        self._done = done
        self._queues = {symbol: BarQueue(symbol, INTERVAL_MS[interval]) for symbol in symbols}
        self._looked_up_ms = dict.fromkeys(symbols, 0)
        self._room = asyncio.Semaphore(REPAIRS_AT_ONCE)

    def take(self, closed: BarClosed, post: Post, group: asyncio.TaskGroup) -> None:
        """A bar came by socket: post it, or hold it until those before it are there."""
        queue = self._queues[closed.symbol]
        queue.market_ms = max(queue.market_ms, closed.time_ms)
        for bar in queue.arrived(closed):
            post(bar)
        if queue.has_hole:
            self._start(queue, post, group)

    def marked(self, symbol: str, time_ms: int, post: Post, group: asyncio.TaskGroup) -> None:
        """Market time went on: a bar may be overdue."""
        queue = self._queues[symbol]
        queue.market_ms = max(queue.market_ms, time_ms)
        if queue.is_late() and self._clock.now_ms() - self._looked_up_ms[symbol] >= LOOK_UP_PAUSE_MS:
            self._looked_up_ms[symbol] = self._clock.now_ms()
            self._start(queue, post, group)

    def reconnected(self, symbols: Iterable[str], post: Post, group: asyncio.TaskGroup) -> None:
        """A connection begins: from here on its bars are held until what was missed is there."""
        for symbol in symbols:
            if not self._queues[symbol].is_repairing:
                self._start(self._queues[symbol], post, group)

    def known(self, symbol: str, open_time_ms: int) -> None:
        """A bar that needs no posting any more."""
        queue = self._queues[symbol]
        queue.last_open_ms = max(queue.last_open_ms, open_time_ms)

    def is_repairing(self, symbols: Iterable[str]) -> bool:
        """Whether a bar of one of these may be held back."""
        return self._running > 0 and any(self._queues[symbol].is_repairing for symbol in symbols)

    def market_ms(self) -> int:
        """The newest market time seen."""
        return max((queue.market_ms for queue in self._queues.values()), default=0)

    @property
    def duplicates(self) -> int:
        """Bars that came again."""
        return sum(queue.duplicates for queue in self._queues.values())

    def _start(self, queue: BarQueue, post: Post, group: asyncio.TaskGroup) -> None:
        queue.is_repairing = True
        self._running += 1
        group.create_task(self._repair(queue, post))

    async def _repair(self, queue: BarQueue, post: Post) -> None:
        self.repairs += 1
        rows = await self._read(queue)
        self._running -= 1
        for bar in queue.repaired(rows):
            post(bar)
        self._done(queue.symbol)

    async def _read(self, queue: BarQueue) -> Sequence[BarClosed]:
        """Ask until the exchange answers, and a little more while its answer leaves a hole."""
        tries = failures = 0
        while True:
            rows = await self._asked(queue)
            tries, failures = (tries, failures + 1) if rows is None else (tries + 1, 0)
            self._tried(queue.symbol)
            if rows is not None and (tries == TRIES or queue.is_complete_with(rows)):
                return rows
            await asyncio.sleep(min(FIRST_DELAY_S * 2.0 ** min(failures, 8), LONGEST_DELAY_S))

    async def _asked(self, queue: BarQueue) -> Sequence[BarClosed] | None:
        count = 0 if queue.last_open_ms else BARS_AT_START
        try:
            async with self._room:
                return await self._history.closed_bars(queue.symbol, self._interval, count, queue.next_open_ms)
        except (ConnectionError, ValueError):  # the exchange is away, or its answer makes no sense
            self.failures += 1
            return None
