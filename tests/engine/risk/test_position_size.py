"""How much: never above a limit, always whole lots rounded down, and never with the stop behind the liquidation."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from engine.model.grid import quantity_of
from engine.model.market import Bracket
from engine.model.signals import Limit, SizeChecks
from engine.risk.position_size import bracket_for, liquidation_price, position_size, size_checks
from tests import builders

PARAMS = builders.params()
LOT = builders.lot()
NAN = math.nan


def checks(side: int = 1, price: float = 2_000.0, atr: float = 20.0, equity: float = 10_000.0, **tuned: Any) -> SizeChecks:
    params = builders.params(**tuned)
    size = position_size(price, atr, equity, LOT, params)
    return size_checks(side, price, size, LOT, builders.BRACKETS, params)


def test_the_risk_rule_decides_where_the_stop_is_far() -> None:
    size = position_size(2_000.0, 20.0, 10_000.0, LOT, PARAMS)

    assert (size.lots, size.limited_by) == (3_333, Limit.RISK)
    assert size.risk_amount == pytest.approx(99.99)
    assert size.margin == pytest.approx(3.333 * 2_000 / 10)


def test_the_margin_cap_decides_where_the_stop_is_near() -> None:
    size = position_size(2_000.0, 2.0, 10_000.0, LOT, PARAMS)

    assert (size.lots, size.limited_by) == (5_000, Limit.MARGIN_CAP)
    assert (size.risk_lots, size.margin_lots, size.maximum_lots) == (33_333, 5_000, 2_000_000)
    assert size.margin == 1_000.0


def test_the_exchange_maximum_decides_where_it_is_smaller_than_both() -> None:
    size = position_size(2_000.0, 20.0, 10_000.0, builders.lot(max_market_quantity=Decimal("1.5")), PARAMS)

    assert (size.lots, size.limited_by) == (1_500, Limit.EXCHANGE_MAXIMUM)


@given(
    price=st.floats(1e-4, 1e5),
    atr_share=st.floats(1e-5, 0.5),
    equity=st.floats(1.0, 1e8),
    risk=st.floats(0.0001, 0.05),
    ratio=st.floats(0.001, 1.0),
    leverage=st.integers(1, 125),
    step=st.sampled_from(("0.001", "0.1", "1", "100")),
)
def test_a_size_is_below_every_limit_and_one_lot_more_would_not_be(
    price: float, atr_share: float, equity: float, risk: float, ratio: float, leverage: int, step: str
) -> None:
    lot = builders.lot(step_size=Decimal(step), min_quantity=Decimal(step), max_market_quantity=1_000 * Decimal(step))
    params = builders.params(risk_per_trade=risk, max_position_value_ratio=ratio, leverage=leverage)

    size = position_size(price, price * atr_share, equity, lot, params)

    exact = 1 + 1e-8
    assert 0 <= size.lots <= lot.max_lots
    assert size.risk_amount <= equity * risk * exact
    assert size.margin <= equity * ratio * exact
    one_more = quantity_of(size.lots + 1, lot)
    assert (
        size.lots == lot.max_lots
        or one_more * size.stop_distance * exact > equity * risk
        or one_more * price / leverage * exact > equity * ratio
    )


@pytest.mark.parametrize(("price", "atr", "equity"), [(NAN, 20.0, 1e4), (2e3, NAN, 1e4), (2e3, 20.0, NAN), (2e3, 0.0, 1e4)])
def test_an_unknown_price_range_or_equity_sizes_nothing_and_is_refused(price: float, atr: float, equity: float) -> None:
    size = position_size(price, atr, equity, LOT, PARAMS)

    assert size.lots == 0
    assert not size_checks(1, price, size, LOT, builders.BRACKETS, PARAMS).below_minimum.held


def test_a_loss_beyond_the_whole_equity_sizes_nothing() -> None:
    assert position_size(2_000.0, 20.0, -500.0, LOT, PARAMS).lots == 0


def test_the_larger_of_the_two_minimums_is_needed() -> None:
    tiny = checks(equity=20.0)

    assert not tiny.below_minimum.held
    assert tiny.below_minimum.needed == 20.0
    assert checks(equity=50.0, min_position_value=40.0).below_minimum == (False, 32.0, 40.0)
    assert checks().below_minimum.held


def test_leverage_beyond_the_brackets_is_refused() -> None:
    wide = (Bracket(1_000.0, 50, 0.01, 0.0), Bracket(1e9, 5, 0.1, 90.0))
    size = position_size(2_000.0, 20.0, 10_000.0, LOT, PARAMS)

    check = size_checks(1, 2_000.0, size, LOT, wide, PARAMS).leverage_too_high

    assert (check.held, check.seen, check.needed) == (False, 10.0, 5.0)


def test_a_notional_belongs_to_the_first_row_that_holds_it() -> None:
    rows = builders.BRACKETS

    assert bracket_for(0.0, rows) is rows[0]
    assert bracket_for(50_000.0, rows) is rows[0]
    assert bracket_for(50_000.01, rows) is rows[1]
    assert bracket_for(1e15, rows) is rows[-1]


@given(
    side=st.sampled_from((-1, 1)),
    entry=st.floats(1.0, 1e5),
    quantity=st.floats(1e-3, 1e3),
    leverage=st.integers(1, 125),
)
def test_at_the_liquidation_price_margin_and_loss_leave_exactly_the_maintenance(
    side: int, entry: float, quantity: float, leverage: int
) -> None:
    bracket = bracket_for(entry * quantity, builders.BRACKETS)
    assume(leverage <= bracket.max_leverage)

    price = liquidation_price(side, entry, quantity, leverage, bracket)

    assume(price > 0.0)
    left = entry * quantity / leverage + side * quantity * (price - entry)
    kept = bracket.maintenance_rate * quantity * price - bracket.maintenance_amount
    assert left == pytest.approx(kept, abs=1e-8 * entry * quantity)
    assert side * (entry - price) > 0.0


def test_a_long_without_leverage_cannot_be_liquidated_and_nothing_held_neither() -> None:
    assert liquidation_price(1, 2_000.0, 1.0, 1, builders.BRACKETS[0]) == 0.0
    assert liquidation_price(-1, 2_000.0, 0.0, 10, builders.BRACKETS[0]) == 0.0


@pytest.mark.parametrize("side", [1, -1])
def test_a_stop_behind_the_liquidation_price_is_refused(side: int) -> None:
    near = {"leverage": 100, "atr": 20.0, "max_position_value_ratio": 0.001}

    refused = checks(side, **near).stop_beyond_liquidation
    passed = checks(side, leverage=10).stop_beyond_liquidation

    assert not refused.held
    assert refused.seen < refused.needed == 0.2
    assert passed.held
    assert passed.seen > 1.0


def test_a_neutral_bar_is_sized_as_a_long() -> None:
    assert checks(side=0) == checks(side=1)
