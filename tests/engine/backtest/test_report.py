"""The report: what it adds up, and what it says about how little it knows."""

import pickle
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from engine.backtest.report import FEW_TRADES, Finding, reported
from engine.backtest.result import Run
from engine.model.orders import ExitReason
from engine.model.past import EndCause, EntriesEnded
from engine.model.signals import Code
from tests.engine.backtest.runs import a_closed, a_run, hourly, left_open

EDGE = [1.0, 0.8, -0.4, 1.2, -0.3] * 8
NOISE = [1.0, -1.0, 1.1, -0.9, -0.2] * 8


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ((), Finding.NO_TRADES),
        (EDGE[: FEW_TRADES - 1], Finding.FEW_TRADES),
        (NOISE, Finding.SPANS_ZERO),
        (EDGE, Finding.GAINS),
        ([-one for one in EDGE], Finding.LOSES),
    ],
)
def test_the_verdict_is_first_of_all_about_the_sample(results: list[float], verdict: Finding) -> None:
    assert reported(a_run(results)).verdict is verdict


@pytest.mark.parametrize(
    ("run", "finding"),
    [
        (a_run([0.0] * 31), Finding.COSTS_TAKE_ALL),
        (a_run([3.0, -1.0, -1.0, -0.5]), Finding.ONE_TRADE_CARRIES),
        (a_run([0.1], held_return={"ETHUSDT": 0.5}), Finding.HOLDING_WON),
        (a_run([0.1], days=30), Finding.SHORT_TIME),
        (a_run([0.1], latched_ms=5), Finding.LATCHED),
        (a_run(trades=[a_closed(0, -1.0, reason=ExitReason.LIQUIDATED)]), Finding.LIQUIDATED),
        (a_run([0.1], left_open=(left_open(),)), Finding.LEFT_OPEN),
    ],
)
def test_what_limits_the_figures_is_told_beside_them(run: Run, finding: Finding) -> None:
    assert finding in reported(run).findings[1:]


def test_what_ended_the_entries_is_told_whether_a_latch_or_a_wallet_too_small() -> None:
    dry, latch = EntriesEnded(EndCause.RAN_DRY, 7), EntriesEnded(EndCause.DRAWDOWN, 5)
    run = a_run([0.1], latched_ms=5)

    assert reported(run).ended == latch
    assert Finding.RAN_DRY not in reported(run).findings
    parched = reported(a_run([0.1]), ended=dry)
    assert parched.ended == dry
    assert Finding.RAN_DRY in parched.findings
    assert Finding.LATCHED not in parched.findings


def test_an_ordinary_gain_over_a_long_time_says_nothing_more() -> None:
    run = a_run(EDGE, held_return={"ETHUSDT": -0.2})

    assert reported(run).findings == (Finding.GAINS,)


def test_figures_by_hand() -> None:
    report = reported(a_run([2.0, -1.0, -1.0, 1.0, -0.5], days=120))

    assert report.total.net == Decimal(50)
    assert report.net_fraction == pytest.approx(0.005)
    assert report.losing_streak == 2
    assert report.exposure == pytest.approx(25 / (120 * 24))
    assert report.days == 120
    assert report.fall.money == pytest.approx(200.0)
    assert report.fall.fraction == pytest.approx(200 / 10_200)
    assert report.win_rate is not None
    assert report.win_rate.low < 0.4 < report.win_rate.high
    assert report.expectancy is not None
    assert report.expectancy.spans_zero


def test_the_funnel_counts_each_check_that_stood_in_the_way_the_most_frequent_first() -> None:
    report = reported(a_run([1.0], days=10))

    assert report.funnel == ((Code.CONFIDENCE_LOW, 200), (Code.NEUTRAL, 110), (Code.ADX_LOW, 110))


def test_buy_and_hold_stands_beside_day_by_day_and_ends_where_its_return_says() -> None:
    run = a_run([1.0], days=10)

    report = reported(run, [hourly(run)])

    assert report.held_return == pytest.approx(0.08)
    assert len(report.held) == len(report.account)
    assert report.held[-1] == pytest.approx(10_000 * 1.08)
    assert report.held[4] == pytest.approx(10_000 * 1.04)


def test_money_in_several_symbols_is_spread_evenly() -> None:
    run = a_run([], days=10, symbols=("ETHUSDT", "BTCUSDT"), held_return={"ETHUSDT": 0.08, "BTCUSDT": -0.1})

    report = reported(run, [hourly(run), replace(hourly(run, first=100.0, last=90.0), symbol="BTCUSDT")])

    assert report.held_return == pytest.approx(-0.01)
    assert report.held[-1] == pytest.approx(9_900)


def test_a_run_of_nothing_is_reported_too() -> None:
    run = a_run([], days=0, judged=0, held_return={}, funnel={}, day_ms=np.empty(0, np.int64), day_equity=np.empty(0))

    report = reported(run)

    assert (report.exposure, report.held_return, report.funnel, len(report.held)) == (0.0, None, (), 0)


def test_the_same_run_gives_the_same_report_and_it_travels_between_processes() -> None:
    one, other = reported(a_run(NOISE)), reported(a_run(NOISE))

    assert one.expectancy == other.expectancy
    assert pickle.loads(pickle.dumps(one)).total == other.total


def test_reading_a_report_compiles_nothing_and_draws_nothing() -> None:
    code = "import sys, engine.backtest.report; print({'numba', 'pandas', 'matplotlib', 'optuna'} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "set()"
