"""What is believed of the first frames after a start: market time is known from the bars read before them."""

from collections.abc import Callable

import pytest

from engine.adapters.binance_beliefs import Beliefs
from engine.adapters.binance_messages import MarketNews
from engine.market.believed import MOST_LEAP_MS
from engine.model.events import BarClosed, MarkSeen, PriceSeen, QuoteSeen
from engine.model.market import Bar, PriceWindow

MINUTE = 60_000
T = 1_795_399_680_000
IN_2099 = 4_070_908_800_000


def a_mark(time_ms: int) -> MarkSeen:
    return MarkSeen("BTCUSDT", 10.0, 0.0001, T, time_ms, 1)


def a_price(time_ms: int) -> PriceSeen:
    return PriceSeen("BTCUSDT", 10.0, PriceWindow(10.0, 10.0, 10.0), time_ms, 1)


def a_quote(time_ms: int) -> QuoteSeen:
    return QuoteSeen("BTCUSDT", 10.0, 10.0, time_ms, 1)


def a_closed_bar(time_ms: int) -> BarClosed:
    return BarClosed(
        "BTCUSDT", Bar(time_ms - MINUTE, 10.0, 10.0, 10.0, 10.0, 1.0), is_history=False, time_ms=time_ms, seen_ms=1
    )


def beliefs_after(time_ms: int) -> Beliefs:
    beliefs = Beliefs()
    beliefs.start_after(time_ms)
    return beliefs


@pytest.mark.parametrize("wrong_ms", [IN_2099, T - 2 * MOST_LEAP_MS])
@pytest.mark.parametrize("news", [a_mark, a_price, a_quote])
def test_a_first_time_far_from_the_newest_known_bar_is_not_believed(news: Callable[[int], MarketNews], wrong_ms: int) -> None:
    beliefs = beliefs_after(T)

    assert [beliefs.takes(news(time_ms)) for time_ms in (wrong_ms, T + 500, wrong_ms, T + 600)] == [False, True] * 2


def test_a_first_bar_from_another_century_is_not_believed() -> None:
    assert not beliefs_after(T).takes(a_closed_bar(IN_2099))
    assert beliefs_after(T).takes(a_closed_bar(T + MINUTE))


def test_after_months_away_a_first_time_is_believed_when_it_is_repeated() -> None:
    beliefs = beliefs_after(T - 3 * MOST_LEAP_MS)

    assert [beliefs.takes(a_mark(T + second * 1_000)) for second in range(4)] == [False, False, True, True]


def test_where_no_bar_is_known_the_first_time_is_believed() -> None:
    assert Beliefs().takes(a_mark(T))


def test_the_newest_of_the_known_bars_counts_for_every_symbol() -> None:
    beliefs = beliefs_after(T)
    beliefs.start_after(T - 9 * MOST_LEAP_MS)  # a symbol whose bars end long ago

    assert beliefs.takes(a_mark(T + 500))
