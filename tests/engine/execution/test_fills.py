"""Money of simulated fills in whole numbers, compiled: what `Decimal` says, to the last digit, on every grid that is let in."""

from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest.compiled import compiled
from engine.execution import fills
from engine.execution.lot_rules import decimal_price, decimal_quantity, lot_rules
from engine.model.market import LotRules
from tests import builders

CENT = Decimal("0.00000001")
TICKS = ("1e-10", "1e-8", "0.00001", "0.05", "0.1", "1")
STEPS = ("1", "0.1", "0.001")


@compiled
def money(ticks: int, lots: int, rate_ppm: int, lot: LotRules) -> tuple[int, int]:
    return fills.worth(ticks, lots, lot), fills.fee(ticks, lots, rate_ppm, lot)


@settings(deadline=None)  # the first call compiles
@given(st.sampled_from(TICKS), st.sampled_from(STEPS), st.integers(1, 10**7), st.integers(1, 10**12), st.integers(0, 100_000))
def test_money_is_what_decimal_says(tick: str, step: str, ticks: int, lots: int, rate_ppm: int) -> None:
    rules = builders.rules(tick_size=Decimal(tick), step_size=Decimal(step))
    lot = lot_rules(rules)
    if not fills.is_reckonable(float(tick) * ticks, lot):
        return
    lots = min(lots, fills.most_lots(float(tick) * ticks, lot))

    worth, fee = (Decimal(units).scaleb(-8) for units in money(ticks, lots, rate_ppm, lot))

    assert worth == (decimal_price(ticks, rules) * decimal_quantity(lots, rules)).quantize(CENT, ROUND_HALF_EVEN)
    assert fee == (worth * rate_ppm / 1_000_000).quantize(CENT, ROUND_HALF_EVEN)


def test_half_a_unit_goes_to_the_even_one() -> None:
    assert [fills.share(amount, 1, 10) for amount in (5, 15, 25, 35, 36)] == [0, 2, 2, 4, 4]


def test_a_grid_of_too_many_digits_and_a_price_of_too_many_ticks_are_not_reckonable() -> None:
    usual = lot_rules(builders.rules(tick_size=Decimal("0.01"), step_size=Decimal("0.001")))
    finest = lot_rules(builders.rules(tick_size=Decimal("1e-10"), step_size=Decimal("0.01")))

    assert fills.is_reckonable(200_000.0, usual)
    assert not fills.is_reckonable(1e30, usual)
    assert not fills.is_reckonable(0.0001, finest)
