"""Leaps of price and time: one frame alone is not believed, what is repeated is."""

import pytest

from engine.market.believed import MOST_LEAP_MS, Believed

T = 1_795_399_680_000


def a_source(price: float = 100.0) -> Believed:
    source = Believed()
    assert source.takes(price, T)
    return source


def test_the_first_price_is_believed_and_so_is_each_that_could_follow() -> None:
    source = a_source()

    assert [source.takes(price, T + 1) for price in (119.0, 96.0, 100.0)] == [True] * 3


@pytest.mark.parametrize("odd", [122.0, 79.0, 1e308, 1e-300])
def test_a_price_that_leaps_is_not_believed_and_the_next_sound_one_is(odd: float) -> None:
    source = a_source()

    assert not source.takes(odd, T + 1)
    assert source.takes(101.0, T + 2)
    assert not source.takes(odd, T + 3)


def test_a_leap_that_is_said_three_times_is_real() -> None:
    source = a_source()

    assert [source.takes(price, T) for price in (40.0, 41.0, 39.0, 39.5)] == [False, False, True, True]


def test_leaps_that_contradict_each_other_confirm_nothing() -> None:
    source = a_source()

    assert not any(source.takes(price, T) for price in (1_000.0, 10.0, 1_000.0, 10.0, 1e9, 1_000.0))


def test_a_time_from_another_year_is_not_believed_until_it_is_repeated() -> None:
    source, later = a_source(), T + 2 * MOST_LEAP_MS

    assert not source.takes(100.0, later)
    assert source.takes(100.0, T + 1_000)
    assert [source.takes(100.0, later + step) for step in range(3)] == [False, False, True]
    assert source.time_ms == later + 2


@pytest.mark.parametrize("back_ms", [1, 5_000, 5 * MOST_LEAP_MS])
def test_a_value_older_than_the_believed_one_is_ignored_and_one_of_the_same_time_is_not(back_ms: int) -> None:
    source = a_source()

    assert not source.takes(96.0, T - back_ms)
    assert source.takes(101.0, T)
    assert [source.takes(price, time_ms) for price, time_ms in ((95.0, T - back_ms), (102.0, T + 1)) * 3] == [False, True] * 3
    assert (source.price, source.time_ms) == (102.0, T + 1)


@pytest.mark.parametrize("back_ms", [5_000, 5 * MOST_LEAP_MS])
def test_an_exchange_that_was_set_back_is_believed_when_nothing_newer_comes_any_more(back_ms: int) -> None:
    source, earlier = a_source(), T - back_ms

    assert [source.takes(100.0, earlier + step) for step in range(4)] == [False, False, True, True]
    assert source.time_ms == earlier + 3
