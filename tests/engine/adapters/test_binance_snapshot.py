"""The account as it is read from the exchange: everything at once, and a failed read is never an empty account."""

from decimal import Decimal
from typing import Any

import pytest

from engine.adapters.binance_account import AccountReader
from engine.adapters.binance_rest import BinanceRest
from engine.model.account import OrderSeen, PositionSeen, StopSeen, SymbolSetup
from engine.model.events import AccountSynced, ErrandFailed
from engine.model.messages import SyncAccount
from engine.model.orders import TriggerBy
from engine.model.signals import Side
from tests.engine.adapters.binance_builders import ENTRY_ID, MARKET_MS
from tests.engine.adapters.errand_parts import STOP_ID, STOPS, order, refused, stop, told
from tests.engine.adapters.fake_exchange import Answer, FakeExchange, ManualClock, Request
from tests.engine.adapters.recorded import rest_answers


def an_account(exchange: FakeExchange) -> None:
    recorded = "rest_20260808_AAPLUSDT_open_close.jsonl"
    exchange.on("GET", "/fapi/v1/accountConfig", Answer(rest_answers(recorded, "/fapi/v1/accountConfig")[0]))
    exchange.on("GET", "/fapi/v3/balance", Answer(rest_answers(recorded, "/fapi/v2/balance")[0]))
    exchange.on("GET", "/fapi/v3/positionRisk", Answer(rest_answers(recorded, "/fapi/v2/positionRisk")[1]))
    exchange.on("GET", "/fapi/v1/openOrders", Answer([order(status="NEW", executedQty="0")]))
    exchange.on("GET", STOPS, Answer([stop(), stop(closePosition=True, quantity="0", orderType="TAKE_PROFIT_MARKET")]))
    rows = [{"symbol": name, "marginType": "ISOLATED", "leverage": 20} for name in ("BTCUSDT", "ETHUSDT")]
    exchange.on("GET", "/fapi/v1/symbolConfig", Answer(rows))


async def test_the_whole_account_is_read_at_once(exchange: FakeExchange, rest: BinanceRest, clock: ManualClock) -> None:
    an_account(exchange)

    event = await told(rest, SyncAccount())

    assert isinstance(event, AccountSynced)
    account = event.account
    assert (account.asked_ms, account.is_one_way, account.can_trade) == (clock.time_ms, True, True)
    assert (account.wallet, account.available) == (Decimal("24.30489058"), Decimal("24.30489058"))
    assert account.positions == (
        PositionSeen(
            "AAPLUSDT",
            Decimal("0.02"),
            Decimal("313.20000000000005"),
            Decimal("313.19672593"),
            Decimal("-0.00006548"),
            Decimal("305.29503487"),
            changed_ms=1_786_165_144_675,
        ),
    )
    assert account.orders == (OrderSeen("BTCUSDT", ENTRY_ID, 7, Side.LONG, Decimal("0.010"), False),)
    tight = StopSeen("BTCUSDT", STOP_ID, 4_000_001, Side.SHORT, False, Decimal("0.010"), Decimal(58000), TriggerBy.MARK, True)
    assert account.stops[0] == tight
    assert (account.stops[1].quantity, account.stops[1].is_target) == (None, True)
    assert account.setups == (SymbolSetup("BTCUSDT", 20, is_isolated=True),)


async def test_a_position_that_changed_days_ahead_of_the_market_tells_no_time(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    an_account(exchange)
    recorded = rest_answers("rest_20260808_AAPLUSDT_open_close.jsonl", "/fapi/v2/positionRisk")[1]
    ahead_ms = max(clock.time_ms, MARKET_MS) + 3 * 86_400_000
    exchange.on("GET", "/fapi/v3/positionRisk", Answer([{**row, "updateTime": ahead_ms} for row in recorded]))

    event = await told(rest, SyncAccount())

    assert isinstance(event, AccountSynced)
    assert [held.changed_ms for held in event.account.positions] == [0]


async def test_one_unreadable_part_fails_the_whole_account(exchange: FakeExchange, rest: BinanceRest) -> None:
    an_account(exchange)
    exchange.on("GET", "/fapi/v3/positionRisk", refused(-1000))

    assert isinstance(await told(rest, SyncAccount()), ErrandFailed)


@pytest.mark.parametrize(
    "balances",
    [
        [],
        [{"asset": "BNB", "balance": "1", "availableBalance": "1"}],
        [{"asset": "USDT", "balance": "NaN", "availableBalance": "0"}],
    ],
)
async def test_an_account_without_a_balance_that_counts_is_no_account(
    exchange: FakeExchange, rest: BinanceRest, balances: Any
) -> None:
    an_account(exchange)
    exchange.on("GET", "/fapi/v3/balance", Answer(balances))

    assert isinstance(await told(rest, SyncAccount()), ErrandFailed)


async def test_a_symbol_that_the_exchange_does_not_know_hides_nothing_of_the_others(
    exchange: FakeExchange, rest: BinanceRest
) -> None:
    an_account(exchange)

    def rows(asked: Request) -> Answer:
        return refused(-1121) if asked.params.get("symbol") == "GONEUSDT" else Answer([stop()])

    exchange.on("GET", STOPS, rows)

    account = await AccountReader(rest, symbols=("BTCUSDT", "GONEUSDT"), market_ms=lambda: MARKET_MS).snapshot()

    assert [seen.client_id for seen in account.stops] == [STOP_ID]
