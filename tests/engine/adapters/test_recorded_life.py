"""Whole lives as the exchange told them: recorded frames and answers go through the adapter into a Trader.

Only names are changed: the recorded orders were somebody else's, here they carry the names that ours have.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from engine.adapters import binance_answers as answers
from engine.adapters.binance_account_messages import read_account
from engine.adapters.binance_rest import BinanceRest
from engine.execution.ids import client_id
from engine.model.account import AccountSnapshot, PositionSeen, StopSeen
from engine.model.commands import Asked, ClosePosition, Command, DecisionMode
from engine.model.events import (
    AccountSynced,
    BalanceChanged,
    ClockTicked,
    FillsListed,
    OrderAccepted,
    OrderFilled,
    OrderGone,
    RulesLoaded,
    StopsListed,
)
from engine.model.market import SymbolRules
from engine.model.messages import CancelOrder, FetchFills, FindOrder, Outcome
from engine.model.notices import CoverVerified, Notice, PositionClosed, PositionOpened
from engine.model.orders import ApprovedOrder, ExitReason, IntentState, Role, Trade, TriggerBy
from engine.model.saved import SavedAccount, SavedDesk, SavedState
from engine.model.signals import Side, Sides
from engine.params import TradingParams
from engine.ports import Event
from engine.trader import Trader, TraderSetup
from tests.builders import INTENT, an_entry
from tests.engine.adapters.binance_builders import a_broker
from tests.engine.adapters.fake_exchange import Answer, FakeExchange
from tests.engine.adapters.recorded import lines, rest_answers
from tests.engine.trader.world import BRACKETS, HOUR

ENTRY = client_id(Role.ENTRY, INTENT, 0)
NOW = 1_800_000_000_000


def rules_of(symbol: str, tick: str, step: str) -> SymbolRules:
    lot = Decimal(step)
    return SymbolRules(symbol, Decimal(tick), lot, lot, Decimal(10_000_000), Decimal(5), True, BRACKETS)


@dataclass
class Life:
    """A Trader whose entry is on its way when the record begins. Stops that it wants are taken, and seen, at once."""

    symbol: str
    side: Side
    quantity: str
    price: float
    tick: str
    step: str
    wallet: str = "1000"
    names: dict[str, str] = field(default_factory=dict)  # the record's name of an order -> ours
    notices: list[Notice] = field(default_factory=list)
    orders: list[ApprovedOrder] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    errands: list[Any] = field(default_factory=list)
    now: int = NOW

    def __post_init__(self) -> None:
        intent = an_entry(IntentState.SENT, symbol=self.symbol, side=self.side, quantity=Decimal(self.quantity))
        intent = replace(intent, expected_price=self.price, atr=self.price * 0.005, signed_ms=NOW, deadline_ms=NOW + 3_000)
        desk = SavedDesk(self.symbol, Sides.BOTH, entry=replace(intent, asked_ms=NOW))
        params = TradingParams(leverage=10)
        setup = TraderSetup("test", (self.symbol,), HOUR, 50, TriggerBy.LAST, params, DecisionMode.AUTO)
        self.trader = Trader(setup, SavedState("test", SavedAccount(wallet=Decimal(self.wallet)), {self.symbol: desk}))
        self.give(RulesLoaded(rules_of(self.symbol, self.tick, self.step), 0, self.now))

    def give(self, event: Event | Command) -> Outcome:
        """Let one thing happen, and the exchange answer to it."""
        self.now += 10
        outcome = self.trader.handle(event)
        self.notices += outcome.notices
        self.orders += outcome.orders
        self.trades += outcome.trades
        self.errands += outcome.errands
        stops = [order for order in outcome.orders if order.trigger_price is not None]
        for number, stop in enumerate(stops):
            self.give(OrderAccepted(self.symbol, stop.client_id, 100 + number, Decimal(0), False, 0, self.now))
        if stops:
            self.give(StopsListed(self.symbol, tuple(map(self._seen, stops)), self.now, 0, self.now))
        return outcome

    def _seen(self, stop: ApprovedOrder) -> StopSeen:
        trigger, by = stop.trigger_price or Decimal(0), stop.trigger_by or TriggerBy.LAST
        is_target = stop.role is Role.TARGET
        return StopSeen(self.symbol, stop.client_id, 1, stop.side, is_target, stop.quantity, trigger, by, reduce_only=True)

    def told(self, frames: Iterable[bytes]) -> list[Event]:
        """Feed recorded frames."""
        events: list[Event] = []
        for raw in frames:
            self.now += 10
            told = read_account(self._renamed(raw), self.now).news
            events += told
            for event in told:
                self.give(event)
        return events

    def _renamed(self, raw: bytes) -> bytes:
        for theirs, ours in self.names.items():
            raw = raw.replace(theirs.encode(), ours.encode())
        return raw

    def synced(self, wallet: str, positions: Sequence[PositionSeen] = ()) -> None:
        """A snapshot of the account; beside a position its stops rest."""
        self.now += 2_000
        resting = [order for order in self.orders if order.trigger_price is not None] if positions else []
        money = Decimal(wallet)
        account = AccountSnapshot(self.now, money, money, True, True, tuple(positions), (), tuple(map(self._seen, resting)), ())
        self.give(AccountSynced(account, 0, self.now))

    def waited(self, ms: int) -> None:
        """Wire time goes on."""
        self.now += ms
        self.give(ClockTicked(False, 0, self.now))

    def name_of(self, role: Role) -> str:
        return next(order.client_id for order in self.orders if order.role is role)

    @property
    def closed(self) -> Trade:
        """The one trade that came of it."""
        assert len(self.trades) == 1
        assert [one.trade for one in self.notices if isinstance(one, PositionClosed)] == self.trades
        return self.trades[0]

    def has_told(self, kind: type) -> int:
        return sum(isinstance(notice, kind) for notice in self.notices)


def result(trade: Trade) -> tuple[ExitReason | None, Decimal, Decimal, Decimal]:
    return trade.reason, trade.quantity, trade.gross, trade.fees


def test_a_recorded_stop_loss_opens_covers_and_closes_once() -> None:
    frames = lines("user_stream_20210604_TRXUSDT_stop_loss_hit.jsonl")
    life = Life("TRXUSDT", Side.SHORT, "150", 0.07574, "0.00001", "1", names={"web_st_Ihlt5wPQEpiqt1j": ENTRY})

    life.told(frames[:3])
    assert life.has_told(PositionOpened)
    assert life.has_told(CoverVerified)
    assert {order.role for order in life.orders} == {Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET}

    stop, target = life.name_of(Role.TIGHT_STOP), life.name_of(Role.TARGET)
    life.names |= {"web_st_U8qk7AIsi5rYhlu": stop, "web_st_VjMqi9dr7NULDpU": target}
    life.told(frames[3:])
    life.told(frames[3:])  # as after a reconnect that brings them again
    life.synced("316.15065294")

    assert result(life.closed) == (ExitReason.STOP_LOSS, Decimal(150), Decimal("-0.039"), Decimal("0.00910439"))
    assert (life.closed.entry_price, life.closed.exit_price) == (Decimal("0.07574"), Decimal("0.07600"))
    assert life.trader.books.saved.wallet == Decimal("316.15065294")
    assert not [order for order in life.orders if order.role is Role.EXIT]


def test_a_recorded_opening_and_closing_at_market_is_one_trade() -> None:
    frames = lines("user_stream_20241118_BTCUSDT_open_close.jsonl")
    life = Life("BTCUSDT", Side.LONG, "0.002", 91_739.9, "0.1", "0.001", names={"android_MLA5BSDBdSD12WPlEyMh": ENTRY})

    life.told(frames[:4])
    assert life.has_told(PositionOpened)
    life.give(ClosePosition(INTENT, 1.0, Asked("7", 0, life.now)))
    life.names["android_WrDCjqlzTWlU9FGcNp1Q"] = life.name_of(Role.EXIT)
    events = life.told(frames[4:])
    life.synced("640.89671759")

    assert [type(event) for event in events] == [OrderAccepted, BalanceChanged, OrderFilled, type(events[-1])]
    assert result(life.closed) == (ExitReason.MANUAL, Decimal("0.002"), Decimal("-1.7734"), Decimal("0.1825931"))
    assert life.closed.exit_price == Decimal("90853.20")
    assert sum(order.role is Role.EXIT for order in life.orders) == 1
    spent = Decimal("642.76097079") - life.closed.fees + Decimal("0.0917399") + life.closed.gross
    assert life.trader.books.saved.wallet == spent, "the record's two balances lie one exit apart"


def test_a_recorded_algo_stop_that_triggered_closes_with_its_childs_fill() -> None:
    frames = lines("user_stream_20251211_DOGEUSDT_algo_stop_triggered.jsonl")
    life = Life("DOGEUSDT", Side.SHORT, "38", 0.138, "0.00001", "1")
    life.give(OrderFilled(_fill_of(life, 1, ENTRY, Side.SHORT, "0.13800", "0"), 0, life.now))
    life.names["O-20251211-053131-TEST-000-1"] = life.name_of(Role.TIGHT_STOP)

    life.told(frames)
    life.waited(2_000)
    assert any(isinstance(errand, FetchFills) for errand in life.errands), "the record tells of a fill that was not in it"
    child = json.loads(frames[-1])["o"]
    last = _fill_of(life, int(child["ai"]), "autogenerated", Side.LONG, child["ap"], "-0.02128")
    life.give(FillsListed("DOGEUSDT", (last,), 0, life.now))
    life.give(OrderFilled(last, 0, life.now))
    life.synced("999.97")

    assert result(life.closed) == (ExitReason.STOP_LOSS, Decimal(38), Decimal("-0.02128"), Decimal("0.004"))
    assert life.closed.exit_price == Decimal("0.13856")


def _fill_of(life: Life, order_id: int, name: str, side: Side, price: str, realised: str) -> Any:
    row = {"id": order_id, "orderId": order_id, "symbol": life.symbol, "side": "BUY" if side is Side.LONG else "SELL"}
    body = row | {
        "price": price,
        "qty": life.quantity,
        "time": 1_765_431_097_030,
        "commission": "0.002",
        "realizedPnl": realised,
    }
    return answers.fill(answers.decoded(json.dumps(body).encode(), answers.AccountTrade), name)


def _recorded(path: str, shape: Any) -> list[Any]:
    found = rest_answers("rest_20260808_AAPLUSDT_open_close.jsonl", path)
    return [answers.decoded(json.dumps(answer).encode(), shape) for answer in found]


def test_a_recorded_life_over_requests_alone_is_booked_to_the_last_cent() -> None:
    balances = [answers.quote_balance(rows) for rows in _recorded("/fapi/v2/balance", list[answers.Balance])]
    flat, held, flat_again = [answers.positions(rows) for rows in _recorded("/fapi/v2/positionRisk", list[answers.Position])]
    bought, sold = [answers.fill(row, "") for row in _recorded("/fapi/v1/userTrades", list[answers.AccountTrade])[0]]
    placed = _recorded("/fapi/v1/order", answers.Order)[0]
    life = Life("AAPLUSDT", Side.LONG, "0.02", 313.2, "0.01", "0.01", wallet=str(balances[0][0]))

    assert (flat, flat_again) == ((), ())
    life.give(OrderAccepted("AAPLUSDT", ENTRY, placed.order_id, placed.executed_qty, False, 0, life.now))
    life.give(FillsListed("AAPLUSDT", (replace(bought, client_id=ENTRY),), 0, life.now))
    life.synced(str(balances[0][0]), held)
    life.waited(2_000)
    assert FindOrder("AAPLUSDT", ENTRY) in life.errands, "the answer of the record was of a moment before the fill"
    life.give(OrderGone("AAPLUSDT", ENTRY, placed.order_id, "FILLED", bought.quantity, 0, life.now))
    assert life.has_told(PositionOpened)
    life.give(ClosePosition(INTENT, 1.0, Asked("7", 0, life.now)))
    both = (replace(bought, client_id=ENTRY), replace(sold, client_id=life.name_of(Role.EXIT)))
    life.give(FillsListed("AAPLUSDT", both, 0, life.now))
    life.synced(str(balances[1][0]))

    assert result(life.closed) == (ExitReason.MANUAL, Decimal("0.02"), Decimal("-0.0002"), Decimal("0.00501111"))
    assert balances[1][0] - balances[0][0] == life.closed.net


async def test_a_recorded_stop_is_placed_and_cancelled(exchange: FakeExchange, rest: BinanceRest) -> None:
    name = "rest_algo_testnet_20260826_partial.jsonl"
    placed, cancelled = rest_answers(name, "/fapi/v1/algoOrder")
    exchange.on("POST", "/fapi/v1/algoOrder", Answer(placed))
    exchange.on("DELETE", "/fapi/v1/algoOrder", Answer(cancelled))
    broker, stop = a_broker(rest), _a_stop()

    (accepted,) = await broker.place(stop)
    assert isinstance(accepted, OrderAccepted)
    assert (accepted.order_id, accepted.is_final) == (placed["algoId"], False)
    news = await broker.run(CancelOrder("BTCUSDT", stop.client_id, is_stop=True))

    assert [getattr(one, "status", "") for one in news] == ["CANCELED"]
    assert rest_answers(name, "/fapi/v1/openOrders") == [[]], "conditional orders are not in the regular book"


def _a_stop() -> ApprovedOrder:
    name, level = client_id(Role.TIGHT_STOP, INTENT, 1), Decimal("70877.6")
    return ApprovedOrder(
        name, INTENT, "BTCUSDT", Role.TIGHT_STOP, Side.SHORT, Decimal("0.002"), level, TriggerBy.MARK, reduce_only=True
    )
