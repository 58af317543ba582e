"""Old settings against new ones: the figures are the runs' own, and the interval is honest about how little there is."""

from decimal import Decimal

import numpy as np
import pytest

from engine.backtest.result import Run
from engine.backtest.what_if import STEPS, changed, compared, daily_r, dial, figures, interval, what_if
from engine.model.market import DAY_MS
from engine.model.past import DialStep, Finding, NotMeasured, WhyNot
from engine.model.signals import Code
from engine.params import TradingParams
from tests.engine.backtest.runs import BEGIN_MS, a_closed, a_run


class ByThreshold:
    """A walker whose trades and refusals depend on the threshold alone; below `calm` it is latched after three days."""

    def __init__(self, calm: float = 0.0) -> None:
        self.walked: list[float] = []
        self._calm = calm

    def run(self, params: TradingParams) -> Run:
        self.walked.append(params.activation_threshold)
        weak = int(2_000 * params.activation_threshold)
        latched_ms = BEGIN_MS + 3 * DAY_MS if params.activation_threshold < self._calm else 0
        trades = [1.0] * int(40 * (1 - params.activation_threshold))
        return a_run(trades, funnel={Code.CONFIDENCE_LOW: weak}, latched_ms=latched_ms)


def test_the_figures_are_the_sums_of_the_trades() -> None:
    run = a_run([2.0, -1.0, 0.5])

    seen = figures(run)

    assert (seen.trades, seen.wins) == (3, 2)
    assert seen.net == sum((one.trade.net for one in run.trades), Decimal(0)) == Decimal(150)
    assert seen.net_r == pytest.approx(1.5)
    assert seen.refusals[0] == (Code.CONFIDENCE_LOW, 2_400)
    assert seen.signals == seen.judged - 2_400
    assert all(count for _, count in seen.refusals)


def test_the_same_trades_are_no_difference() -> None:
    found = compared(a_run([1.0, -1.0] * 30), a_run([1.0, -1.0] * 30), 120)

    assert (found.finding, found.differing, found.low_r, found.high_r) == (Finding.SAME, 0, 0.0, 0.0)


def test_few_trades_mean_nothing_however_large_the_difference() -> None:
    found = compared(a_run([-1.0] * 5), a_run([9.0] * 5), 120)

    assert found.finding is Finding.TOO_SMALL


def test_few_days_mean_nothing_however_many_the_trades() -> None:
    losing = [a_closed(at % 6, -1.0) for at in range(60)]
    winning = [a_closed(at % 6, 3.0) for at in range(60)]

    found = compared(a_run(trades=losing, days=7), a_run(trades=winning, days=7), 7)

    assert found.finding is Finding.TOO_SMALL


@pytest.mark.parametrize(
    ("old", "new", "finding"),
    [
        ([0.1] * 100, [0.9, 1.1] * 50, Finding.BETTER),
        ([0.9, 1.1] * 50, [0.1] * 100, Finding.WORSE),
        ([1.0, -1.0] * 50, [-1.0, 1.1] * 50, Finding.UNCLEAR),
    ],
)
def test_many_trades_tell_a_difference_from_chance(old: list[float], new: list[float], finding: Finding) -> None:
    found = compared(a_run(old), a_run(new), 120)

    assert found.finding is finding
    assert found.low_r <= sum(new) - sum(old) <= found.high_r


def test_the_same_question_has_the_same_answer() -> None:
    days = np.random.default_rng(1).normal(size=90)

    assert interval(days) == interval(days)


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    chance = np.random.default_rng(7)
    held = 0
    for _ in range(100):
        low, high = interval(chance.normal(0.05, 1.0, 90))
        held += low <= 0.05 * 90 <= high

    assert 0.82 <= held / 100 <= 0.97


def test_every_trade_is_counted_on_the_day_on_which_it_ended() -> None:
    by_day = daily_r(a_run([2.0, -1.0, 0.5]))

    assert by_day[:4] == pytest.approx([2.0, -1.0, 0.5, 0.0])


def test_the_dial_walks_each_threshold_and_a_higher_one_never_has_more_signals() -> None:
    walker, told = ByThreshold(), list[tuple[int, int]]()

    found = dial(walker, TradingParams(), 120, lambda done, total: told.append((done, total)))

    assert tuple(walker.walked) == STEPS == tuple(step.threshold for step in found.steps)
    assert (STEPS[0], STEPS[-1], len(STEPS)) == (0.05, 0.95, 19)
    signals = [step.signals for step in found.steps]
    assert signals == sorted(signals, reverse=True)
    assert told[-1] == (19, 19)


def test_the_dial_says_what_a_what_if_says() -> None:
    walker, params = ByThreshold(), TradingParams()
    found = dial(walker, params, 120)

    for step in found.steps:
        compared_with = what_if(walker, params, params._replace(activation_threshold=step.threshold), 120)
        assert (step.trades, step.signals) == (compared_with.after.trades, compared_with.after.signals)
        assert step == found.at(step.threshold)


def a_step(trades: int, latched_ms: int = 0) -> DialStep:
    return DialStep(0.3, 400, trades, latched_ms)


def test_a_count_becomes_a_number_a_week() -> None:
    found = dial(ByThreshold(), TradingParams(), 120)

    assert found.per_week(a_step(120)) == pytest.approx(7.0)


def test_a_threshold_that_was_latched_says_so_and_its_week_is_counted_up_to_then() -> None:
    found = dial(ByThreshold(calm=0.4), TradingParams(), 120)

    wild, calm = found.at(0.3), found.at(0.4)
    assert wild is not None
    assert calm is not None
    assert (wild.latched_ms, wild.is_latched) == (BEGIN_MS + 3 * DAY_MS, True)
    assert not calm.is_latched
    assert found.per_week(wild) == pytest.approx(wild.trades * 7 / 3)
    assert found.per_week(calm) == pytest.approx(calm.trades * 7 / 120)


def test_minutes_up_to_a_latch_are_no_pace_for_a_week() -> None:
    found = dial(ByThreshold(), TradingParams(), 120)

    assert found.per_week(a_step(2, BEGIN_MS + 60_000)) == pytest.approx(14.0)


@pytest.mark.parametrize(
    ("changes", "detail"),
    [
        ({"macd_fast": 40.0}, "macd_fast (40) must be shorter than macd_slow (26)"),
        ({"activation_threshold": 7.0}, "activation_threshold is 0.05 to 0.95 confidence, not 7"),
    ],
)
def test_settings_that_cannot_be_are_named(changes: dict[str, float], detail: str) -> None:
    with pytest.raises(NotMeasured) as raised:
        changed(TradingParams(), changes.items())

    assert raised.value.reason is WhyNot.CONFLICT
    assert raised.value.detail == detail
