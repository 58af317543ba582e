"""The Trader itself over candles: the reference that the compiled walk must equal, to the last digit.

Everything it experiences live it experiences here, in order: the quote, price and mark of a bar's open, the prices inside
the bar, mark and clock at its close, the closed bar. A simulated exchange stands behind the counter. What is ordered at
market on a close goes out at the next open.
"""

from collections import Counter as Counts
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

from engine.backtest.history import Simulation, SymbolHistory
from engine.execution.fills import MILLION, UNITS, quoted
from engine.model.commands import AllowSides, Asked, DecisionMode, StartTrading
from engine.model.events import (
    BarClosed,
    ClockTicked,
    FeedRestored,
    MarkSeen,
    OrderRejected,
    OrderSigned,
    PriceSeen,
    QuoteSeen,
    Route,
    RulesLoaded,
)
from engine.model.market import FUNDING_EVERY_MS, Bar, PriceWindow
from engine.model.messages import Errand, Outcome, SetUpSymbol, SyncAccount
from engine.model.orders import ApprovedOrder, Trade, TriggerBy
from engine.model.signals import Ruling
from engine.params import TradingParams
from engine.ports import Event
from engine.trader import Trader, TraderSetup

NAMESPACE: Final = "history"
WHO: Final = "history"
LEASE_MS: Final = 1


class Counter(Protocol):
    """A simulated exchange: the market's events and our orders in, its answers and its stream out."""

    def see(self, event: Event) -> None:
        """Take a market event."""

    def place(self, order: ApprovedOrder) -> Event:
        """Take an order, and answer."""

    def run(self, errand: Errand) -> Sequence[Event]:
        """Answer an errand."""

    def taken_news(self) -> list[Event]:
        """What the account's stream tells since the last time."""


class ReplayClock:
    """Wire time of a replay: as the market's, a millisecond later with each event."""

    def __init__(self) -> None:
        self._now_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""
        return self._now_ms

    def reach(self, time_ms: int) -> None:
        """At least this late, and later than before."""
        self._now_ms = max(self._now_ms + 1, time_ms)


class Replay:
    """One account over some symbols' candles. `open_counter` makes its exchange, with the money of the simulation."""

    def __init__(
        self,
        histories: Sequence[SymbolHistory],
        simulation: Simulation,
        params: TradingParams,
        open_counter: Callable[[ReplayClock], Counter],
    ) -> None:
        self.trades = list[Trade]()
        self.rulings = list[Ruling]()
        self.rejected = Counts[int]()  # entries that the exchange said no to, by its code
        self._histories = histories
        self._simulation = simulation
        self._clock = ReplayClock()
        self._counter = open_counter(self._clock)
        self._half_spread = simulation.costs.half_spread_ppm / MILLION
        self._events = deque[Event]()
        self._waiting = list[ApprovedOrder]()
        self._opening = frozenset[str]()  # the symbols whose bar opens at this moment: nothing else can be traded at market
        self._is_changed = True
        self._next_payment = [0] * len(histories)
        self._interval_ms = histories[0].candles.interval_ms
        self._time_ms = min(int(one.candles.open_time_ms[0]) for one in histories)
        symbols = tuple(one.candles.symbol for one in histories)
        setup = TraderSetup(
            NAMESPACE, symbols, self._interval_ms, simulation.warmup_bars, TriggerBy.LAST, params, DecisionMode.AUTO
        )
        self.trader = Trader(setup, None, self._time_ms)

    def run(self) -> list[Trade]:
        """Replay everything, and give the closed trades."""
        self._begin()
        end_ms = max(one.candles.end_ms for one in self._histories)
        is_running = False
        while self._time_ms < end_ms:
            close_ms = self._time_ms + self._interval_ms
            self._open()
            self._live(close_ms)
            if not is_running and close_ms >= self._simulation.from_ms:
                self._told(StartTrading(self._asked()))
                is_running = True
            self._close(close_ms)
            self._time_ms = close_ms
        return self.trades

    # --- a step -----------------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        for one in self._histories:
            self._happened(RulesLoaded(one.rules, *self._times()))
        for route in Route:
            self._happened(FeedRestored(route, 0, *self._times()))
        for (
            one
        ) in self._histories:  # an exchange that was never asked may hold less leverage than the settings, and then it holds
            self._answered(SetUpSymbol(one.candles.symbol, self.trader.params.leverage))
        self._answered(SyncAccount())
        self._act(self.trader.ready(*self._times()))
        self._told(AllowSides(self._simulation.sides, "", self._asked()))

    def _open(self) -> None:
        """The open: gaps first, then what waited for it, then the clock."""
        self._opening = frozenset(self._histories[at].candles.symbol for at, _ in self._bars())
        for at, bar in self._bars():
            symbol = self._histories[at].candles.symbol
            bid, ask = quoted(bar.open, -1, self._half_spread), quoted(bar.open, 1, self._half_spread)
            self._happened(QuoteSeen(symbol, bid, ask, *self._times()))
            self._happened(PriceSeen(symbol, bar.open, PriceWindow(bar.open, bar.open, bar.open), *self._times()))
            self._happened(self._mark(at, bar.open, self._time_ms))
        waiting, self._waiting = self._waiting, []
        for order in sorted(waiting, key=lambda one: self._place_of(one.symbol)):
            if order.symbol in self._opening:
                self._sent(order)
        self._happened(ClockTicked(False, *self._times()))
        self._opening = frozenset()

    def _live(self, close_ms: int) -> None:
        """The prices inside the bar, then the marks at its close and what is settled by then."""
        for at, bar in self._bars():
            symbol, window = self._histories[at].candles.symbol, PriceWindow(bar.open, bar.low, bar.high)
            self._happened(PriceSeen(symbol, bar.close, window, close_ms - 1, self._seen(close_ms - 1)))
        for at, bar in self._bars():
            payments = self._histories[at].funding.time_ms
            while self._next_payment[at] < len(payments) and payments[self._next_payment[at]] <= close_ms:
                self._next_payment[at] += 1
                self._happened(self._mark(at, bar.close, max(int(payments[self._next_payment[at] - 1]), self._time_ms + 1)))
            self._happened(self._mark(at, bar.close, close_ms))

    def _close(self, close_ms: int) -> None:
        """The account is looked at where it changed, then every closed bar is told."""
        if self._is_changed:
            self._is_changed = False
            self._happened(ClockTicked(True, close_ms - 1, self._seen(close_ms)))
        for at, bar in self._bars():
            self._happened(BarClosed(self._histories[at].candles.symbol, bar, False, close_ms, self._seen(close_ms)))

    def _bars(self) -> list[tuple[int, Bar]]:
        """The bars of this step, with the place of their symbol."""
        found = list[tuple[int, Bar]]()
        for place, history in enumerate(self._histories):
            candles = history.candles
            at = (self._time_ms - int(candles.open_time_ms[0])) // self._interval_ms
            if 0 <= at < len(candles):
                columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
                found.append((place, Bar(self._time_ms, *(float(column[at]) for column in columns))))
        return found

    def _mark(self, at: int, price: float, time_ms: int) -> MarkSeen:
        funding, symbol, due = self._histories[at].funding, self._histories[at].candles.symbol, self._next_payment[at]
        if due >= len(funding.time_ms):  # nothing more is on record
            next_ms = time_ms - time_ms % FUNDING_EVERY_MS + FUNDING_EVERY_MS
            return MarkSeen(symbol, price, 0.0, next_ms, time_ms, self._seen(time_ms))
        rate, due_ms = int(funding.rate_e8[due]) / UNITS, int(funding.time_ms[due])
        return MarkSeen(symbol, price, rate, due_ms, time_ms, self._seen(time_ms))

    # --- between the trader and the counter -------------------------------------------------------------------------

    def _sent(self, order: ApprovedOrder) -> None:
        if not order.reduce_only:
            now_ms = self._seen(self._time_ms)
            self._happened(OrderSigned(order.client_id, now_ms, now_ms + LEASE_MS, self._time_ms, now_ms))
        answer = self._counter.place(order)
        if not order.reduce_only and isinstance(answer, OrderRejected):
            self.rejected[answer.code] += 1
        self._answer(answer)

    def _happened(self, event: Event) -> None:
        if isinstance(event, QuoteSeen | PriceSeen | MarkSeen | RulesLoaded):
            self._counter.see(event)
        self._events.append(event)
        self._settle()

    def _answer(self, event: Event) -> None:
        """The stream is faster than the answer, as it is at the exchange."""
        self._is_changed = True
        self._events.extend(self._counter.taken_news())
        self._events.append(event)
        self._settle()

    def _answered(self, errand: Errand) -> None:
        self._seen(self._time_ms)
        self._events.extend(self._counter.run(errand))
        self._settle()

    def _settle(self) -> None:
        """Hand over what waits, and what comes of it, until nothing does."""
        while True:
            news = self._counter.taken_news()
            self._is_changed = self._is_changed or bool(news)
            self._events.extend(news)
            if not self._events:
                return
            event = self._events.popleft()
            self._act(self.trader.handle(event))

    def _told(self, command: StartTrading | AllowSides) -> None:
        self._act(self.trader.handle(command))
        self._settle()

    def _act(self, outcome: Outcome) -> None:
        self.trades += outcome.trades
        self.rulings += outcome.rulings
        for order in outcome.orders:
            if order.trigger_price is None and order.symbol not in self._opening:
                self._waiting.append(order)
                continue
            self._seen(self._time_ms)
            answer = self._counter.place(order)
            self._events.extend((*self._counter.taken_news(), answer))
        for errand in outcome.errands:
            self._seen(self._time_ms)
            self._events.extend(self._counter.run(errand))

    def _place_of(self, symbol: str) -> int:
        return next(at for at, one in enumerate(self._histories) if one.candles.symbol == symbol)

    def _asked(self) -> Asked:
        return Asked(WHO, *self._times())

    def _times(self) -> tuple[int, int]:
        return self._time_ms, self._seen(self._time_ms)

    def _seen(self, time_ms: int) -> int:
        self._clock.reach(time_ms)
        return self._clock.now_ms()
