"""Between whole numbers, floats and `Decimal`: every way round leads to the same price and the same quantity."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engine.execution.lot_rules import (
    decimal_price,
    decimal_quantity,
    lot_rules,
    lots_within,
    nearest_ticks,
    price_at,
    quantity_of,
    whole_lots,
)
from tests import builders

grids = st.sampled_from(("0.00000001", "0.0001", "0.01", "0.05", "0.5", "1", "25", "1000"))


@given(grids, st.integers(1, 10**9))
def test_the_float_of_a_tick_is_the_float_of_the_text_that_the_exchange_reads(tick: str, ticks: int) -> None:
    rules = builders.rules(tick_size=Decimal(tick))

    price = price_at(ticks, lot_rules(rules))

    assert price == float(str(decimal_price(ticks, rules)))
    assert nearest_ticks(price, lot_rules(rules)) == ticks


@given(grids, st.integers(1, 10**9))
def test_a_quantity_holds_the_lots_that_it_is_made_of(step: str, lots: int) -> None:
    rules = builders.rules(step_size=Decimal(step))
    lot = lot_rules(rules)

    assert lots_within(quantity_of(lots, lot), lot) == lots
    assert whole_lots(decimal_quantity(lots, rules), rules) == lots
    assert quantity_of(lots, lot) == float(decimal_quantity(lots, rules))


def test_a_minimum_between_two_lots_is_rounded_up_and_a_maximum_down() -> None:
    lot = builders.lot(min_quantity=Decimal("0.0012"), max_market_quantity=Decimal("7.9999"))

    assert (lot.min_lots, lot.max_lots) == (2, 7_999)
