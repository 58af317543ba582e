"""The paper exchange's counter: orders and errands in, the real adapter's words out. Nothing here waits."""

from collections.abc import Sequence
from typing import Final

from engine.adapters.binance_errors import DUPLICATE, Refused
from engine.adapters.paper_books import ZERO
from engine.adapters.paper_errands import PaperErrands
from engine.adapters.paper_exchange import PaperExchange
from engine.model.events import OrderAccepted, OrderRejected, OrderUnanswered
from engine.model.messages import Errand
from engine.model.orders import ApprovedOrder
from engine.ports import Clock, Event

LATE: Final = -1021


class PaperCounter:
    """Fulfils the replay's `Counter`; the paper broker stands behind it, too."""

    def __init__(self, exchange: PaperExchange, *, symbols: Sequence[str], clock: Clock) -> None:
        self._exchange = exchange
        self._errands = PaperErrands(exchange, symbols=symbols, clock=clock)
        self._clock = clock

    def see(self, event: Event) -> None:
        """Take a market event: it may fill stops, pay funding, liquidate."""
        self._exchange.see(event)

    def taken_news(self) -> list[Event]:
        """What the account's stream tells since the last time."""
        news = list(self._exchange.news)
        self._exchange.news.clear()
        return news

    def place(self, order: ApprovedOrder) -> Event:
        """Place an order; what exists under its name already is adopted, like the real adapter does."""
        now = self._clock.now_ms()
        try:
            if order.trigger_price is None:
                placed = self._exchange.place_market(order, now)
                return OrderAccepted(order.symbol, order.client_id, placed.order_id, placed.executed, True, *self.times())
            stop = self._exchange.place_stop(order, now)
            return OrderAccepted(order.symbol, order.client_id, stop.algo_id, ZERO, False, *self.times())
        except Refused as refused:
            if refused.code != DUPLICATE:
                return OrderRejected(order.symbol, order.client_id, refused.code, refused.text, *self.times())
        return self._existing(order)

    def late(self, order: ApprovedOrder) -> Event:
        """Refuse an order whose lease is over."""
        text = "Timestamp for this request is outside of the recvWindow."
        return OrderRejected(order.symbol, order.client_id, LATE, text, *self.times())

    def run(self, errand: Errand) -> Sequence[Event]:
        """Carry out a read or a cancel."""
        return self._errands.run(errand)

    def times(self) -> tuple[int, int]:
        """Market time and wire time of an answer given now."""
        return self._exchange.time_ms, self._clock.now_ms()

    def _existing(self, order: ApprovedOrder) -> Event:
        books, name = self._exchange.books, order.client_id
        if name in books.stops:
            return OrderAccepted(order.symbol, name, books.stops[name].seen.algo_id, ZERO, False, *self.times())
        if name in books.orders:
            found = books.orders[name]
            return OrderAccepted(order.symbol, name, found.order_id, found.executed, True, *self.times())
        return OrderUnanswered(order.symbol, name, "a duplicate that is not found", *self.times())
