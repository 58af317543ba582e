"""The past over requests: page by page, nothing twice, and nothing of what was not asked for."""

from typing import Any

import pytest

from engine.adapters.binance_errors import ExchangeFailed
from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_past import BinancePast
from engine.adapters.binance_rest import BinanceRest
from engine.model.market import Bar
from tests.engine.adapters.fake_exchange import Answer, FakeExchange, Request

HOUR = 3_600_000
BEGIN = 1_704_067_200_000


def row(number: int) -> list[Any]:
    opened = BEGIN + number * HOUR
    return [opened, "10", "12", "9", "11", "5.5", opened + HOUR - 1, "1", 7, "1", "1", "0"]


def an_archive(known: range) -> Any:
    def answer(request: Request) -> Answer:
        since, until, limit = (int(request.params[name]) for name in ("startTime", "endTime", "limit"))
        rows = [row(number) for number in known if since <= BEGIN + number * HOUR <= until]
        return Answer(rows[:limit])

    return answer


async def read(rest: BinanceRest, begin: int, end: int) -> list[list[Bar]]:
    pages = BinancePast(rest).bars("ETHUSDT", "1h", BEGIN + begin * HOUR, BEGIN + end * HOUR)
    return [list(page) async for page in pages]


async def test_bars_come_page_by_page_and_each_once(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/klines", an_archive(range(5_000)))

    pages = await read(rest, 10, 2_510)

    assert [len(page) for page in pages] == [1_000, 1_000, 500]
    assert [bar.open_time_ms for page in pages for bar in page] == [BEGIN + at * HOUR for at in range(10, 2_510)]
    assert pages[0][0] == Bar(BEGIN + 10 * HOUR, 10.0, 12.0, 9.0, 11.0, 5.5)


async def test_a_young_listing_begins_when_it_begins(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/klines", an_archive(range(90, 100)))

    pages = await read(rest, 0, 100)

    assert [len(page) for page in pages] == [10]


async def test_a_time_without_bars_is_no_endless_question(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/klines", an_archive(range(0)))

    assert await read(rest, 0, 100) == []
    assert len(exchange.requests) == 1


async def test_bars_of_another_interval_are_not_believed(exchange: FakeExchange, rest: BinanceRest) -> None:
    wrong = row(3)
    wrong[6] += HOUR
    exchange.on("GET", "/fapi/v1/klines", Answer([wrong]))

    with pytest.raises(BadMessage):
        await read(rest, 0, 10)


async def test_an_exchange_that_refuses_is_a_failure(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/klines", Answer({"code": -1121, "msg": "Invalid symbol."}, status=400))

    with pytest.raises(ExchangeFailed):
        await read(rest, 0, 10)


async def test_funding_is_read_as_it_was_settled(exchange: FakeExchange, rest: BinanceRest) -> None:
    rows = [{"symbol": "ETHUSDT", "fundingTime": BEGIN + at * 8 * HOUR, "fundingRate": "0.00010000"} for at in range(3)]
    exchange.on("GET", "/fapi/v1/fundingRate", Answer(rows))

    found = await BinancePast(rest).funding("ETHUSDT", BEGIN, BEGIN + 100 * HOUR)

    assert found == [(BEGIN + at * 8 * HOUR, 0.0001) for at in range(3)]
