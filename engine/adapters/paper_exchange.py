"""An exchange on paper: live prices in, own fills out, told in the same words and order as the real exchange's stream.

Nothing here waits. Whoever calls takes `news` afterwards; what the exchange refuses is raised as `Refused`, with its code.
"""

from decimal import Decimal
from typing import Final

from engine.adapters.binance_account_messages import funding_id
from engine.adapters.binance_errors import Refused
from engine.adapters.binance_values import QUOTE_ASSET
from engine.adapters.paper_books import (
    ZERO,
    EndedStop,
    PaperBooks,
    PaperFunding,
    PaperOrder,
    PaperPosition,
    PaperStop,
    on_grid,
    rounded,
)
from engine.adapters.paper_fills import Board, Costs, exact, market_price, touch, touched_price
from engine.adapters.paper_intake import check_market, check_stop
from engine.model.account import StopSeen
from engine.model.events import (
    BalanceChanged,
    BarClosed,
    FundingPaid,
    MarkSeen,
    OrderAccepted,
    OrderFilled,
    OrderGone,
    PriceSeen,
    QuoteSeen,
    RulesLoaded,
    StopChanged,
)
from engine.model.market import FUNDING_EVERY_MS, PriceWindow, SymbolRules
from engine.model.orders import ApprovedOrder, Fill, Role, StopStatus, TriggerBy
from engine.model.signals import Side
from engine.ports import Event

NO_POSITION: Final = "ReduceOnly Order is rejected."


class PaperExchange:
    """One account. `news` grows; its owner empties it."""

    def __init__(self, books: PaperBooks, costs: Costs) -> None:
        self.books = books
        self.news: list[Event] = []
        self.rules = dict[str, SymbolRules]()
        self.boards = dict[str, Board]()
        self.time_ms = 0  # the newest market time seen
        self._costs = costs

    # --- the market -------------------------------------------------------------------------------------------------

    def see(self, event: Event) -> None:
        """Take a market event: it may fill stops, pay funding, liquidate."""
        self.time_ms = max(self.time_ms, event.time_ms)
        match event:
            case RulesLoaded(rules=rules):
                self.rules[rules.symbol] = rules
            case QuoteSeen(symbol=symbol):
                board = self.board(symbol)
                board.bid, board.ask = exact(event.bid), exact(event.ask)
            case PriceSeen(symbol=symbol):
                self.board(symbol).last = exact(event.last)
                self._judge(symbol, TriggerBy.LAST, event.window, self.time_ms, event.seen_ms)
            case MarkSeen(symbol=symbol):
                self._see_mark(event)
            case BarClosed(symbol=symbol, bar=bar):
                window = PriceWindow(bar.open, bar.low, bar.high)
                self._judge(symbol, TriggerBy.LAST, window, bar.open_time_ms, event.seen_ms)

    def board(self, symbol: str) -> Board:
        """The prices of a symbol."""
        return self.boards.setdefault(symbol, Board())

    def _see_mark(self, event: MarkSeen) -> None:
        board = self.board(event.symbol)
        rate = board.funding_rate
        self._pay_funding(event, exact(event.funding_rate) if rate is None else rate)
        board.mark, board.funding_rate = exact(event.mark), exact(event.funding_rate)
        window = PriceWindow(event.mark, event.mark, event.mark)
        self._judge(event.symbol, TriggerBy.MARK, window, self.time_ms, event.seen_ms)
        self._check_margin(event.symbol, event.seen_ms)

    def _judge(self, symbol: str, by: TriggerBy, window: PriceWindow, since_ms: int, seen_ms: int) -> None:
        """Fire what the window sets off and was resting by `since_ms`: stops before targets."""
        if symbol not in self.rules:
            return
        resting = [stop for stop in self.books.stops.values() if stop.seen.symbol == symbol and stop.seen.trigger_by is by]
        for stop in sorted(resting, key=lambda one: one.seen.is_target):
            at = touch(stop, window)
            if at is not None and stop.placed_ms <= since_ms and stop.seen.client_id in self.books.stops:
                self._fire(stop.seen, at, seen_ms)

    def _pay_funding(self, event: MarkSeen, rate: Decimal) -> None:
        """Pay what fell due since the last look, also while nobody looked."""
        due = self.books.funding_due.get(event.symbol, 0)
        self.books.funding_due[event.symbol] = event.next_funding_ms
        if not 0 < due < event.next_funding_ms or event.time_ms < due:
            return
        for at_ms in range(due, event.next_funding_ms, FUNDING_EVERY_MS):
            held = self.books.positions.get(event.symbol)
            if held is not None and held.opened_ms < at_ms:
                amount = rounded(-held.quantity * exact(event.mark) * rate)
                if amount == 0:
                    continue
                payment = PaperFunding(event.symbol, amount, funding_id(event.symbol, at_ms), at_ms)
                self.books.wallet += amount
                self.books.funding.append(payment)
                self._tell_balance(event.symbol, event.seen_ms)
                self.news.append(FundingPaid(event.symbol, amount, payment.payment_id, self.time_ms, event.seen_ms))

    def _check_margin(self, symbol: str, seen_ms: int) -> None:
        """Close a position by force whose margin is used up."""
        held, mark = self.books.positions.get(symbol), self.board(symbol).mark
        if held is not None and symbol in self.rules and _is_used_up(held, mark, self.rules[symbol]):
            self._liquidate(held, mark, seen_ms)

    def _liquidate(self, held: PaperPosition, mark: Decimal, seen_ms: int) -> None:
        """It costs its margin and no more."""
        symbol, rules = held.symbol, self.rules[held.symbol]
        for stop in [stop.seen for stop in self.books.stops.values() if stop.seen.symbol == symbol]:
            self.end_stop(stop.client_id, StopStatus.EXPIRED, "liquidation", seen_ms)
        size, way = abs(held.quantity), Side(-held.side)
        bankrupt = held.entry_price - int(held.side) * held.margin / size
        price = on_grid(max(mark, bankrupt) if held.side is Side.LONG else min(mark, bankrupt), rules.tick_size, way)
        left = max(held.margin + held.unrealised(price), ZERO)
        fee = min(rounded(size * price * self._costs.liquidation), rounded(left))
        self._execute(symbol, way, size, price, f"autoclose-{self.time_ms}", self.books.next_id(), seen_ms, fee)

    # --- orders -----------------------------------------------------------------------------------------------------

    def place_market(self, order: ApprovedOrder, seen_ms: int) -> PaperOrder:
        """Fill a market order at once. Raises `Refused`."""
        assert order.quantity is not None, "a market order has a quantity"
        rules, board = self._rules(order.symbol), self.board(order.symbol)
        price = market_price(board, order.side, rules, self._costs)
        quantity = check_market(self.books, rules, order, price, self._costs.taker, self.available())
        assert price is not None
        return self._execute(order.symbol, order.side, quantity, price, order.client_id, self.books.next_id(), seen_ms)

    def place_stop(self, order: ApprovedOrder, seen_ms: int) -> StopSeen:
        """Let a conditional order rest. Raises `Refused`."""
        assert order.trigger_price is not None
        assert order.trigger_by is not None
        stop = StopSeen(
            symbol=order.symbol,
            client_id=order.client_id,
            algo_id=self.books.last_id + 1,
            side=order.side,
            is_target=order.role is Role.TARGET,
            quantity=order.quantity,
            trigger_price=order.trigger_price,
            trigger_by=order.trigger_by,
            reduce_only=True,
        )
        check_stop(self.books, self._rules(order.symbol), stop, self.board(order.symbol))
        self.books.next_id()
        self.books.stops[stop.client_id] = PaperStop(stop, self.time_ms)
        self._tell_stop(stop, StopStatus.NEW, 0, "", seen_ms)
        return stop

    def end_stop(self, client_id: str, status: StopStatus, detail: str, seen_ms: int, child: int = 0) -> EndedStop | None:
        """End a resting conditional order and tell it; None where none rests under this name."""
        stop = self.books.stops.pop(client_id, None)
        if stop is None:
            return None
        ended = EndedStop(stop.seen.symbol, stop.seen.algo_id, status, child, detail)
        self.books.ended[client_id] = ended
        self._tell_stop(stop.seen, status, child, detail, seen_ms)
        return ended

    def _fire(self, stop: StopSeen, at: Decimal, seen_ms: int) -> None:
        self._tell_stop(stop, StopStatus.TRIGGERING, 0, "", seen_ms)
        held = self.books.positions.get(stop.symbol)
        if held is None or held.side is stop.side:
            self.end_stop(stop.client_id, StopStatus.REJECTED, NO_POSITION, seen_ms)
            return
        rules, board = self._rules(stop.symbol), self.board(stop.symbol)
        if _is_used_up(held, at, rules):
            self._liquidate(held, at, seen_ms)
            return
        price = touched_price(board, stop.side, at, rules, self._costs)
        if stop.trigger_by is TriggerBy.MARK:
            price = market_price(board, stop.side, rules, self._costs) or price
        size = abs(held.quantity)
        child = self.books.next_id()
        self.end_stop(stop.client_id, StopStatus.TRIGGERED, "", seen_ms, child)
        quantity = size if stop.quantity is None else min(size, stop.quantity)
        self._execute(stop.symbol, stop.side, quantity, price, f"algo_{child}", child, seen_ms)
        self.books.ended[stop.client_id] = EndedStop(stop.symbol, stop.algo_id, StopStatus.FINISHED, child, "")
        self._tell_stop(stop, StopStatus.FINISHED, child, "", seen_ms)

    def _execute(
        self,
        symbol: str,
        side: Side,
        quantity: Decimal,
        price: Decimal,
        name: str,
        order_id: int,
        seen_ms: int,
        fee: Decimal | None = None,
    ) -> PaperOrder:
        """Fill an order whole: the books move, and the stream's messages tell it."""
        fee = rounded(quantity * price * self._costs.taker) if fee is None else fee
        realised = self.books.traded(symbol, side, quantity, price, self.time_ms)
        self.books.wallet -= fee
        trade_id, now = self.books.next_id(), self.time_ms
        fill = Fill(symbol, trade_id, order_id, name, side, quantity, price, fee, QUOTE_ASSET, realised, now)
        order = PaperOrder(symbol, name, order_id, quantity)
        self.books.fills.append(fill)
        self.books.orders[name] = order
        self.news.append(OrderAccepted(symbol, name, order_id, ZERO, False, now, seen_ms))
        self.news.append(OrderFilled(fill, now, seen_ms))
        self.news.append(OrderGone(symbol, name, order_id, "FILLED", quantity, now, seen_ms))
        self._tell_balance(symbol, seen_ms)
        if symbol not in self.books.positions:
            self._expire_with_position(symbol, seen_ms)
        self.books.trim()
        return order

    def _expire_with_position(self, symbol: str, seen_ms: int) -> None:
        """What closes a whole position lives only with it; what has a quantity stays until it is cancelled."""
        whole = [stop.seen for stop in self.books.stops.values() if stop.seen.symbol == symbol and stop.seen.quantity is None]
        for stop in whole:
            self.end_stop(stop.client_id, StopStatus.EXPIRED, "", seen_ms)

    # --- the account ------------------------------------------------------------------------------------------------

    def mark_of(self, held: PaperPosition) -> Decimal:
        """The mark of a position; its entry price while none was seen."""
        board = self.board(held.symbol)
        return board.mark or board.last or held.entry_price

    def available(self) -> Decimal:
        """What may still be bound as margin."""
        return max(self.books.wallet - self.books.bound(), ZERO)

    def _rules(self, symbol: str) -> SymbolRules:
        if symbol not in self.rules:
            raise Refused(status=400, code=-1121, text="Invalid symbol.")
        return self.rules[symbol]

    def _tell_balance(self, symbol: str, seen_ms: int) -> None:
        held = ((symbol, self.books.quantity(symbol)),)
        self.news.append(BalanceChanged(self.books.wallet, held, self.time_ms, seen_ms))

    def _tell_stop(self, stop: StopSeen, status: StopStatus, child: int, detail: str, seen_ms: int) -> None:
        self.news.append(StopChanged(stop.symbol, stop.client_id, stop.algo_id, status, child, detail, self.time_ms, seen_ms))


def _is_used_up(held: PaperPosition, mark: Decimal, rules: SymbolRules) -> bool:
    """Whether a price is at the liquidation price or beyond it."""
    limit = held.liquidation(rules.brackets)
    return limit > 0 and (mark - limit) * int(held.side) <= 0
