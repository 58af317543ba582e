"""Orders: signed with a lease, sent once, and every answer or silence told for what it is."""

import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from engine.adapters.binance_errors import CLOCK_UNKNOWN, HELD_BACK, LEASE_OVER, NOT_SENT
from engine.adapters.binance_rest import BinanceRest
from engine.model.events import OrderAccepted, OrderRejected, OrderUnanswered
from engine.model.orders import ApprovedOrder
from engine.ports import Event
from tests.engine.adapters.binance_builders import (
    ENTRY_ID,
    MARKET_MS,
    a_broker,
    a_target,
    a_tight_stop,
    a_wide_stop,
    an_entry,
    an_exit,
)
from tests.engine.adapters.fake_exchange import API_KEY, API_SECRET, Answer, FakeExchange, ManualClock, running_exchange

ORDER, ALGO = "/fapi/v1/order", "/fapi/v1/algoOrder"


def filled(**changes: Any) -> Answer:
    body = {"orderId": 22_542_179, "symbol": "BTCUSDT", "status": "FILLED", "clientOrderId": ENTRY_ID, "executedQty": "0.010"}
    return Answer({**body, **changes})


def resting(**changes: Any) -> Answer:
    return Answer({"algoId": 4_000_001, "clientAlgoId": "abTabcdefghijklmnop002", "algoStatus": "NEW", **changes})


def refused(code: int, status: int = 400, msg: str = "no") -> Answer:
    return Answer({"code": code, "msg": msg}, status=status)


@pytest.fixture(autouse=True)
def _with_time(exchange: FakeExchange, clock: ManualClock) -> None:
    exchange.on("GET", "/fapi/v1/time", lambda _: Answer({"serverTime": clock.time_ms}))


async def entered(rest: BinanceRest) -> Event:
    broker = a_broker(rest)
    (event,) = await broker.send(await broker.sign(an_entry()))
    return event


async def test_an_entry_is_signed_without_sending_anything_but_the_question_for_the_time(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    signed = await a_broker(rest).sign(an_entry())

    assert (signed.signed_ms, signed.deadline_ms) == (clock.time_ms, clock.time_ms + 3_000)
    assert [one.path for one in exchange.requests] == ["/fapi/v1/time"]
    assert API_SECRET not in repr(signed)
    assert "signature" not in repr(signed)


async def test_the_signed_entry_arrives_as_it_was_signed(exchange: FakeExchange, rest: BinanceRest, clock: ManualClock) -> None:
    exchange.on("POST", ORDER, filled())
    broker = a_broker(rest)
    signed = await broker.sign(an_entry())
    clock.time_ms += 250

    (event,) = await broker.send(signed)

    (request,) = exchange.seen("POST", ORDER)
    assert request.text == signed.request["text"]
    params = {key: value for key, value in request.params.items() if key != "signature"}
    assert params == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "0.010",
        "newClientOrderId": ENTRY_ID,
        "newOrderRespType": "RESULT",
        "recvWindow": "3000",
        "timestamp": str(signed.signed_ms),
    }
    assert event == OrderAccepted("BTCUSDT", ENTRY_ID, 22_542_179, Decimal("0.010"), True, MARKET_MS, clock.time_ms)


async def test_an_answer_of_new_is_accepted_but_not_final(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", ORDER, filled(status="NEW", executedQty="0.000"))

    event = await entered(rest)

    assert isinstance(event, OrderAccepted)
    assert (event.executed, event.is_final) == (Decimal(0), False)


@pytest.mark.parametrize("late_ms", [251, 40_000, -5])
async def test_an_entry_is_dropped_where_time_passed_since_it_was_signed(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock, late_ms: int
) -> None:
    broker = a_broker(rest)
    signed = await broker.sign(an_entry())
    clock.time_ms += late_ms

    (event,) = await broker.send(signed)

    assert isinstance(event, OrderRejected)
    assert event.code == LEASE_OVER
    assert exchange.seen("POST", ORDER) == []


async def test_an_entry_is_never_sent_a_second_time(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", ORDER, filled())
    broker = a_broker(rest)
    signed = await broker.sign(an_entry())
    await broker.send(signed)

    (event,) = await broker.send(signed)

    assert isinstance(event, OrderUnanswered)
    assert len(exchange.seen("POST", ORDER)) == 1


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (refused(-2019, msg="Margin is insufficient."), -2019),
        (refused(-1021), -1021),
        (refused(-5028), -5028),
        (refused(-4164), -4164),
        (refused(-2015, status=401), -2015),
        (refused(-1008, status=503), -1008),
        (refused(-1001, status=503, msg="Internal error; unable to process your request. Please try again."), -1001),
        (Answer("Service Unavailable.", status=503), 503),
        (Answer("<html>blocked</html>", status=403), 403),
        (refused(-1003, status=429), -1003),
    ],
)
async def test_a_certain_no_rejects_the_entry(exchange: FakeExchange, rest: BinanceRest, answer: Answer, code: int) -> None:
    exchange.on("POST", ORDER, answer)

    event = await entered(rest)

    assert isinstance(event, OrderRejected)
    assert event.code == code
    assert len(exchange.seen("POST", ORDER)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Answer({}, delay_s=2.0),
        Answer(status=None),
        Answer(cut_in_body=True),
        Answer("<html>Service Temporarily Unavailable</html>", status=503),
        Answer("<html>welcome</html>"),
        Answer({}),
        Answer([]),
        Answer({"orderId": "many", "symbol": "BTCUSDT", "status": "NEW", "clientOrderId": ENTRY_ID}),
        Answer("moved", status=307, headers={"Location": "/fapi/v1/order"}),
        refused(-1006, status=503, msg="Unknown error, please check your request or try again later."),
        refused(-1007, status=408),
        refused(-1000),
        refused(-2010),
        refused(-9_999),
    ],
)
async def test_everything_else_leaves_the_entry_unanswered(exchange: FakeExchange, rest: BinanceRest, answer: Answer) -> None:
    exchange.on("POST", ORDER, answer)

    event = await entered(rest)

    assert isinstance(event, OrderUnanswered)
    assert event.client_id == ENTRY_ID
    assert len(exchange.seen("POST", ORDER)) == 1


@pytest.mark.parametrize("executed", ["NaN", "0.000", "-0.010"])
async def test_a_number_that_is_none_leaves_the_entry_unanswered(
    exchange: FakeExchange, rest: BinanceRest, executed: str
) -> None:
    exchange.on("POST", ORDER, filled(executedQty=executed))

    assert isinstance(await entered(rest), OrderUnanswered)


async def test_an_entry_that_could_not_leave_is_rejected(clock: ManualClock) -> None:
    async with running_exchange() as gone:
        gone.on("GET", "/fapi/v1/time", Answer({"serverTime": clock.time_ms}))
        rest = BinanceRest(
            rest_url=gone.url, sapi_url=gone.url, api_key=API_KEY, api_secret=API_SECRET, timeout_s=1.0, clock=clock
        )
        await rest.sync_time()

    event = await entered(rest)

    assert isinstance(event, OrderRejected)
    assert event.code == NOT_SENT
    await rest.close()


@pytest.mark.parametrize("age_ms", [60_001, -1], ids=["old", "of a clock that was set back"])
async def test_no_entry_is_sent_by_a_reading_of_the_exchanges_clock_that_is_too_old(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock, age_ms: int
) -> None:
    await rest.sync_time()
    exchange.on("GET", "/fapi/v1/time", Answer("Service Unavailable.", status=503))
    clock.time_ms += age_ms

    event = await entered(rest)

    assert isinstance(event, OrderRejected)
    assert event.code == CLOCK_UNKNOWN
    assert exchange.seen("POST", ORDER) == []


async def test_an_old_reading_of_the_clock_is_renewed_before_an_entry(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("POST", ORDER, filled())
    await rest.sync_time()
    clock.time_ms += 60_001

    assert isinstance(await entered(rest), OrderAccepted)
    assert len(exchange.seen("GET", "/fapi/v1/time")) == 2


async def test_an_entry_waits_for_no_pause_it_is_given_up(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", ORDER, refused(-1015, status=400))
    await entered(rest)

    event = await entered(rest)

    assert isinstance(event, OrderRejected)
    assert event.code == HELD_BACK
    assert len(exchange.seen("POST", ORDER)) == 1


async def test_a_cancelled_send_finishes_by_itself(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", ORDER, Answer({}, delay_s=0.2))
    broker = a_broker(rest)
    signed = await broker.sign(an_entry())
    exchange.arrived.clear()
    sending = asyncio.create_task(_all(broker.send(signed)))
    await exchange.arrived.wait()

    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    await broker.close()

    assert len(exchange.seen("POST", ORDER)) == 1


async def _all(work: Awaitable[Any]) -> Any:
    return await work


async def test_a_refused_timestamp_has_the_clock_read_again(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("POST", ORDER, refused(-1021))
    exchange.on("GET", "/fapi/v1/time", Answer({"serverTime": clock.time_ms}), Answer({"serverTime": clock.time_ms + 900}))

    assert isinstance(await entered(rest), OrderRejected)
    assert rest.exchange_ms() - clock.time_ms == 900


@pytest.mark.parametrize(
    ("order", "path", "expected"),
    [
        (
            an_exit(),
            ORDER,
            {"side": "SELL", "type": "MARKET", "quantity": "0.010", "reduceOnly": "true", "newOrderRespType": "RESULT"},
        ),
        (
            a_tight_stop(),
            ALGO,
            {
                "algoType": "CONDITIONAL",
                "side": "SELL",
                "type": "STOP_MARKET",
                "triggerPrice": "58000.10",
                "workingType": "CONTRACT_PRICE",
                "priceProtect": "false",
                "timeInForce": "GTC",
                "quantity": "0.010",
                "reduceOnly": "true",
            },
        ),
        (
            a_wide_stop(),
            ALGO,
            {
                "algoType": "CONDITIONAL",
                "side": "SELL",
                "type": "STOP_MARKET",
                "triggerPrice": "58000.10",
                "workingType": "MARK_PRICE",
                "priceProtect": "false",
                "timeInForce": "GTC",
                "closePosition": "true",
            },
        ),
        (
            a_target(quantity=Decimal("1E+2"), trigger_price=Decimal("1E-5")),
            ALGO,
            {
                "algoType": "CONDITIONAL",
                "side": "SELL",
                "type": "TAKE_PROFIT_MARKET",
                "triggerPrice": "0.00001",
                "workingType": "CONTRACT_PRICE",
                "priceProtect": "false",
                "timeInForce": "GTC",
                "quantity": "100",
                "reduceOnly": "true",
            },
        ),
    ],
)
async def test_exits_stops_and_targets_are_placed_in_the_exchanges_words(
    exchange: FakeExchange, rest: BinanceRest, order: ApprovedOrder, path: str, expected: dict[str, str]
) -> None:
    exchange.on("POST", ORDER, filled(clientOrderId=order.client_id))
    exchange.on("POST", ALGO, resting(clientAlgoId=order.client_id))

    (event,) = await a_broker(rest).place(order)

    (request,) = exchange.seen("POST", path)
    name = "newClientOrderId" if path == ORDER else "clientAlgoId"
    sealed = {"recvWindow", "timestamp", "signature"}
    assert {key: value for key, value in request.params.items() if key not in sealed} == {
        "symbol": "BTCUSDT",
        name: order.client_id,
        **expected,
    }
    assert isinstance(event, OrderAccepted)
    assert event.order_id == (22_542_179 if path == ORDER else 4_000_001)
    assert event.is_final is (path == ORDER)


@pytest.mark.parametrize("code", [-4130, -2021, -4509, -4045, -2022])
async def test_a_refused_stop_says_with_which_code(exchange: FakeExchange, rest: BinanceRest, code: int) -> None:
    exchange.on("POST", ALGO, refused(code))

    (event,) = await a_broker(rest).place(a_tight_stop())

    assert isinstance(event, OrderRejected)
    assert event.code == code


async def test_an_exit_goes_again_at_once_after_a_refused_timestamp(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", ORDER, refused(-1021), filled())

    (event,) = await a_broker(rest).place(an_exit())

    assert isinstance(event, OrderAccepted)
    assert len(exchange.seen("POST", ORDER)) == 2


async def test_an_exit_may_be_placed_while_reads_are_silenced(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/time", refused(-1003, status=429))
    exchange.on("POST", ORDER, filled())
    assert await rest.try_sync_time() is False

    (event,) = await a_broker(rest).place(an_exit())

    assert isinstance(event, OrderAccepted)


async def test_a_duplicate_exit_is_looked_up_and_adopted(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", ORDER, refused(-4116))
    exchange.on("GET", ORDER, filled(status="PARTIALLY_FILLED", executedQty="0.004"))

    (event,) = await a_broker(rest).place(an_exit())

    assert isinstance(event, OrderAccepted)
    assert (event.executed, event.is_final) == (Decimal("0.004"), False)
    assert exchange.seen("GET", ORDER)[0].params["origClientOrderId"] == "abXabcdefghijklmnop001"


async def test_a_duplicate_stop_is_looked_up_and_adopted(exchange: FakeExchange, rest: BinanceRest) -> None:
    row = {
        "algoId": 9,
        "clientAlgoId": "abTabcdefghijklmnop002",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "algoStatus": "NEW",
        "orderType": "STOP_MARKET",
    }
    exchange.on("POST", ALGO, refused(-4116))
    exchange.on("GET", ALGO, Answer(row))

    (event,) = await a_broker(rest).place(a_tight_stop())

    assert isinstance(event, OrderAccepted)
    assert (event.order_id, event.is_final) == (9, False)


@pytest.mark.parametrize("make", [an_exit, a_tight_stop])
async def test_a_duplicate_that_cannot_be_found_stays_unanswered(
    exchange: FakeExchange, rest: BinanceRest, make: Callable[[], ApprovedOrder]
) -> None:
    exchange.on("POST", ORDER, refused(-4116))
    exchange.on("POST", ALGO, refused(-4116))
    exchange.on("GET", ORDER, refused(-2013))
    exchange.on("GET", ALGO, refused(-2013))

    (event,) = await a_broker(rest).place(make())

    assert isinstance(event, OrderUnanswered)


async def test_an_order_can_be_tried_out(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("POST", f"{ORDER}/test", Answer({}), refused(-4164))
    broker = a_broker(rest)

    await broker.try_out(an_entry())
    with pytest.raises(ConnectionError):
        await broker.try_out(an_entry())
    assert exchange.seen("POST", ORDER) == []
