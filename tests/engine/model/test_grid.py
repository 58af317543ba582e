"""The grid in numbers: a quantity is rounded down to whole lots, a price to the nearest tick, however fine the grid."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.grid import MOST_LOTS, lots_within, nearest_ticks, price_at, quantity_of
from tests import builders

grids = st.sampled_from(("0.00000001", "0.0001", "0.01", "0.05", "0.5", "1", "25", "1000"))


@given(grids, st.floats(0.0, 9_000.0))
def test_lots_within_are_never_more_than_there_is(step: str, quantity: float) -> None:
    lot = builders.lot(step_size=Decimal(step))

    lots = lots_within(quantity, lot)

    assert quantity_of(lots, lot) <= quantity * (1 + 2e-13)
    assert quantity_of(lots + 1, lot) > quantity * (1 - 1e-15)


@pytest.mark.parametrize("quantity", [float("nan"), 0.0, -3.0])
def test_nothing_and_the_unknown_hold_no_lots(quantity: float) -> None:
    assert lots_within(quantity, builders.lot()) == 0


def test_more_than_any_order_is_as_much_as_any_order() -> None:
    assert lots_within(float("inf"), builders.lot()) == MOST_LOTS


@pytest.mark.parametrize(("price", "ticks"), [(0.024, 2), (0.025, 3), (0.026, 3), (2_000.004, 200_000)])
def test_a_price_goes_to_the_nearest_tick_and_halves_go_up(price: float, ticks: int) -> None:
    assert nearest_ticks(price, builders.lot()) == ticks
    assert price_at(ticks, builders.lot()) == ticks / 100
