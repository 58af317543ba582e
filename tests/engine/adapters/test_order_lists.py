"""The lists of all orders and executions: whole, page by page and window by window up to now, or not at all."""

from collections.abc import Callable
from typing import Any

import pytest

from engine.adapters.binance_account import HISTORY_MS
from engine.adapters.binance_rest import BinanceRest
from engine.model.events import ErrandFailed, FillsListed, OrdersListed
from engine.model.messages import FetchFills, ListOrders
from engine.ports import Event
from tests.engine.adapters.binance_builders import ENTRY_ID, MARKET_MS, a_broker
from tests.engine.adapters.errand_parts import trade
from tests.engine.adapters.fake_exchange import Answer, FakeExchange, ManualClock, Request

PATH, TRADES = "/fapi/v1/allOrders", "/fapi/v1/userTrades"
DAY = 86_400_000


def order(number: int, name: str) -> dict[str, Any]:
    parts = {"executedQty": "0", "origQty": "0.010", "side": "BUY", "reduceOnly": False, "status": "EXPIRED"}
    return {"orderId": number, "symbol": "BTCUSDT", "clientOrderId": name, **parts}


async def told(rest: BinanceRest, since_ms: int) -> Event:
    (event,) = await a_broker(rest).run(ListOrders("BTCUSDT", since_ms))
    return event


async def test_orders_are_listed_by_name_from_a_moment_on(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    exchange.on("GET", PATH, Answer([order(7, ENTRY_ID), order(8, "web_1")]))

    event = await told(rest, MARKET_MS - 60_000)

    names = frozenset({ENTRY_ID, "web_1"})
    assert event == OrdersListed("BTCUSDT", names, clock.time_ms, MARKET_MS, clock.time_ms)
    asked = exchange.seen("GET", PATH)[0].params
    assert (asked["symbol"], asked["startTime"]) == ("BTCUSDT", str(MARKET_MS - 60_000))


async def test_a_long_list_is_read_page_by_page_and_window_by_window(exchange: FakeExchange, rest: BinanceRest) -> None:
    everything = [order(number, f"order_{number}") for number in range(1, 1_501)]

    def page(asked: Request) -> Answer:
        params = asked.params
        if "orderId" in params:
            assert "startTime" not in params
            return Answer([row for row in everything if row["orderId"] >= int(params["orderId"])][:1_000])
        start, end = int(params["startTime"]), int(params["endTime"])
        assert end - start < 7 * DAY
        return Answer(everything[:1_000] if start == MARKET_MS - 8 * DAY else [])

    exchange.on("GET", PATH, page)

    event = await told(rest, MARKET_MS - 8 * DAY)

    assert isinstance(event, OrdersListed)
    assert event.client_ids == {f"order_{number}" for number in range(1, 1_501)}
    assert len(exchange.seen("GET", PATH)) == 3


async def test_a_list_of_which_a_page_fails_is_no_list(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", PATH, Answer([order(number, f"order_{number}") for number in range(1_000)]), Answer({}, status=500))

    event = await told(rest, MARKET_MS - 60_000)

    assert isinstance(event, ErrandFailed)
    assert (event.errand, event.symbol) == ("ListOrders", "BTCUSDT")


async def test_before_the_feed_runs_every_window_up_to_now_is_asked_for(exchange: FakeExchange, rest: BinanceRest) -> None:
    """A start asked for the first week only: the stop that closed a position of twelve days was never booked."""
    exchange.on("GET", "/fapi/v1/premiumIndex", Answer({"symbol": "BTCUSDT", "markPrice": "1", "time": MARKET_MS}))
    exchange.on("GET", PATH, _in_its_window(MARKET_MS - DAY, order(7, ENTRY_ID)))
    exchange.on("GET", TRADES, _in_its_window(MARKET_MS - DAY, trade(1)))
    exchange.on("GET", "/fapi/v1/order", Answer(order(7, ENTRY_ID)))
    broker, since_ms = a_broker(rest, market_ms=0), MARKET_MS - 12 * DAY

    (listed,) = await broker.run(ListOrders("BTCUSDT", since_ms))
    (filled,) = await broker.run(FetchFills("BTCUSDT", since_ms))

    assert isinstance(listed, OrdersListed)
    assert listed.client_ids == {ENTRY_ID}
    assert isinstance(filled, FillsListed)
    assert [fill.trade_id for fill in filled.fills] == [1]
    assert len(exchange.seen("GET", PATH)) == len(exchange.seen("GET", TRADES)) == 2


async def test_before_the_feed_runs_executions_up_to_an_unknown_now_are_no_list(
    exchange: FakeExchange, rest: BinanceRest
) -> None:
    exchange.on("GET", TRADES, Answer([]))

    (event,) = await a_broker(rest, market_ms=0).run(FetchFills("BTCUSDT", MARKET_MS - 12 * DAY))

    assert isinstance(event, ErrandFailed)


@pytest.mark.parametrize("path", [PATH, TRADES])
async def test_nothing_is_asked_for_that_the_exchange_no_longer_keeps(
    exchange: FakeExchange, rest: BinanceRest, path: str
) -> None:
    exchange.on("GET", path, Answer([]))

    await a_broker(rest).run(ListOrders("BTCUSDT", 0) if path == PATH else FetchFills("BTCUSDT", 0))

    asked = exchange.seen("GET", path)
    assert int(asked[0].params["startTime"]) == MARKET_MS - HISTORY_MS
    assert len(asked) == 13


def _in_its_window(time_ms: int, row: dict[str, Any]) -> Callable[[Request], Answer]:
    """A list that shows a row where its moment is asked for."""

    def listed(asked: Request) -> Answer:
        start, end = int(asked.params["startTime"]), int(asked.params["endTime"])
        return Answer([row] if start <= time_ms <= end else [])

    return listed
