"""A small world around a Trader: an exchange in memory that answers every order at once, and a market of bars.

Market orders fill at the price that stands; inside a bar the stop is judged before the target (as history does). It
keeps books of its own, so that tests judge the Trader by them.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from engine.model.account import AccountSnapshot, PositionSeen, StopSeen, SymbolSetup
from engine.model.commands import Asked, Command, DecisionMode, ResetLatch
from engine.model.events import (
    AccountSynced,
    BalanceChanged,
    BarClosed,
    CancelRefused,
    ClockTicked,
    FeedRestored,
    FillsListed,
    MarkSeen,
    OrderAccepted,
    OrderFilled,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrdersListed,
    PriceSeen,
    QuoteSeen,
    Route,
    RulesLoaded,
    SetupSeen,
    StopChanged,
    StopsListed,
)
from engine.model.market import Bar, Bracket, PriceWindow, SymbolRules
from engine.model.messages import (
    CancelOrder,
    Errand,
    FetchFills,
    FindOrder,
    FindStop,
    ListOrders,
    ListStops,
    Outcome,
    Reply,
    SetUpSymbol,
    SyncAccount,
)
from engine.model.notices import Notice
from engine.model.orders import ApprovedOrder, Fill, Role, StopStatus, Trade, TriggerBy
from engine.model.saved import SavedState
from engine.model.signals import Ruling, Side
from engine.params import TradingParams
from engine.ports import Event
from engine.trader import Trader, TraderSetup

SYMBOL: Final = "ETHUSDT"
HOUR: Final = 3_600_000
TAKER: Final = Decimal("0.0005")
BRACKETS: Final = (Bracket(50_000.0, 125, 0.004, 0.0), Bracket(1e12, 50, 0.01, 300.0))


def rules(symbol: str = SYMBOL) -> SymbolRules:
    """Rules like those of ETHUSDT."""
    return SymbolRules(
        symbol=symbol,
        tick_size=Decimal("0.01"),
        step_size=Decimal("0.001"),
        min_quantity=Decimal("0.001"),
        max_market_quantity=Decimal(2000),
        min_notional=Decimal(20),
        is_trading=True,
        brackets=BRACKETS,
    )


@dataclass
class World:
    """Give it bars and wishes; read `notices`, `trades`, `fills` and the trader's view."""

    params: TradingParams = field(default_factory=TradingParams)
    mode: DecisionMode = DecisionMode.AUTO
    symbols: tuple[str, ...] = (SYMBOL,)
    warmup: int = 1_000
    wallet: Decimal = Decimal(10_000)
    saved: SavedState | None = None

    def __post_init__(self) -> None:
        self.now = 1_700_000_000_000
        self.time = 0
        self.price = dict.fromkeys(self.symbols, Decimal(0))
        self.held = dict.fromkeys(self.symbols, Decimal(0))
        self.entry = dict.fromkeys(self.symbols, Decimal(0))
        self.stops: dict[str, ApprovedOrder] = {}
        self.setups = {symbol: SymbolSetup(symbol, 20, False) for symbol in self.symbols}
        self.fills: list[Fill] = []
        self.orders: list[ApprovedOrder] = []
        self.notices: list[Notice] = []
        self.rulings: list[Ruling] = []
        self.trades: list[Trade] = []
        self.refuse: dict[Role, int] = {}  # role -> error code of the next order
        self.swallow: set[Role] = set()  # roles whose orders are executed, or not, without an answer
        self._ids = 0
        self._inbox: deque[Event] = deque()
        self.wake_up()

    def wake_up(self) -> None:
        """Start (or start again) a Trader from what was saved."""
        setup = TraderSetup("test", self.symbols, HOUR, self.warmup, TriggerBy.LAST, self.params, self.mode)
        self.trader = Trader(setup, self.saved)
        for symbol in self.symbols:
            self.give(RulesLoaded(rules(symbol), self.time, self.now))
        self.give(self._snapshot())
        for route in Route:
            self.give(FeedRestored(route, 0, self.time, self.now))
        self._act(self.trader.ready(self.time, self.now))
        self._run()

    # --- time and market --------------------------------------------------------------------------------------------

    def close(self, bar: Bar, next_open: float, symbol: str = SYMBOL, *, is_history: bool = False) -> None:
        """A bar happens and closes; the book then stands around the next open."""
        self.time = max(self.time, bar.open_time_ms)
        if not is_history:
            self.touch(symbol, bar)
        self.time = max(self.time, bar.open_time_ms + HOUR)
        self.now += 1_000
        self.quote(symbol, next_open)
        self.give(BarClosed(symbol, bar, is_history, self.time, self.now))

    def quote(self, symbol: str, price: float) -> None:
        """The book stands around a price."""
        self.price[symbol] = Decimal(repr(price))
        self.give(QuoteSeen(symbol, price, price, self.time, self.now))
        self.give(MarkSeen(symbol, price, 0.0001, self.time + HOUR * 8, self.time, self.now))

    def touch(self, symbol: str, bar: Bar) -> None:
        """The bar's prices run over the resting stops: wide and tight stop first, then the target."""
        self.give(PriceSeen(symbol, bar.open, PriceWindow(bar.open, bar.open, bar.open), self.time, self.now))
        for role in (Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET):
            for order in [stop for stop in self.stops.values() if stop.symbol == symbol and stop.role is role]:
                self._touch(order, bar)

    def _touch(self, order: ApprovedOrder, bar: Bar) -> None:
        assert order.trigger_price is not None
        level, falls = float(order.trigger_price), (order.side is Side.SHORT) == (order.role is not Role.TARGET)
        if not self.held[order.symbol] or order.client_id not in self.stops:
            return
        if bar.low <= level if falls else bar.high >= level:
            beyond = bar.open < level if falls else bar.open > level
            self.price[order.symbol] = Decimal(repr(bar.open if beyond else level))
            self.fire(order)

    def fire(self, order: ApprovedOrder) -> None:
        """A stop triggers, and its order fills."""
        del self.stops[order.client_id]
        self._ids += 1
        child, held = self._ids, self.held[order.symbol]
        self._tell(StopChanged(order.symbol, order.client_id, 1, StopStatus.TRIGGERED, child, "", self.time, self.now))
        quantity = abs(held) if order.quantity is None else min(order.quantity, abs(held))
        self._fill(order.symbol, order.side, quantity, f"child{child}", child)
        self._tell(StopChanged(order.symbol, order.client_id, 1, StopStatus.FINISHED, child, "", self.time, self.now))
        self._run()

    def pass_time(self, ms: int, *, is_check: bool = False) -> None:
        """Wire time goes on."""
        self.now += ms
        self.give(ClockTicked(is_check, self.time, self.now))

    # --- doors ------------------------------------------------------------------------------------------------------

    def give(self, event: Event) -> None:
        """Let one fact happen, and everything that follows from it."""
        self._tell(event)
        self._run()

    def wish(self, make: Callable[..., Command], **values: Any) -> Reply:
        """Ask for something, and get the answer. The latch that is lifted is the one that holds, unless told otherwise."""
        latch = self.trader.books.saved.latch
        if make is ResetLatch and "set_ms" not in values:
            values["set_ms"] = latch.set_ms if latch is not None else 0
        outcome = self.trader.handle(make(**values, asked=Asked("7", self.time, self.now)))
        self._act(outcome)
        self._run()
        assert outcome.reply is not None
        return outcome.reply

    def _tell(self, event: Event) -> None:
        self._inbox.append(event)

    def _run(self) -> None:
        while self._inbox:
            self._act(self.trader.handle(self._inbox.popleft()))

    def _act(self, outcome: Outcome) -> None:
        self.notices += outcome.notices
        self.rulings += outcome.rulings
        self.trades += outcome.trades
        for order in outcome.orders:
            self.orders.append(order)
            if order.role is Role.ENTRY:
                self._act(self.trader.handle(OrderSigned(order.client_id, self.now, self.now + 3_000, self.time, self.now)))
            self._order(order)
        for errand in outcome.errands:
            self._errand(errand)

    # --- the exchange -----------------------------------------------------------------------------------------------

    def _order(self, order: ApprovedOrder) -> None:
        if order.role in self.refuse:
            code = self.refuse.pop(order.role)
            self._tell(OrderRejected(order.symbol, order.client_id, code, "refused", self.time, self.now))
            return
        if order.trigger_price is not None:
            self.stops[order.client_id] = order
            self._ids += 1
            self._tell(OrderAccepted(order.symbol, order.client_id, self._ids, Decimal(0), False, self.time, self.now))
            return
        quantity = order.quantity or Decimal(0)
        if order.reduce_only:
            quantity = min(quantity, max(Decimal(0), -self.held[order.symbol] * int(order.side)))
            if not quantity:
                self._tell(OrderRejected(order.symbol, order.client_id, -2022, "reduce only", self.time, self.now))
                return
        self._ids += 1
        order_id = self._ids
        self._fill(order.symbol, order.side, quantity, order.client_id, order_id)
        if order.role not in self.swallow:
            self._tell(OrderAccepted(order.symbol, order.client_id, order_id, quantity, True, self.time, self.now))

    def _fill(self, symbol: str, side: Side, quantity: Decimal, name: str, order_id: int) -> None:
        price, held = self.price[symbol], self.held[symbol]
        closing = min(quantity, abs(held)) if held * int(side) < 0 else Decimal(0)
        realised = (price - self.entry[symbol]) * closing * (1 if held > 0 else -1)
        fee = price * quantity * TAKER
        if held * int(side) >= 0:
            value = self.entry[symbol] * abs(held) + price * quantity
            self.entry[symbol] = value / (abs(held) + quantity)
        elif quantity > abs(held):
            self.entry[symbol] = price
        self.held[symbol] = held + quantity * int(side)
        self.wallet += realised - fee
        self._ids += 1
        fill = Fill(symbol, self._ids, order_id, name, side, quantity, price, fee, "USDT", realised, self.time)
        self.fills.append(fill)
        self._tell(OrderFilled(fill, self.time, self.now))
        self._tell(BalanceChanged(self.wallet, ((symbol, self.held[symbol]),), self.time, self.now))
        if not self.held[symbol]:
            for stop in [stop for stop in self.stops.values() if stop.symbol == symbol and stop.quantity is None]:
                del self.stops[stop.client_id]
                self._tell(StopChanged(symbol, stop.client_id, 1, StopStatus.EXPIRED, 0, "", self.time, self.now))

    def _errand(self, errand: Errand) -> None:
        match errand:
            case SyncAccount():
                self._tell(self._snapshot())
            case ListStops(symbol):
                self._tell(StopsListed(symbol, self._seen(symbol), self.now, self.time, self.now))
            case CancelOrder(symbol, name, _):
                if self.stops.pop(name, None) is None:
                    self._tell(CancelRefused(symbol, name, False, self.time, self.now))
                else:
                    self._tell(StopChanged(symbol, name, 1, StopStatus.CANCELED, 0, "", self.time, self.now))
            case FetchFills(symbol, since_ms):
                found = tuple(fill for fill in self.fills if fill.symbol == symbol and fill.time_ms >= since_ms)
                self._tell(FillsListed(symbol, found, self.time, self.now, self.now))
            case ListOrders(symbol, _):
                names = frozenset(fill.client_id for fill in self.fills if fill.symbol == symbol)
                self._tell(OrdersListed(symbol, names, self.now, self.time, self.now))
            case FindOrder(symbol, name) | FindStop(symbol, name):
                self._tell(OrderNotFound(symbol, name, self.time, self.now))
            case SetUpSymbol(symbol, leverage):
                self.setups[symbol] = SymbolSetup(symbol, leverage, True)
                self._tell(SetupSeen(self.setups[symbol], self.time, self.now))

    def _seen(self, symbol: str) -> tuple[StopSeen, ...]:
        return tuple(
            StopSeen(
                symbol,
                stop.client_id,
                1,
                stop.side,
                stop.role is Role.TARGET,
                stop.quantity,
                stop.trigger_price or Decimal(0),
                stop.trigger_by or TriggerBy.LAST,
                True,
            )
            for stop in self.stops.values()
            if stop.symbol == symbol
        )

    def _changed_ms(self, symbol: str) -> int:
        return max((fill.time_ms for fill in self.fills if fill.symbol == symbol), default=0)

    def _snapshot(self) -> AccountSynced:
        held = tuple(
            PositionSeen(
                symbol, quantity, self.entry[symbol], self.price[symbol], Decimal(0), Decimal(0), self._changed_ms(symbol)
            )
            for symbol, quantity in self.held.items()
            if quantity
        )
        stops = tuple(stop for symbol in self.symbols for stop in self._seen(symbol))
        account = AccountSnapshot(self.now, self.wallet, self.wallet, True, True, held, (), stops, tuple(self.setups.values()))
        return AccountSynced(account, self.time, self.now)
