"""A backtest's words: dates are those of the days that they speak of, and notes say what was done."""

from typing import Any

import numpy as np
import pytest

from engine.backtest.report import Report, reported
from engine.model.market import DAY_MS
from handlers.ui.backtest_words import risk_rows, span, trade_rows
from handlers.ui.language import Languages
from tests.engine.backtest.runs import BEGIN_MS, HOUR_MS, a_run

TEXTS = Languages("PAPER").texts("en")


def with_days(equity: list[float], **parts: Any) -> Report:
    """A run whose days, from January 1st on, ended with these."""
    return reported(a_run([1.0], days=len(equity), day_equity=np.array(equity), **parts))


def dates(report: Report) -> str:
    return next(one.note for one in risk_rows(TEXTS, report) if one.label == "Deepest fall of day ends")


def test_a_fall_is_dated_by_the_days_at_whose_ends_it_stood() -> None:
    assert dates(with_days([10_100, 9_900, 9_800, 10_100])) == "Jan 1, 2024 → Jan 3, 2024 → Jan 4, 2024"
    assert dates(with_days([10_100, 9_900, 9_800, 9_900])) == "Jan 1, 2024 → Jan 3, 2024 → not back by the end"


@pytest.mark.parametrize("hours", [0, 1])
def test_a_fall_from_the_first_day_on_is_dated_by_the_beginning(hours: int) -> None:
    report = with_days([9_900, 9_800, 9_900], begin_ms=BEGIN_MS + hours * HOUR_MS)

    assert dates(report).startswith("Jan 1, 2024 → Jan 2, 2024 →")


def test_a_run_ends_with_the_day_of_its_last_bar() -> None:
    assert span(TEXTS, reported(a_run([1.0], days=31))) == "Jan 1, 2024 – Jan 31, 2024, 31 days"
    halved = a_run([1.0], days=31, end_ms=BEGIN_MS + 30 * DAY_MS + 12 * HOUR_MS)
    assert span(TEXTS, reported(halved)) == "Jan 1, 2024 – Jan 31, 2024, 30 days"
    assert span(TEXTS, reported(a_run([], days=0))) == "Jan 1, 2024 – Jan 1, 2024, 0 days"


def test_the_drawdown_says_when_equity_was_looked_at() -> None:
    assert risk_rows(TEXTS, with_days([10_100, 9_900]))[0].note == "of equity, at opens, closes and fills"


@pytest.mark.parametrize(("hours", "pace"), [(0, ""), (2, "7.0 a week"), (24, "7.0 a week"), (48, "3.5 a week")])
def test_less_than_a_day_is_no_pace(hours: int, pace: str) -> None:
    report = reported(a_run([1.0], days=1, end_ms=BEGIN_MS + hours * HOUR_MS))

    assert trade_rows(TEXTS, report)[0].note == pace
