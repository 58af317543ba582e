"""Single indicator steps: seeded as TA-Lib seeds them, and sensible where nothing moves."""

import math

import pytest

from engine.features.indicators import (
    RSI_OF_NO_MOVEMENT,
    directional_index,
    ema,
    known,
    percent,
    relative_strength,
    sign,
    true_range,
    wilder,
    wilder_sum,
)


def test_an_exponential_average_begins_as_the_mean_of_its_first_values() -> None:
    value = 0.0
    for count, seen in enumerate((2.0, 4.0, 9.0), start=1):
        value = ema(value, seen, count, period=3)

    assert value == 5.0
    assert ema(value, 9.0, 4, period=3) == pytest.approx(5.0 + (9.0 - 5.0) * 2 / 4)


def test_wilders_average_begins_as_a_mean_and_then_takes_one_part_in_period() -> None:
    value = 0.0
    for count, seen in enumerate((1.0, 3.0), start=1):
        value = wilder(value, seen, count, period=2)

    assert value == 2.0
    assert wilder(value, 6.0, 3, period=2) == 4.0


def test_wilders_sum_is_seeded_one_value_short_and_then_decays() -> None:
    value = 0.0
    for count, seen in enumerate((3.0, 5.0), start=1):
        value = wilder_sum(value, seen, count, period=3)

    assert value == 8.0
    assert wilder_sum(value, 1.0, 3, period=3) == pytest.approx(8.0 - 8.0 / 3 + 1.0)


def test_strength_is_neutral_where_nothing_moved_and_full_where_nothing_fell() -> None:
    assert relative_strength(0.0, 0.0) == RSI_OF_NO_MOVEMENT
    assert relative_strength(2.0, 0.0) == 100.0
    assert relative_strength(0.0, 2.0) == 0.0
    assert relative_strength(3.0, 1.0) == 75.0


@pytest.mark.parametrize(("close_before", "reach"), [(105.0, 10.0), (120.0, 20.0), (90.0, 20.0)])
def test_the_true_range_reaches_to_the_close_before(close_before: float, reach: float) -> None:
    assert true_range(110.0, 100.0, close_before) == reach


def test_directional_index_keeps_what_it_was_where_nothing_moves() -> None:
    assert directional_index(0.0, 0.0, before=37.0) == 37.0
    assert directional_index(3.0, 1.0, before=37.0) == 50.0
    assert percent(1.0, 0.0) == 0.0
    assert percent(1.0, 4.0) == 25.0


def test_an_unknown_value_has_no_sign() -> None:
    assert [sign(value) for value in (2.0, -2.0, 0.0, math.nan)] == [1, -1, 0, 0]
    assert math.isnan(known(1.0, False))
    assert known(1.0, True) == 1.0
