"""What a desk sees of its market right now: quote, last price, mark, funding, and how fresh they are."""

from dataclasses import dataclass

from engine.execution.fills import spread_in_bps
from engine.market.believed import is_near
from engine.model.events import MarkSeen, PriceSeen, QuoteSeen

NAN = float("nan")
MOST_SLIP = 0.05  # of a price that was seen, by an execution that is believed at once


@dataclass(slots=True)
class MarketSight:
    """The newest of each. Prices are NaN until seen; `*_ms` 0 likewise. `frame_ms` is wire time, `time_ms` market time."""

    bid: float = NAN
    ask: float = NAN
    last: float = NAN
    mark: float = NAN
    funding_rate: float = 0.0
    next_funding_ms: int = 0
    frame_ms: int = 0
    time_ms: int = 0

    def see_quote(self, event: QuoteSeen) -> None:
        self.bid, self.ask = event.bid, event.ask
        self._fresh(event.time_ms, event.seen_ms)

    def see_price(self, event: PriceSeen) -> None:
        self.last = event.last
        self._fresh(event.time_ms, event.seen_ms)

    def see_mark(self, event: MarkSeen) -> None:
        if event.mark > 0:  # a price of nothing is a faulty answer, and would be a loss of everything
            self.mark = event.mark
        self.funding_rate, self.next_funding_ms = event.funding_rate, event.next_funding_ms
        self._fresh(event.time_ms, event.seen_ms)

    def _fresh(self, time_ms: int, seen_ms: int) -> None:
        self.time_ms = max(self.time_ms, time_ms)
        self.frame_ms = max(self.frame_ms, seen_ms)

    @property
    def spread_bps(self) -> float:
        """The spread in basis points of the middle; NaN without a quote."""
        return spread_in_bps(self.bid, self.ask)

    def is_far(self, price: float) -> bool:
        """Whether a price is near to none that was seen; where none was, none is far."""
        seen = [known for known in (self.mark, self.last, self.bid, self.ask) if known == known]
        return bool(seen) and not any(is_near(price, known, MOST_SLIP) for known in seen)

    def middle(self, otherwise: float) -> float:
        """The middle of the quote, or `otherwise` without one."""
        middle = (self.bid + self.ask) / 2
        return middle if middle == middle else otherwise

    def price(self, otherwise: float) -> float:
        """The price that open results are judged by: the mark, else `otherwise`."""
        return self.mark if self.mark == self.mark else otherwise
