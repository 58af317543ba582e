"""Plans: levels on the grid, touches at any moment, moves on closed bars only, and never a looser stop."""

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.execution.exits import (
    NO_TOUCH,
    Touch,
    first_plan,
    locked_in_r,
    moved_to_entry,
    opposed,
    overdue,
    touched,
    trailed,
)
from engine.model.market import PriceWindow
from engine.model.signals import Regime
from tests import builders

PARAMS = builders.params()
LOT = builders.lot()
sides = st.sampled_from((-1, 1))
prices = st.floats(1.0, 1e5)
ranges = st.floats(0.0, 0.3)


def mirrored(price: float, side: int) -> float:
    """A price as far above 2000 as the given one for a long, or as far below for a short."""
    return 2_000.0 + side * (price - 2_000.0)


@pytest.mark.parametrize("side", [1, -1])
def test_the_first_plan_lies_one_r_below_two_r_above_and_holds_a_wide_stop_two_r_below(side: int) -> None:
    plan = first_plan(side, 2_000.0, 20.0, 0.0, LOT, builders.START_MS, PARAMS)

    assert plan._replace(best_close=2_000.0) == builders.plan(side)
    assert math.isnan(plan.best_close), "no bar has closed since the entry"
    assert locked_in_r(plan) == -1.0


@pytest.mark.parametrize("side", [1, -1])
def test_the_wide_stop_comes_nearer_where_liquidation_is_near(side: int) -> None:
    near = first_plan(side, 2_000.0, 20.0, mirrored(1_950.0, side), LOT, 0, PARAMS)
    far = first_plan(side, 2_000.0, 20.0, mirrored(1_800.0, side), LOT, 0, PARAMS)

    assert near.wide_stop == mirrored(1_960.0, side)
    assert far.wide_stop == mirrored(1_940.0, side)


@given(sides, prices, ranges, st.sampled_from(("0.00001", "0.01", "0.5")))
def test_all_levels_are_prices_that_the_exchange_can_write(side: int, entry: float, share: float, tick: str) -> None:
    lot = builders.lot(tick_size=Decimal(tick))

    plan = first_plan(side, entry, entry * share, 0.0, lot, 0, PARAMS)

    for level in (plan.stop, plan.target, plan.wide_stop):
        assert level > 0.0
        assert Decimal(repr(level)) % Decimal(tick) == 0


@pytest.mark.parametrize("side", [1, -1])
@pytest.mark.parametrize(
    ("window", "touch"),
    [
        ((2_000.0, 1_971.0, 2_059.0), NO_TOUCH),
        ((2_000.0, 1_970.0, 2_010.0), Touch(1, 1_970.0)),
        ((2_000.0, 1_990.0, 2_060.0), Touch(2, 2_060.0)),
        ((2_000.0, 1_960.0, 2_070.0), Touch(1, 1_970.0)),
        ((1_950.0, 1_940.0, 1_980.0), Touch(1, 1_950.0)),
        ((2_080.0, 2_070.0, 2_090.0), Touch(2, 2_080.0)),
        ((1_970.0, 1_970.0, 1_970.0), Touch(1, 1_970.0)),
    ],
)
def test_the_stop_is_judged_before_the_target_and_a_gap_fills_at_the_open(
    side: int, window: tuple[float, float, float], touch: Touch
) -> None:
    opened, low, high = (mirrored(price, side) for price in window)

    seen = touched(builders.plan(side), PriceWindow(opened, min(low, high), max(low, high)))

    assert seen == (Touch(touch.kind, mirrored(touch.price, side)) if touch.kind else NO_TOUCH)


def test_an_unknown_price_touches_nothing() -> None:
    assert touched(builders.plan(), PriceWindow(math.nan, math.nan, math.nan)) == NO_TOUCH


@pytest.mark.parametrize("side", [1, -1])
def test_the_stop_follows_the_best_close_and_not_the_newest(side: int) -> None:
    plan = builders.plan(side)

    first = trailed(plan._replace(best_close=math.nan), mirrored(1_990.0, side), 20.0, LOT, PARAMS)
    up = trailed(first, mirrored(2_030.0, side), 20.0, LOT, PARAMS)
    back = trailed(up, mirrored(2_010.0, side), 20.0, LOT, PARAMS)
    calmer = trailed(back, mirrored(2_010.0, side), 10.0, LOT, PARAMS)

    assert (first.stop, first.best_close) == (plan.stop, mirrored(1_990.0, side))
    assert (up.stop, up.best_close) == (2_000.0, mirrored(2_030.0, side))
    assert back == up
    assert calmer.stop == mirrored(2_015.0, side)
    assert locked_in_r(calmer) == 0.5


def test_a_stop_does_not_move_by_less_than_a_tick_nor_while_the_range_is_unknown() -> None:
    plan = builders.plan(best_close=2_000.0)

    assert trailed(plan, 2_000.004, 20.0, LOT, PARAMS).stop == plan.stop
    assert trailed(plan, 2_100.0, math.nan, LOT, PARAMS).stop == plan.stop
    assert trailed(builders.plan(-1), 1_900.0, math.nan, LOT, PARAMS).stop == 2_030.0


closes = st.lists(st.tuples(st.floats(-0.2, 0.2), st.one_of(st.just(math.nan), ranges)), min_size=1, max_size=30)


@given(sides, prices, st.floats(1e-4, 0.3), closes)
def test_a_stop_never_loosens_and_the_rest_of_the_plan_never_moves(
    side: int, entry: float, share: float, bars: list[tuple[float, float]]
) -> None:
    plan = first_plan(side, entry, entry * share, 0.0, LOT, 0, PARAMS)
    fixed = (plan.entry, plan.risk_distance, plan.target, plan.wide_stop)

    for change, atr_share in bars:
        after = trailed(plan, entry * (1 + change), entry * atr_share, LOT, PARAMS)

        moved = side * (after.stop - plan.stop)
        assert moved == 0.0 or moved > 0.009
        assert not side * (after.best_close - plan.best_close) < 0.0
        assert side * (after.best_close - entry * (1 + change)) >= 0.0
        assert (after.entry, after.risk_distance, after.target, after.wide_stop) == fixed
        plan = after


@given(sides, prices, st.floats(1e-3, 0.3), st.floats(-0.2, 0.2))
def test_break_even_never_loosens_and_then_costs_nothing(side: int, entry: float, share: float, change: float) -> None:
    plan = trailed(
        first_plan(side, entry, entry * share, 0.0, LOT, 0, PARAMS), entry * (1 + change), entry * share, LOT, PARAMS
    )

    level = moved_to_entry(plan, LOT)

    assert side * (level.stop - plan.stop) >= 0.0
    assert side * (level.stop - entry) >= -0.0051
    assert moved_to_entry(level, LOT) is level


around = st.floats(1_900.0, 2_100.0)


@given(sides, around, around, around)
def test_a_bar_touches_what_one_of_its_extremes_touches_as_a_live_price(
    side: int, opened: float, one: float, other: float
) -> None:
    plan, low, high = builders.plan(side), min(opened, one, other), max(opened, one, other)

    seen = touched(plan, PriceWindow(opened, low, high))
    points = {touched(plan, PriceWindow(price, price, price)).kind for price in (low, high)}

    assert seen.kind == (1 if 1 in points else max(points))
    assert low <= seen.price <= high or seen == NO_TOUCH


def test_time_is_up_at_the_close_that_completes_it() -> None:
    plan, day_ms = builders.plan(), 24 * builders.HOUR_MS

    assert not overdue(plan, plan.opened_ms + day_ms - 1, PARAMS)
    assert overdue(plan, plan.opened_ms + day_ms, PARAMS)


def test_only_the_opposite_trend_ends_a_position_unless_a_range_is_set_to() -> None:
    long_ends = [kind for kind in Regime if opposed(1, kind, PARAMS)]
    short_ends = [kind for kind in Regime if opposed(-1, kind, builders.params(exit_on_range=1))]

    assert long_ends == [Regime.BEAR_TREND]
    assert short_ends == [Regime.RANGE, Regime.BULL_TREND]


def test_a_plan_without_risk_has_locked_in_nothing() -> None:
    assert locked_in_r(builders.plan(risk_distance=0.0)) == 0.0
