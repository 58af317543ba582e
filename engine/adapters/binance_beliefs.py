"""What of the market's news is believed: of each symbol quotes, trades and marks by themselves, bars by the trades.

A bar that leaps is dropped like a broken one; being missed it is read over requests, which is its confirmation.
"""

from collections import defaultdict

from engine.adapters.binance_messages import MarketNews
from engine.market.believed import MOST_LEAP_MS, MOST_REACH, Believed, is_near
from engine.model.events import BarClosed, MarkSeen, PriceSeen, QuoteSeen


class Beliefs:
    """All sources of one feed. `doubted` counts what was not believed at once."""

    def __init__(self) -> None:
        self.doubted = 0
        self._known_ms = 0
        self._quotes = defaultdict[str, Believed](self._unheard)
        self._trades = defaultdict[str, Believed](self._unheard)
        self._marks = defaultdict[str, Believed](self._unheard)

    def start_after(self, time_ms: int) -> None:
        """Tell that market time is past this, before the first frame: one that is far from it is not believed at once."""
        self._known_ms = max(self._known_ms, time_ms)

    def takes(self, news: MarketNews) -> bool:
        """Whether this may be passed on."""
        is_believed = self._believes(news)
        self.doubted += not is_believed
        return is_believed

    def _believes(self, news: MarketNews) -> bool:
        match news:
            case QuoteSeen(symbol, bid, ask):
                return self._quotes[symbol].takes(bid / 2 + ask / 2, news.time_ms)
            case PriceSeen(symbol, last):
                return self._trades[symbol].takes(last, news.time_ms)
            case MarkSeen(symbol, mark):
                return self._marks[symbol].takes(mark, news.time_ms)
            case BarClosed(symbol, bar):
                trades = self._trades[symbol]
                is_of_now = not trades.time_ms or news.time_ms - trades.time_ms <= MOST_LEAP_MS
                return is_of_now and all(is_near(extreme, trades.price, MOST_REACH) for extreme in (bar.high, bar.low))

    def _unheard(self) -> Believed:
        return Believed(self._known_ms)
