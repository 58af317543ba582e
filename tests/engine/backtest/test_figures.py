"""Figures against values computed by hand or printed in tables, and what must hold for any sample."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from engine.backtest import figures
from engine.backtest.figures import FEWEST_DAYS, Ratios, deepest_fall, losing_streak, mean_interval, ratios, t_quantile, wilson
from engine.backtest.report import reported
from tests.engine.backtest.runs import BEGIN_MS, HOUR_MS, a_run

DAY = 86_400_000
RESULTS = some.lists(some.floats(-5, 5, allow_nan=False), min_size=2, max_size=60)


@pytest.mark.parametrize(
    ("freedom", "printed"),
    [(1, 6.314), (2, 2.920), (3, 2.353), (4, 2.132), (5, 2.015), (10, 1.812), (29, 1.699), (100, 1.660), (1_000, 1.646)],
)
def test_the_quantiles_are_those_of_students_table(freedom: int, printed: float) -> None:
    assert t_quantile(freedom) == pytest.approx(printed, abs=0.0015)


@pytest.mark.parametrize(
    ("wins", "count", "low", "high"),
    [(0, 10, 0.0, 0.2129), (5, 10, 0.2693, 0.7307), (10, 10, 0.7871, 1.0), (45, 100, 0.3709, 0.5316)],
)
def test_a_win_rate_has_wilsons_interval(wins: int, count: int, low: float, high: float) -> None:
    interval = wilson(wins, count)

    assert interval == pytest.approx((low, high), abs=5e-4)
    assert wilson(0, 0) is None


def test_the_interval_of_a_mean_is_students_where_every_trade_has_its_own_day() -> None:
    interval = mean_interval([1.0, 2.0, 3.0, 4.0, 5.0], [1, 2, 3, 4, 5])

    assert interval is not None
    assert interval == pytest.approx((3 - 2.132 * math.sqrt(2.5 / 5), 3 + 2.132 * math.sqrt(2.5 / 5)), abs=1e-3)


def test_trades_of_one_day_count_as_little_more_than_one() -> None:
    values = [2.0, 2.0, 2.0, -1.0, -1.0, -1.0, 2.0, 2.0, 2.0, -1.0, -1.0, -1.0]

    together, apart = mean_interval(values, [at // 3 for at in range(12)]), mean_interval(values, list(range(12)))

    assert together is not None
    assert apart is not None
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


@given(RESULTS, some.integers(1, 60))
def test_an_interval_holds_its_mean_and_widens_or_stays_when_days_are_shared(values: list[float], days: int) -> None:
    apart = mean_interval(values, list(range(len(values))))
    shared = mean_interval(values, [at % days for at in range(len(values))])

    assert apart is not None
    assert shared is not None
    mean = float(np.mean(values))
    for interval in (apart, shared):
        assert interval.low - 1e-9 <= mean <= interval.high + 1e-9
    assert shared.high - shared.low >= apart.high - apart.low - 1e-9


def test_one_result_has_no_interval_and_no_needed_number() -> None:
    assert mean_interval([1.0], [1]) is None
    assert figures.trades_needed([1.0]) is None
    assert figures.trades_needed([1.0, -1.0]) is None


def test_what_rounding_left_of_no_edge_is_no_edge() -> None:
    values = [1.0, -1.0, 1.1, -0.9, -0.2] * 8  # nought, but not to a float

    assert sum(values) != 0
    assert figures.trades_needed(values) is None


def test_a_weak_edge_needs_many_trades_to_be_seen() -> None:
    values = [1.1, -0.9] * 10  # mean 0.1, spread about 1.026

    assert figures.trades_needed(values) == math.ceil((1.6448536 * np.std(values, ddof=1) / 0.1) ** 2)


def test_ratios_are_annualised_over_the_days_of_the_account() -> None:
    returns = np.tile([0.01, -0.005], 20)
    account = np.asarray(1_000 * np.cumprod(1 + returns), dtype=np.float64)

    found = ratios(1_000, account, trades=2, days=40)

    spread, below = returns.std(ddof=1), math.sqrt((0.005**2) / 2)
    assert found.sharpe == pytest.approx(0.0025 / spread * math.sqrt(365))
    assert found.sortino == pytest.approx(0.0025 / below * math.sqrt(365))


@pytest.mark.parametrize(("days", "trades"), [(FEWEST_DAYS - 1, 50), (400, 1), (0, 0)])
def test_ratios_of_too_small_a_sample_are_not_told(days: int, trades: int) -> None:
    assert ratios(1_000, 1_000 + np.arange(1, days + 1, dtype=float), trades, days) == Ratios(None, None)


def test_parts_of_days_at_both_ends_do_not_make_thirty_of_twenty_nine() -> None:
    begin_ms, end_ms = BEGIN_MS + 13 * HOUR_MS, BEGIN_MS + 30 * DAY + 12 * HOUR_MS
    run = a_run([1.0, -0.5, 0.3], days=31, begin_ms=begin_ms, end_ms=end_ms)

    report = reported(run)

    assert len(report.account) == FEWEST_DAYS + 1
    assert report.days == FEWEST_DAYS - 1
    assert report.ratios == Ratios(None, None)
    assert reported(replace(run, begin_ms=begin_ms - HOUR_MS)).ratios.sharpe is not None


def test_an_account_that_lost_everything_and_one_that_never_moved_have_no_ratios() -> None:
    lost = np.asarray(np.linspace(90, 0, 40), dtype=np.float64)

    assert ratios(100, lost, 10, 40) == Ratios(None, None)
    assert ratios(100, np.full(40, 100.0), 10, 40) == Ratios(None, None)


def test_the_deepest_fall_is_told_with_its_dates_and_the_longest_wait_for_a_new_peak() -> None:
    days = np.arange(1, 9, dtype=np.int64) * DAY
    account = np.array([110.0, 99.0, 104.5, 110.0, 121.0, 120.0, 119.0, 118.0])

    fall = deepest_fall(0, 100.0, days, account)

    assert fall.fraction == pytest.approx(0.1)
    assert fall.money == pytest.approx(11.0)
    assert (fall.peak_ms, fall.low_ms, fall.back_ms) == (1 * DAY, 2 * DAY, 4 * DAY)
    assert fall.longest_days == 3  # at the end, though less deep


def test_a_fall_from_the_first_day_on_begins_at_the_beginning_and_may_last_to_the_end() -> None:
    fall = deepest_fall(5, 100.0, np.array([DAY, 2 * DAY]), np.array([80.0, 90.0]))

    assert (fall.peak_ms, fall.low_ms, fall.back_ms) == (5, DAY, 0)
    assert fall.money == pytest.approx(20.0)


def test_an_account_that_only_rises_has_no_fall() -> None:
    assert deepest_fall(0, 100.0, np.array([DAY, 2 * DAY]), np.array([100.0, 101.0])) == figures.NO_FALL
    assert deepest_fall(0, 100.0, np.array([], dtype=np.int64), np.array([])) == figures.NO_FALL


@given(some.lists(some.floats(1, 1_000), min_size=1, max_size=50))
def test_no_fall_is_deeper_than_the_account(account: list[float]) -> None:
    days = np.arange(1, len(account) + 1, dtype=np.int64) * DAY

    fall = deepest_fall(0, 500.0, days, np.array(account))

    assert 0 <= fall.fraction < 1
    assert fall.peak_ms <= fall.low_ms
    assert fall.back_ms == 0 or fall.back_ms > fall.low_ms
    assert fall.longest_days <= len(account)


def test_the_longest_losing_streak_ends_with_a_trade_that_did_not_lose() -> None:
    assert losing_streak([1, -1, -1, 0, -1, -1, -1, 2, -1]) == 3
    assert losing_streak([]) == 0
