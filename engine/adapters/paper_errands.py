"""Errands on paper: reads and cancels answered from the paper exchange's own books, in the real adapter's words."""

from collections.abc import Sequence

from engine.adapters.paper_books import ZERO, EndedStop, PaperPosition
from engine.adapters.paper_exchange import PaperExchange
from engine.model.account import AccountSnapshot, PositionSeen, StopSeen, SymbolSetup
from engine.model.events import (
    AccountSynced,
    CancelRefused,
    ErrandFailed,
    FillsListed,
    FundingPaid,
    OrderGone,
    OrderNotFound,
    OrdersListed,
    SetupSeen,
    StopChanged,
    StopsListed,
)
from engine.model.messages import (
    CancelOrder,
    Errand,
    FetchBars,
    FetchFills,
    FetchFunding,
    FetchRules,
    FindOrder,
    FindStop,
    ListOrders,
    ListStops,
    SetUpSymbol,
    SyncAccount,
)
from engine.model.orders import StopStatus
from engine.ports import Clock, Event


class PaperErrands:
    """Everything but `FetchBars` and `FetchRules`, which are the history's."""

    def __init__(self, exchange: PaperExchange, *, symbols: Sequence[str], clock: Clock) -> None:
        self._exchange = exchange
        self._symbols = symbols
        self._clock = clock

    def run(self, errand: Errand) -> Sequence[Event]:
        """Carry out one errand."""
        books = self._exchange.books
        match errand:
            case CancelOrder():
                return (self._cancel(errand),)
            case FindOrder(symbol=symbol, client_id=name):
                return (self._order(symbol, name),)
            case FindStop(symbol=symbol, client_id=name):
                return (self._stop(symbol, name),)
            case SyncAccount():
                return (AccountSynced(self._snapshot(), *self._times()),)
            case ListStops(symbol=symbol):
                stops = tuple(stop for stop in self._stops() if stop.symbol == symbol)
                return (StopsListed(symbol, stops, self._clock.now_ms(), *self._times()),)
            case FetchFills(symbol=symbol, since_ms=since, paid_since_ms=paid_since):
                paid = self._paid(symbol, paid_since) if paid_since else ()
                fills = tuple(fill for fill in books.fills if fill.symbol == symbol and fill.time_ms >= since)
                return (*paid, FillsListed(symbol, fills, *self._times(), self._clock.now_ms()))
            case ListOrders(symbol=symbol):
                names = frozenset(name for name, order in books.orders.items() if order.symbol == symbol)
                return (OrdersListed(symbol, names, self._clock.now_ms(), *self._times()),)
            case FetchFunding(symbol=symbol, since_ms=since):
                return self._paid(symbol, since)
            case SetUpSymbol():
                return self._set_up(errand)
            case FetchBars() | FetchRules():
                raise AssertionError("bars and rules are read from the history")

    def _cancel(self, errand: CancelOrder) -> Event:
        """A market order is never there to be cancelled: it was filled or refused."""
        ended = None
        if errand.is_stop:
            ended = self._exchange.end_stop(errand.client_id, StopStatus.CANCELED, "", self._clock.now_ms())
        if ended is None:
            return CancelRefused(errand.symbol, errand.client_id, False, *self._times())
        return self._changed(errand.client_id, ended)

    def _order(self, symbol: str, name: str) -> Event:
        found = self._exchange.books.orders.get(name)
        if found is None or found.symbol != symbol:
            return OrderNotFound(symbol, name, *self._times())
        return OrderGone(symbol, name, found.order_id, "FILLED", found.executed, *self._times())

    def _paid(self, symbol: str, since_ms: int) -> Sequence[Event]:
        rows = [row for row in self._exchange.books.funding if row.symbol == symbol and row.time_ms >= since_ms]
        return [FundingPaid(symbol, row.amount, row.payment_id, *self._times(), row.time_ms) for row in rows]

    def _stop(self, symbol: str, name: str) -> Event:
        resting, ended = self._exchange.books.stops.get(name), self._exchange.books.ended.get(name)
        if resting is not None:
            seen = resting.seen
            return StopChanged(seen.symbol, name, seen.algo_id, StopStatus.NEW, 0, "", *self._times())
        return self._changed(name, ended) if ended is not None else OrderNotFound(symbol, name, *self._times())

    def _changed(self, name: str, ended: EndedStop) -> StopChanged:
        parts = (ended.symbol, name, ended.algo_id, ended.status, ended.child_order_id, ended.detail)
        return StopChanged(*parts, *self._times())

    def _set_up(self, errand: SetUpSymbol) -> Sequence[Event]:
        """Set the leverage. With a position it may rise only: less leverage would need more margin than was bound."""
        books, told = self._exchange.books, list[Event]()
        held = books.positions.get(errand.symbol)
        if held is not None and errand.leverage < held.leverage:
            detail = "HTTP 400, code -4161: Leverage reduction is not supported in Isolated Margin Mode with open positions."
            told.append(ErrandFailed(SetUpSymbol.__name__, errand.symbol, detail, *self._times()))
        else:
            books.leverages[errand.symbol] = errand.leverage
        return (*told, SetupSeen(self._setup(errand.symbol), *self._times()))

    def _snapshot(self) -> AccountSnapshot:
        books = self._exchange.books
        return AccountSnapshot(
            asked_ms=self._clock.now_ms(),
            wallet=books.wallet,
            available=self._exchange.available(),
            is_one_way=True,
            can_trade=True,
            positions=tuple(self._position(held) for held in books.positions.values()),
            orders=(),
            stops=tuple(self._stops()),
            setups=tuple(self._setup(symbol) for symbol in self._symbols),
        )

    def _position(self, held: PaperPosition) -> PositionSeen:
        mark, rules = self._exchange.mark_of(held), self._exchange.rules.get(held.symbol)
        return PositionSeen(
            symbol=held.symbol,
            quantity=held.quantity,
            entry_price=held.entry_price,
            mark_price=mark,
            unrealised=held.unrealised(mark),
            liquidation_price=held.liquidation(rules.brackets) if rules is not None else ZERO,
        )

    def _stops(self) -> list[StopSeen]:
        return [stop.seen for stop in self._exchange.books.stops.values()]

    def _setup(self, symbol: str) -> SymbolSetup:
        return SymbolSetup(symbol, self._exchange.books.leverage(symbol), is_isolated=True)

    def _times(self) -> tuple[int, int]:
        return self._exchange.time_ms, self._clock.now_ms()
