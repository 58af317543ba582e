"""Bars over requests: closed by the market's time, page by page; what makes no sense is left out and named."""

from typing import Any

import pytest

from engine.adapters.binance_rest import BinanceRest
from tests.engine.adapters.bar_rows import HOUR, MARKET, OPEN, an_archive, premium, row
from tests.engine.adapters.fake_exchange import Answer, FakeExchange, ManualClock, Request


async def test_the_newest_bars_are_read_and_the_forming_one_is_not(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", an_archive(0))

    bars = await rest.closed_bars("BTCUSDT", "1h", 3, 0)

    assert [bar.bar.open_time_ms for bar in bars] == [OPEN - 3 * HOUR, OPEN - 2 * HOUR, OPEN - HOUR]
    assert all(bar.is_history and bar.time_ms == MARKET for bar in bars)
    assert bars[0].bar.volume == 5.5


async def test_a_bar_is_closed_by_the_markets_time_not_by_ours(
    exchange: FakeExchange, rest: BinanceRest, clock: ManualClock
) -> None:
    clock.time_ms = OPEN + 50 * HOUR
    exchange.on("GET", "/fapi/v1/premiumIndex", premium(OPEN - 1))
    exchange.on("GET", "/fapi/v1/klines", an_archive(0))

    bars = await rest.closed_bars("BTCUSDT", "1h", 1, 0)

    assert [bar.bar.open_time_ms for bar in bars] == [OPEN - 2 * HOUR]


async def test_more_bars_than_one_page_holds_come_in_pages(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", an_archive(0))

    bars = await rest.closed_bars("BTCUSDT", "1h", 2_500, 0)

    assert [bar.bar.open_time_ms for bar in bars] == list(range(OPEN - 2_500 * HOUR, OPEN, HOUR))
    assert len(exchange.seen("GET", "/fapi/v1/klines")) == 3


async def test_bars_since_a_moment_begin_with_the_first_that_opened_then(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", an_archive(0))

    bars = await rest.closed_bars("BTCUSDT", "1h", 0, OPEN - 2 * HOUR - 5)

    assert [bar.bar.open_time_ms for bar in bars] == [OPEN - 2 * HOUR, OPEN - HOUR]


async def test_a_young_contract_has_fewer_bars(exchange: FakeExchange, rest: BinanceRest) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", an_archive(OPEN - 2 * HOUR))

    assert len(await rest.closed_bars("BTCUSDT", "1h", 1_000, 0)) == 2
    assert await rest.closed_bars("BTCUSDT", "1h", 0, OPEN) == ()


@pytest.mark.parametrize(
    "broken",
    [
        [OPEN - 2 * HOUR + 1, *row(OPEN - 2 * HOUR)[1:]],
        [OPEN - 2 * HOUR, "NaN", *row(OPEN - 2 * HOUR)[2:]],
        [OPEN - 2 * HOUR, "10", "8", *row(OPEN - 2 * HOUR)[3:]],
        [OPEN - 2 * HOUR, None, *row(OPEN - 2 * HOUR)[2:]],
        [OPEN - 2 * HOUR, "10"],
        "gone",
    ],
    ids=["misaligned", "no number", "high below low", "no price", "cut short", "no row"],
)
async def test_a_bar_that_makes_no_sense_is_left_out_and_named_once(
    exchange: FakeExchange, rest: BinanceRest, caplog: pytest.LogCaptureFixture, broken: Any
) -> None:
    """Raised, a lasting one kept the bot from starting for ever."""
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", Answer([row(OPEN - 3 * HOUR), broken, row(OPEN - HOUR)]))

    for _ in range(2):
        bars = await rest.closed_bars("BTCUSDT", "1h", 3, 0)

    assert [bar.bar.open_time_ms for bar in bars] == [OPEN - 3 * HOUR, OPEN - HOUR]
    assert [record.message.split(";")[0] for record in caplog.records] == ["a bar of BTCUSDT is left out"]


async def test_a_newest_bar_that_cannot_be_read_keeps_back_none_before_it(exchange: FakeExchange, rest: BinanceRest) -> None:
    def page(asked: Request) -> Answer:
        answer = an_archive(0)(asked)
        answer.body[-1] = None
        return answer

    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", page)

    bars = await rest.closed_bars("BTCUSDT", "1h", 3, 0)

    assert [bar.bar.open_time_ms for bar in bars] == [OPEN - 3 * HOUR, OPEN - 2 * HOUR]


async def test_bars_are_put_in_order_and_of_two_that_differ_none_is_believed(exchange: FakeExchange, rest: BinanceRest) -> None:
    again, other = row(OPEN - 3 * HOUR), [OPEN - HOUR, "11", *row(OPEN - HOUR)[2:]]
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", Answer([row(OPEN - HOUR), row(OPEN - 2 * HOUR), row(OPEN - 3 * HOUR), again, other]))

    bars = await rest.closed_bars("BTCUSDT", "1h", 3, 0)

    assert [bar.bar.open_time_ms for bar in bars] == [OPEN - 3 * HOUR, OPEN - 2 * HOUR]


async def test_a_bad_last_row_of_a_page_hides_no_page_behind_it(exchange: FakeExchange, rest: BinanceRest) -> None:
    whole = an_archive(0)

    def page(asked: Request) -> Answer:
        answer = whole(asked)
        if len(answer.body) == 1_000:
            answer.body[-1][0] += 1
        return answer

    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", page)

    bars = await rest.closed_bars("BTCUSDT", "1h", 1_500, 0)

    opened = [bar.bar.open_time_ms for bar in bars]
    expected = list(range(OPEN - 1_500 * HOUR, OPEN, HOUR))
    assert opened == expected[:999] + expected[1_000:]


@pytest.mark.parametrize("answer", [[row(OPEN - HOUR + 1)], ["gone", "gone"]])
async def test_bars_of_which_none_makes_sense_are_no_answer(exchange: FakeExchange, rest: BinanceRest, answer: Any) -> None:
    exchange.on("GET", "/fapi/v1/premiumIndex", premium())
    exchange.on("GET", "/fapi/v1/klines", Answer(answer))

    with pytest.raises(ConnectionError):
        await rest.closed_bars("BTCUSDT", "1h", 1, 0)
