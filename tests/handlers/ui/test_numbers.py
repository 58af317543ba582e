"""Numbers as people write them: true minus, no negative zero, nothing that is not a number."""

from decimal import Decimal

import pytest

from handlers.ui.numbers import MISSING, Numbers

EN, RU = Numbers("en"), Numbers("ru")


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1_234.5, "$1,234.50"), (-3.2, "−$3.20"), (Decimal("-0.001"), "$0.00"), (Decimal("1E+3"), "$1,000.00"), (0, "$0.00")],
)
def test_money_has_cents_and_a_true_minus(value: float | Decimal, shown: str) -> None:
    assert EN.money(value) == shown


def test_a_gain_always_tells_its_sign() -> None:
    assert (EN.gain(1), EN.gain(-1), EN.gain(0)) == ("+$1.00", "−$1.00", "$0.00")


@pytest.mark.parametrize(
    ("value", "shown"), [(2_431.5, "2,431.50"), (3.5, "3.50"), (0.0000123456, "0.000012346"), (0, MISSING), (None, MISSING)]
)
def test_a_price_shows_as_many_digits_as_it_needs(value: float | None, shown: str) -> None:
    assert EN.price(value) == shown


def test_languages_write_numbers_differently() -> None:
    assert EN.fixed(1_234.5, 1) == "1,234.5"
    assert RU.fixed(1_234.5, 1) == "1\xa0234,5"
    assert EN.percent(0.015) == "1.5%"
    assert RU.percent(0.015) == "1,5\xa0%"


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_what_is_no_number_is_shown_as_missing(value: float) -> None:
    shown = {EN.fixed(value, 2), EN.money(value), EN.gain(value), EN.price(value), EN.percent(value), EN.signed(value, 1)}

    assert shown == {MISSING}


@pytest.mark.parametrize(
    ("span_ms", "shown"),
    [(0, "0 sec"), (999, "0 sec"), (61_000, "1 min 1 sec"), (3_600_000, "1 hr"), (90_000_000, "1 day 1 hr")],
)
def test_a_span_is_told_in_its_two_largest_units(span_ms: int, shown: str) -> None:
    assert EN.duration(span_ms) == shown


def test_dates_of_other_years_tell_their_year() -> None:
    at = 1_704_067_200_000

    assert (EN.date(at), EN.month(at), EN.month_name(1)) == ("Jan 1, 2024", "Jan 2024", "Jan")
    assert RU.date(at).split() == ["1", "янв.", "2024", "г."]
    assert RU.month(at).split() == ["янв.", "2024"]
    assert RU.month_name(1) == "янв"
