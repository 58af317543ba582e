"""What a shadow knows of the market: a copy of the live engine's rules and bars, and every event since.

It holds no connection, and nothing that leads to one.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from engine.model.events import BarClosed, FeedRestored, RulesLoaded
from engine.model.market import INTERVAL_MS, Bar, SymbolRules
from engine.ports import Clock, Event, Post

BARS_KEPT: Final = 2_000
WAITING_MOST: Final = 10_000


class ShadowMarket:
    """Fulfils `History` from what it was given, and `WarmFeed` from what it hears."""

    def __init__(
        self,
        rules: Mapping[str, SymbolRules],
        bars: Mapping[str, Iterable[Bar]],
        delivering: Iterable[FeedRestored],
        clock: Clock,
    ) -> None:
        self.market_ms = 0
        self._rules = dict(rules)
        self._bars = {symbol: deque(known, BARS_KEPT) for symbol, known in bars.items()}
        self._clock = clock
        self._handled = dict[str, int]()
        self._first: Post | None = None
        self._post: Post | None = None
        self._waiting = deque[Event](delivering, WAITING_MOST)  # until the shadow runs

    # --- hearing ----------------------------------------------------------------------------------------------------

    def tell_first(self, listener: Post) -> None:
        """Have the exchange on paper hear every event before the shadow does."""
        self._first = listener

    def hear(self, event: Event) -> None:
        """Take an event of the live feed."""
        self.market_ms = max(self.market_ms, event.time_ms)
        if isinstance(event, BarClosed) and event.symbol in self._bars:
            self._bars[event.symbol].append(event.bar)
        if self._post is None:
            self._waiting.append(event)
            return
        if self._first is not None:
            self._first(event)
        self._post(event)

    async def run(self, post: Post) -> None:
        """Hand on what is heard. Returns at once: hearing goes on without it."""
        missed = [event for symbol, last in self._handled.items() for event in self._since(symbol, last)]
        waited, self._post = [*missed, *self._waiting], post
        self._waiting.clear()
        for event in waited:
            if self._first is not None:
                self._first(event)
            post(event)

    def start_after(self, symbol: str, open_time_ms: int) -> None:
        """Bars after this one were missed: they are handed on first."""
        self._handled[symbol] = open_time_ms

    def _since(self, symbol: str, last_open_ms: int) -> Sequence[BarClosed]:
        now = self._clock.now_ms()
        bars = [bar for bar in self._bars.get(symbol, ()) if bar.open_time_ms > last_open_ms]
        return [BarClosed(symbol, bar, is_history=True, time_ms=self.market_ms, seen_ms=now) for bar in bars]

    # --- remembering ------------------------------------------------------------------------------------------------

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        """The rules as the live engine had them. Raises `LookupError` for a symbol that it does not trade."""
        return [RulesLoaded(self._rules[symbol], self.market_ms, self._clock.now_ms()) for symbol in symbols]

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        """The newest bars, or those since a moment, as history."""
        known = list(self._bars.get(symbol, ()))
        wanted = known[-count:] if count else [bar for bar in known if bar.open_time_ms >= since_ms]
        end = wanted[-1].open_time_ms + INTERVAL_MS[interval] if wanted else self.market_ms
        self.market_ms = max(self.market_ms, end)
        return [BarClosed(symbol, bar, is_history=True, time_ms=end, seen_ms=self._clock.now_ms()) for bar in wanted]
