"""Bars as columns on the grid of their exchange."""

import numpy as np
import pytest

from engine.adapters.rules_files import inferred_rules
from engine.backtest.bars import Rounding, on_grid
from engine.backtest.history import Floats


def prices(tick: str, middle: float, count: int = 4_000) -> list[Floats]:
    """A seeded walk on a grid, as columns."""
    steps = np.random.default_rng(7).integers(-40, 41, size=(4, count)).cumsum(axis=1)
    return list((np.abs(round(middle / float(tick)) + steps) + 1) * float(tick))


def test_prices_between_the_ticks_are_rounded_to_them_and_the_others_stay_to_the_bit() -> None:
    rules = inferred_rules("XUSDT", prices("0.1", 650.0))
    columns = [np.array([650.1, 650.3, 650.34, 649.96]), np.array([0.3, 0.7, 12.3, 1e5 + 0.1])]

    gridded, rounding = on_grid(columns, rules)

    assert gridded[0].tolist() == [650.1, 650.3, 650.3, 650.0]
    assert gridded[1].tolist() == columns[1].tolist()
    assert (rounding.share, rounding.worst_bar) == (0.5, 3)
    assert rounding.most == pytest.approx(0.04 / 649.96)


def test_prices_on_the_grid_are_not_touched() -> None:
    columns = prices("0.05", 900.0)

    gridded, rounding = on_grid(columns, inferred_rules("XUSDT", columns))

    assert all(one is other for one, other in zip(gridded, columns, strict=True))
    assert rounding == Rounding(0.0, 0.0, 0)


def test_a_price_below_a_tick_is_rounded_by_more_than_it_is_worth() -> None:
    rules = inferred_rules("XUSDT", prices("0.1", 650.0))

    assert on_grid([np.array([650.0, 0.01, 650.0])], rules)[1] == Rounding(1 / 3, 1.0, 1)
