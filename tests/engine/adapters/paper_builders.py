"""Ready-made words for the paper exchange's tests, and fakes with memory for its history and its store."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from engine.adapters.binance_errors import NotSent
from engine.adapters.binance_rules import CAREFUL_BRACKETS
from engine.adapters.paper_books import PaperBooks
from engine.adapters.paper_exchange import PaperExchange
from engine.adapters.paper_fills import Costs
from engine.execution.ids import client_id
from engine.model.events import BarClosed, MarkSeen, PriceSeen, QuoteSeen, RulesLoaded
from engine.model.market import Bar, PriceWindow, SymbolRules
from engine.model.orders import ApprovedOrder, Role, TriggerBy
from engine.model.signals import Side
from engine.ports import StoreDown

SYMBOL: Final = "ETHUSDT"
INTENT: Final = "abcdefghijklmnop"
START_MS: Final = 1_795_392_000_000
SEEN_MS: Final = 1_795_999_000_000
HOUR_MS: Final = 3_600_000
RULES: Final = SymbolRules(
    symbol=SYMBOL,
    tick_size=Decimal("0.01"),
    step_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_market_quantity=Decimal(2_000),
    min_notional=Decimal(20),
    is_trading=True,
    brackets=CAREFUL_BRACKETS,
)


class FakeHistory:
    """The market over requests, of one symbol."""

    def __init__(self, bars: Sequence[BarClosed] = ()) -> None:
        self.bars = bars
        self.is_down = False

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        if self.is_down:
            raise NotSent("no connection")
        assert set(symbols) == {SYMBOL}
        return (RulesLoaded(RULES, START_MS, SEEN_MS),)

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        return tuple(event for event in self.bars if event.symbol == symbol and event.bar.open_time_ms >= since_ms)


class MemoryStore:
    """Keeps books as the text that a real store would keep."""

    def __init__(self) -> None:
        self.text: bytes | None = None
        self.saves = 0
        self.is_down = False

    async def load_books(self) -> dict[str, Any] | None:
        return None if self.text is None else msgspec.json.decode(self.text, type=dict[str, Any])

    async def save_books(self, books: dict[str, Any]) -> None:
        if self.is_down:
            raise StoreDown("away")
        self.text = msgspec.json.encode(books)
        self.saves += 1


def an_exchange(wallet: int = 10_000, *, bid: float = 1_999.9, ask: float = 2_000.1) -> PaperExchange:
    """An exchange that has seen one price of everything."""
    exchange = PaperExchange(PaperBooks(Decimal(wallet)), Costs())
    exchange.see(RulesLoaded(RULES, START_MS, SEEN_MS))
    exchange.see(quote(bid, ask))
    exchange.see(price((bid + ask) / 2))
    exchange.see(mark((bid + ask) / 2))
    exchange.news.clear()
    return exchange


def a_position(*stops: ApprovedOrder, quantity: str = "0.500", side: Side = Side.LONG) -> PaperExchange:
    """An exchange with an open position and some stops of it."""
    exchange = an_exchange()
    exchange.place_market(an_entry(quantity, side), SEEN_MS)
    for stop in stops:
        exchange.place_stop(stop, SEEN_MS)
    exchange.news.clear()
    return exchange


def quote(bid: float, ask: float, at_ms: int = START_MS) -> QuoteSeen:
    return QuoteSeen(SYMBOL, bid, ask, at_ms, SEEN_MS)


def price(last: float, *, low: float | None = None, high: float | None = None, at_ms: int = START_MS) -> PriceSeen:
    """A last price; with `low` or `high` the way to it began at the price itself."""
    window = PriceWindow(last, last if low is None else low, last if high is None else high)
    return PriceSeen(SYMBOL, last, window, at_ms, SEEN_MS)


def mark(value: float, *, rate: float = 0.0001, due_ms: int = START_MS + 8 * HOUR_MS, at_ms: int = START_MS) -> MarkSeen:
    return MarkSeen(SYMBOL, value, rate, due_ms, at_ms, SEEN_MS)


def a_closed_bar(open_ms: int, opened: float, high: float, low: float, close: float) -> BarClosed:
    return BarClosed(SYMBOL, Bar(open_ms, opened, high, low, close, 10.0), True, open_ms + HOUR_MS, SEEN_MS)


def an_entry(quantity: str = "0.500", side: Side = Side.LONG, generation: int = 0) -> ApprovedOrder:
    return _order(Role.ENTRY, side, Decimal(quantity), None, None, generation)


def an_exit(quantity: str = "0.500", side: Side = Side.SHORT, generation: int = 1) -> ApprovedOrder:
    return _order(Role.EXIT, side, Decimal(quantity), None, None, generation)


def a_stop(trigger: str, quantity: str = "0.500", side: Side = Side.SHORT, generation: int = 2) -> ApprovedOrder:
    return _order(Role.TIGHT_STOP, side, Decimal(quantity), Decimal(trigger), TriggerBy.LAST, generation)


def a_target(trigger: str, quantity: str = "0.500", side: Side = Side.SHORT, generation: int = 3) -> ApprovedOrder:
    return _order(Role.TARGET, side, Decimal(quantity), Decimal(trigger), TriggerBy.LAST, generation)


def a_wide_stop(trigger: str, side: Side = Side.SHORT, generation: int = 4) -> ApprovedOrder:
    return _order(Role.WIDE_STOP, side, None, Decimal(trigger), TriggerBy.MARK, generation)


def _order(
    role: Role, side: Side, quantity: Decimal | None, trigger: Decimal | None, by: TriggerBy | None, generation: int
) -> ApprovedOrder:
    return ApprovedOrder(
        client_id=client_id(role, INTENT, generation),
        intent_id=INTENT,
        symbol=SYMBOL,
        role=role,
        side=side,
        quantity=quantity,
        trigger_price=trigger,
        trigger_by=by,
        reduce_only=role is not Role.ENTRY,
    )
