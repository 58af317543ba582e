"""What others do to the account while the product is dead or stopped: hands in the exchange's own app, and the market."""

import random
from contextlib import suppress
from typing import Any, Final

from sandbox.exchange.errors import Refused
from sandbox.exchange.fills import end_algo
from sandbox.exchange.history import Kline
from sandbox.exchange.params import Params
from sandbox.exchange.rest_orders import new_order
from sandbox.exchange.venue import Venue
from tests.storm.processes_draws import Meanwhile

GAP: Final = 0.03  # of the price: farther than any stop


class Hands:
    """Acts as another client of the same account, and as fate. What it does is known to the venue alone."""

    def __init__(self, venue: Venue, chance: random.Random) -> None:
        self._venue = venue
        self._exchange = venue.exchange
        self._chance = chance

    def do(self, what: Meanwhile) -> str:
        """Do it to a position, where there is one; say to which."""
        held = [name for name, position in self._exchange.account.positions.items() if position.lots]
        if what is Meanwhile.NOTHING or not held:
            return ""
        symbol = self._chance.choice(held)
        if what is Meanwhile.STOP_CANCELLED:
            self.cancel(symbol, only_one=True)
        elif what is Meanwhile.ALL_CANCELLED:
            self.cancel(symbol, only_one=False)
        elif what is Meanwhile.GAP:
            self.jump(symbol)
        else:
            self.reduce(symbol, 1.0 if what is Meanwhile.CLOSED else self._chance.uniform(0.2, 0.8))
        self.tell()
        return symbol

    def cancel(self, symbol: str, *, only_one: bool) -> None:
        """Cancel the symbol's conditional orders by hand."""
        orders = self._exchange.algos.open_on(symbol)
        stops = [order for order in orders if order.is_stop]
        for order in self._chance.sample(stops, 1) if only_one and stops else orders:
            end_algo(self._exchange, order, "CANCELED")

    def reduce(self, symbol: str, share: float) -> None:
        """Close a part of a position, or all of it, by hand."""
        position, contract = self._exchange.position(symbol), self._exchange.contract(symbol)
        if not position.lots:
            return
        lots = max(1, round(abs(position.lots) * share))
        side = "SELL" if position.lots > 0 else "BUY"
        with suppress(Refused):
            self._order(symbol, side=side, quantity=contract.quantity_text(lots), type="MARKET", reduceOnly="true")

    def rest(self, symbol: str) -> str:
        """Leave an order far from the market; give its id."""
        contract, board = self._exchange.contract(symbol), self._exchange.board(symbol)
        price = contract.price_text(round(board.last * 0.7))
        quantity = contract.quantity_text(round(20 / (float(price) * float(contract.quantity(1)))) + 1)
        answer = self._order(symbol, side="BUY", quantity=quantity, price=price, type="LIMIT", timeInForce="GTC")
        self.tell()
        return str(answer["clientOrderId"])

    def jump(self, symbol: str) -> None:
        """Let the next bar open far on the wrong side of the position, and all later ones go on from there."""
        position, bars = self._exchange.position(symbol), self._exchange.bars[symbol]
        factor, known = 1 - position.side * GAP, bars.closed + 1
        bars.klines = (*bars.klines[:known], *(_scaled(kline, factor) for kline in bars.klines[known:]))

    def tell(self) -> None:
        """Send what happened on the user stream."""
        self._venue.show_news()

    def _order(self, symbol: str, **values: str) -> Any:
        return new_order(self._venue.desk, Params({"symbol": symbol, "newOrderRespType": "RESULT", **values}))


def _scaled(kline: Kline, factor: float) -> Kline:
    prices = {name: max(1, round(getattr(kline, name) * factor)) for name in ("open", "high", "low", "close")}
    return kline._replace(**prices)
