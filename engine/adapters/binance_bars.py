"""One symbol's bars as they leave the feed: each once, in order, holes filled before the bar that showed them.

Pure bookkeeping; `binance_feed` does the asking. Only market time counts here.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from engine.model.events import BarClosed

LATE_AFTER_MS: Final = 3_000  # a close that was not announced by then is looked up
FRESH_MS: Final = 5_000  # a bar that closed longer ago is history: nothing is decided on it any more


class BarQueue:
    """The bars of one symbol. While it `is_repairing`, arriving bars are held back."""

    def __init__(self, symbol: str, interval_ms: int) -> None:
        self.symbol = symbol
        self.market_ms = 0  # the newest market time seen on this symbol
        self.last_open_ms = 0  # of the newest bar that was let through; 0 = none yet
        self.is_repairing = False
        self.duplicates = 0
        self._interval_ms = interval_ms
        self._held = list[BarClosed]()

    def arrived(self, closed: BarClosed) -> tuple[BarClosed, ...]:
        """Take a bar from the stream. Returns what may be posted; where that is nothing, ask `has_hole`."""
        opened = closed.bar.open_time_ms
        if opened <= self.last_open_ms or any(held.bar.open_time_ms == opened for held in self._held):
            self.duplicates += 1
            return ()
        if self.is_repairing or opened != self.next_open_ms:
            self._held.append(closed)
            return ()
        self.last_open_ms = opened
        return (closed,)

    @property
    def next_open_ms(self) -> int:
        """When the bar that is waited for opens. Before the first bar that is not known: 0."""
        return self.last_open_ms + self._interval_ms if self.last_open_ms else 0

    @property
    def has_hole(self) -> bool:
        """Whether a bar waits for those before it."""
        return bool(self._held) and not self.is_repairing

    def is_late(self) -> bool:
        """Whether the awaited bar closed some time ago and nobody said so."""
        awaited = self.next_open_ms
        return awaited > 0 and not self.is_repairing and self.market_ms >= awaited + self._interval_ms + LATE_AFTER_MS

    def is_complete_with(self, rows: Sequence[BarClosed]) -> bool:
        """Whether these rows close every hole before the bars held back."""
        opened = sorted({row.bar.open_time_ms for row in (*rows, *self._held)} | ({self.last_open_ms} - {0}))
        return all(later - earlier == self._interval_ms for earlier, later in pairwise(opened))

    def repaired(self, rows: Sequence[BarClosed]) -> tuple[BarClosed, ...]:
        """Let through what was read, and what was held back. Only the newest bar can be fresh; the others are history."""
        found = {row.bar.open_time_ms: row for row in (*rows, *self._held) if row.bar.open_time_ms > self.last_open_ms}
        self._held.clear()
        self.is_repairing = False
        if not found:
            return ()
        self.market_ms = max(self.market_ms, *(row.time_ms for row in found.values()))
        self.last_open_ms = max(found)
        is_fresh = self.market_ms - (self.last_open_ms + self._interval_ms) <= FRESH_MS
        return tuple(
            replace(found[opened], is_history=opened != self.last_open_ms or not is_fresh, time_ms=self.market_ms)
            for opened in sorted(found)
        )
