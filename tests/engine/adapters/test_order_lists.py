"""The list of all orders, which says that one was never taken: whole, page by page, or not at all."""

from typing import Any

from engine.adapters.binance_rest import BinanceRest
from engine.model.events import ErrandFailed, OrdersListed
from engine.model.messages import ListOrders
from engine.ports import Event
from tests.engine.adapters.binance_builders import ENTRY_ID, MARKET_MS, a_broker
from tests.engine.adapters.fake_exchange import Answer, FakeExchange, ManualClock, Request

PATH = "/fapi/v1/allOrders"
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
