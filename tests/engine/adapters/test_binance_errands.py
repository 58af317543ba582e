"""Errands: what the exchange says of orders, stops, fills and the account, and that a failed read says so."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from engine.adapters import binance_errands
from engine.adapters.binance_rest import BinanceRest
from engine.model.account import SymbolSetup
from engine.model.events import (
    BarClosed,
    CancelRefused,
    ErrandFailed,
    FillsListed,
    FundingPaid,
    OrderAccepted,
    OrderGone,
    OrderNotFound,
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
    FindOrder,
    FindStop,
    ListStops,
    SetUpSymbol,
    SyncAccount,
)
from engine.model.orders import StopStatus
from tests.engine.adapters.binance_builders import ENTRY_ID, MARKET_MS, a_broker, an_entry
from tests.engine.adapters.errand_parts import ALGO, DAY, ORDER, STOP_ID, STOPS, order, refused, stop, told, trade
from tests.engine.adapters.fake_exchange import Answer, FakeExchange, ManualClock, Request


@pytest.mark.parametrize(
    "answer", [{"algoId": 4_000_001, "clientAlgoId": STOP_ID, "code": "200", "msg": "success"}, stop(algoStatus="CANCELED")]
)
async def test_a_cancelled_stop_is_gone(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock, answer: dict[str, Any]
) -> None:
    exchange.on("DELETE", ALGO, Answer(answer))

    event = await told(rest, CancelOrder("BTCUSDT", STOP_ID, is_stop=True))

    assert event == StopChanged("BTCUSDT", STOP_ID, 4_000_001, StopStatus.CANCELED, 0, "", MARKET_MS, clock.time_ms)
    assert exchange.requests[0].params["clientAlgoId"] == STOP_ID


@pytest.mark.parametrize(
    ("answer", "is_unanswered"),
    [
        (refused(-2011), False),
        (refused(-2013), False),
        (refused(-4117), False),
        (refused(-1007, status=408), True),
        (refused(-1003, status=429), True),
        (Answer("<html>"), True),
        (Answer(status=None), True),
    ],
)
async def test_a_cancel_that_did_not_work_says_whether_anybody_knows(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock, answer: Answer, is_unanswered: bool
) -> None:
    exchange.on("DELETE", ALGO, answer)

    event = await told(rest, CancelOrder("BTCUSDT", STOP_ID, is_stop=True))

    assert event == CancelRefused("BTCUSDT", STOP_ID, is_unanswered, MARKET_MS, clock.time_ms)


async def test_a_cancelled_order_tells_what_it_executed(exchange: FakeExchange, rest: BinanceRest, clock: ManualClock) -> None:
    exchange.on("DELETE", ORDER, Answer(order(status="CANCELED", executedQty="0.004")))

    event = await told(rest, CancelOrder("BTCUSDT", ENTRY_ID, is_stop=False))

    assert event == OrderGone("BTCUSDT", ENTRY_ID, 7, "CANCELED", Decimal("0.004"), MARKET_MS, clock.time_ms)


async def test_an_order_is_found_working_ended_or_not_at_all(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("GET", ORDER, Answer(order(status="NEW", executedQty="0")), Answer(order(status="EXPIRED")), refused(-2013))
    find = FindOrder("BTCUSDT", ENTRY_ID)

    assert await told(rest, find) == OrderAccepted("BTCUSDT", ENTRY_ID, 7, Decimal(0), False, MARKET_MS, clock.time_ms)
    assert await told(rest, find) == OrderGone("BTCUSDT", ENTRY_ID, 7, "EXPIRED", Decimal("0.010"), MARKET_MS, clock.time_ms)
    assert await told(rest, find) == OrderNotFound("BTCUSDT", ENTRY_ID, MARKET_MS, clock.time_ms)


async def test_a_stop_is_found_with_its_child_or_not_at_all(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("GET", ALGO, Answer(stop(algoStatus="FINISHED", actualOrderId="974828356187")), refused(-2013))
    find = FindStop("BTCUSDT", STOP_ID)

    event = StopChanged("BTCUSDT", STOP_ID, 4_000_001, StopStatus.FINISHED, 974828356187, "", MARKET_MS, clock.time_ms)
    assert await told(rest, find) == event
    assert await told(rest, find) == OrderNotFound("BTCUSDT", STOP_ID, MARKET_MS, clock.time_ms)


@pytest.mark.parametrize(
    "errand",
    [
        FindOrder("BTCUSDT", ENTRY_ID),
        FindStop("BTCUSDT", STOP_ID),
        SyncAccount(),
        ListStops("BTCUSDT"),
        FetchFills("BTCUSDT", MARKET_MS),
        FetchFunding("BTCUSDT", MARKET_MS),
        FetchBars("BTCUSDT", MARKET_MS),
    ],
    ids=lambda errand: type(errand).__name__,
)
async def test_a_failed_read_says_so_and_nothing_else(exchange: FakeExchange, rest: BinanceRest, errand: Errand) -> None:
    event = await told(rest, errand)

    assert isinstance(event, ErrandFailed)
    assert event.errand == type(errand).__name__
    assert event.symbol == ("" if isinstance(errand, SyncAccount) else "BTCUSDT")


async def test_the_stops_of_a_symbol_carry_when_they_were_asked_for(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("GET", STOPS, Answer([stop()]))

    event = await told(rest, ListStops("BTCUSDT"))

    assert isinstance(event, StopsListed)
    assert (event.asked_ms, len(event.stops)) == (clock.time_ms, 1)
    assert exchange.requests[0].params["symbol"] == "BTCUSDT"


async def test_fills_carry_the_client_id_of_their_order_where_it_is_known(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/userTrades", Answer([trade(2, 8), trade(1, 7), trade(3, 9)]))
    names = {"7": order(), "8": order(orderId=8, clientOrderId="web_foreign")}
    exchange.on(
        "GET",
        ORDER,
        lambda asked: Answer(names[asked.params["orderId"]]) if asked.params["orderId"] in names else refused(-2013),
    )

    event = await told(rest, FetchFills("BTCUSDT", MARKET_MS - 5_000))

    assert isinstance(event, FillsListed)
    assert [(fill.trade_id, fill.client_id) for fill in event.fills] == [(1, ENTRY_ID), (2, "web_foreign"), (3, "")]
    assert (event.fills[0].price, event.fills[0].fee, event.fills[0].time_ms) == (
        Decimal(60000),
        Decimal("0.3"),
        MARKET_MS - 999,
    )


async def test_the_name_of_an_order_of_ours_is_not_asked_again(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", ORDER, Answer(order()))
    exchange.on("GET", "/fapi/v1/time", Answer({"serverTime": 1_795_399_718_679}))
    exchange.on("GET", "/fapi/v1/userTrades", Answer([trade(1, 7)]))
    broker = a_broker(rest)
    await broker.send(await broker.sign(an_entry()))

    (event,) = await broker.run(FetchFills("BTCUSDT", MARKET_MS - 5_000))

    assert isinstance(event, FillsListed)
    assert event.fills[0].client_id == ENTRY_ID
    assert exchange.seen("GET", ORDER) == []


async def test_many_fills_are_read_page_by_page_and_window_by_window(exchange: FakeExchange, rest: BinanceRest) -> None:
    everything = [trade(number, time=MARKET_MS - 8 * DAY + number) for number in range(1, 1_501)]

    def page(asked: Request) -> Answer:
        params = asked.params
        if "fromId" in params:
            assert "startTime" not in params
            return Answer([row for row in everything if row["id"] >= int(params["fromId"])][:1_000])
        start, end = int(params["startTime"]), int(params["endTime"])
        assert end - start < 7 * DAY
        return Answer([row for row in everything if start <= row["time"] <= end][:1_000])

    exchange.on("GET", "/fapi/v1/userTrades", page)
    exchange.on("GET", ORDER, Answer(order()))

    event = await told(rest, FetchFills("BTCUSDT", MARKET_MS - 8 * DAY))

    assert isinstance(event, FillsListed)
    assert [fill.trade_id for fill in event.fills] == list(range(1, 1_501))
    assert len(exchange.seen("GET", "/fapi/v1/userTrades")) == 3


PAYMENT = {
    "symbol": "BTCUSDT",
    "incomeType": "FUNDING_FEE",
    "income": "-0.06",
    "asset": "USDT",
    "time": 1_795_420_800_000,
    "tranId": 1,
}


async def test_executions_are_told_after_the_funding_that_was_paid_before_them(
    exchange: FakeExchange, rest: BinanceRest
) -> None:
    exchange.on("GET", "/fapi/v1/income", Answer([PAYMENT]))
    exchange.on("GET", "/fapi/v1/userTrades", Answer([]))

    told = await a_broker(rest).run(FetchFills("BTCUSDT", MARKET_MS - 5_000, MARKET_MS - 9_000))

    assert [type(event) for event in told] == [FundingPaid, FillsListed]
    assert exchange.requests[0].params["startTime"] == str(MARKET_MS - 9_000)


@pytest.mark.parametrize(
    "answer",
    [refused(-1000), Answer("<html>"), Answer([{**PAYMENT, "income": "NaN"}]), Answer([PAYMENT], delay_s=60.0)],
    ids=["refused", "unreadable", "nonsense", "hung"],
)
async def test_executions_are_told_although_payments_cannot_be_read(
    exchange: FakeExchange, rest: BinanceRest, monkeypatch: pytest.MonkeyPatch, answer: Answer
) -> None:
    """A position turned by hand stayed uncovered for 3 s while the list of payments failed."""
    monkeypatch.setattr(binance_errands, "PAYMENTS_WITHIN_S", 0.2)
    exchange.on("GET", "/fapi/v1/income", answer)
    exchange.on("GET", "/fapi/v1/userTrades", Answer([trade(1)]))
    exchange.on("GET", ORDER, Answer(order()))

    async with asyncio.timeout(5):
        failed, listed = await a_broker(rest).run(FetchFills("BTCUSDT", MARKET_MS - 5_000, MARKET_MS - 9_000))

    assert isinstance(failed, ErrandFailed)
    assert (failed.errand, failed.symbol) == ("FetchFunding", "BTCUSDT")
    assert isinstance(listed, FillsListed)
    assert [fill.trade_id for fill in listed.fills] == [1]


async def test_funding_payments_are_named_by_symbol_and_hour(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("GET", "/fapi/v1/income", Answer([PAYMENT]))

    event = await told(rest, FetchFunding("BTCUSDT", MARKET_MS))

    payment = f"BTCUSDT:{1_795_420_800_000 // 3_600_000}"
    assert event == FundingPaid("BTCUSDT", Decimal("-0.06"), payment, MARKET_MS, clock.time_ms, 1_795_420_800_000)
    assert exchange.requests[0].params["incomeType"] == "FUNDING_FEE"


async def test_missing_bars_arrive_as_history(exchange: FakeExchange, rest: BinanceRest) -> None:
    opened = 1_795_392_000_000
    exchange.on("GET", "/fapi/v1/premiumIndex", Answer({"symbol": "BTCUSDT", "markPrice": "1", "time": opened + 3_600_000}))
    row = [opened, "10", "12", "9", "11", "5.5", opened + 3_599_999]
    exchange.on("GET", "/fapi/v1/klines", Answer([row]))

    event = await told(rest, FetchBars("BTCUSDT", opened))

    assert isinstance(event, BarClosed)
    assert event.is_history


@pytest.mark.parametrize("margin", [Answer({"code": 200, "msg": "success"}), refused(-4046)])
async def test_a_symbol_is_set_up_and_read_back(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock, margin: Answer
) -> None:
    exchange.on("POST", "/fapi/v1/marginType", margin)
    exchange.on("POST", "/fapi/v1/leverage", Answer({"symbol": "BTCUSDT", "leverage": 10}))
    exchange.on("GET", "/fapi/v1/symbolConfig", Answer([{"symbol": "BTCUSDT", "marginType": "ISOLATED", "leverage": 10}]))

    event = await told(rest, SetUpSymbol("BTCUSDT", 10))

    assert event == SetupSeen(SymbolSetup("BTCUSDT", 10, is_isolated=True), MARKET_MS, clock.time_ms)
    assert exchange.seen("POST", "/fapi/v1/marginType")[0].params["marginType"] == "ISOLATED"
    assert exchange.seen("POST", "/fapi/v1/leverage")[0].params["leverage"] == "10"


async def test_a_set_up_that_was_refused_is_told_with_what_holds_instead(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", "/fapi/v1/marginType", refused(-4048))
    exchange.on("POST", "/fapi/v1/leverage", refused(-4028))
    exchange.on("GET", "/fapi/v1/symbolConfig", Answer([{"symbol": "BTCUSDT", "marginType": "CROSSED", "leverage": 20}]))

    margin, leverage, seen = await a_broker(rest).run(SetUpSymbol("BTCUSDT", 125))

    assert isinstance(margin, ErrandFailed)
    assert isinstance(leverage, ErrandFailed)
    assert "-4028" in leverage.detail
    assert isinstance(seen, SetupSeen)
    assert seen.setup == SymbolSetup("BTCUSDT", 20, is_isolated=False)
