"""A plan travels as text, and whoever has anything else is told what."""

from dataclasses import replace

import numpy as np
import pytest

from engine.backtest.calibrate import plan
from engine.backtest.calibrate.folds import Folds
from engine.backtest.history import ASSUMED_FUNDING
from engine.params import TradingParams, tuned
from tests.engine.backtest.calibrate.parts import a_plan, an_hourly_history


def test_a_plan_that_was_written_is_the_same_when_read() -> None:
    made = a_plan(present=tuned(TradingParams(), "weight.macd.bull_trend", 0.1))

    assert plan.plan_of(made.written()) == made
    assert plan.difference(made, plan.plan_of(made.written())) == ""


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "null", '{"present": 1}', '{"present": {"nonsense": 1}, "folds": [1,2,3,4,5]}']
)
def test_what_is_no_plan_is_refused(text: str) -> None:
    with pytest.raises(plan.NoPlan):
        plan.plan_of(text)


def test_the_first_part_that_differs_is_told() -> None:
    ours = a_plan()
    folds = Folds(ours.folds.blocks, ours.folds.purge, 26)

    assert plan.difference(ours, replace(ours, version="2")) == "another version of the product"
    assert plan.difference(ours, replace(ours, data="x", seed=2)) == "other candles, rules or funding"
    assert plan.difference(ours, replace(ours, present=TradingParams(stable_bars=9))) == "other present settings"
    assert plan.difference(ours, replace(ours, folds=folds)) == "other folds"
    assert plan.difference(ours, replace(ours, batches=9)) == "another number of trials"
    assert plan.difference(ours, replace(ours, asked={})) == "", "where the same candles lie does not matter"


def test_anything_else_to_walk_over_has_another_name() -> None:
    history = an_hourly_history(bars=300)
    close = history.candles.close.copy()
    close[-1] = np.nextafter(close[-1], 0)
    rates = np.full_like(history.funding.rate_e8, ASSUMED_FUNDING + 1)
    others = (
        replace(history, candles=replace(history.candles, close=close)),
        replace(history, candles=history.candles.part(0, 299)),
        replace(history, funding=replace(history.funding, rate_e8=rates)),
        replace(history, rules=replace(history.rules, symbol="XRPUSDT")),
    )

    names = {plan.fingerprint([one]) for one in (history, *others)}

    assert len(names) == 5
    assert plan.fingerprint([history]) == plan.fingerprint([an_hourly_history(bars=300)])
    assert plan.fingerprint([history, history]) != plan.fingerprint([history])


def test_the_settings_of_all_batches_are_numbered_in_order() -> None:
    assert [draw.number for draw in a_plan(batches=3).draws()] == list(range(24))
