"""The two times of the venue: market time, which the replay moves, and wire time, which the machine moves.

They are never mixed: market time stands in every event, candle and trade; wire time judges requests, keys and limits.
"""

import time


class MarketClock:
    """Market time. Every frame has an event time of its own, and every fill a transaction time: both strictly increase."""

    __slots__ = ("_last_event_ms", "_last_transaction_ms", "now_ms")

    def __init__(self, now_ms: int) -> None:
        self.now_ms = now_ms
        self._last_event_ms = now_ms
        self._last_transaction_ms = 0

    @property
    def seen_ms(self) -> int:
        """The newest moment that anybody outside can have seen."""
        return max(self.now_ms, self._last_event_ms, self._last_transaction_ms)

    def stamp(self) -> int:
        """Give the next event time."""
        self._last_event_ms = max(self.now_ms, self._last_event_ms + 1)
        return self._last_event_ms

    def transaction_ms(self) -> int:
        """Give the next transaction time: now, unless something was done now already."""
        self._last_transaction_ms = max(self.now_ms, self._last_transaction_ms + 1)
        return self._last_transaction_ms

    def move_to(self, now_ms: int) -> None:
        """Let market time pass; it never goes back."""
        self.now_ms = max(self.now_ms, now_ms)


class WireClock:
    """The machine's clock as the exchange's servers would read it; a fault may set it ahead."""

    __slots__ = ("ahead_ms",)

    def __init__(self) -> None:
        self.ahead_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return int(time.time() * 1000) + self.ahead_ms
