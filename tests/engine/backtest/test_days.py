"""The account's days: what a run says of its warm-up is no day of the account, and each day stands at its end."""

from dataclasses import replace

import numpy as np

from engine.backtest.days import judged_days
from engine.model.market import DAY_MS
from tests.engine.backtest.runs import BEGIN_MS, HOUR_MS, a_run

HALF: int = DAY_MS // 2


def test_each_day_stands_at_its_end_and_the_last_one_at_the_end_of_the_run() -> None:
    run = a_run([1.0, 1.0, 1.0], days=3, end_ms=BEGIN_MS + 2 * DAY_MS + HALF)

    days = judged_days(run)

    assert list(days.end_ms - BEGIN_MS) == [DAY_MS, 2 * DAY_MS, 2 * DAY_MS + HALF]
    assert list(days.equity) == [10_100, 10_200, 10_300]


def test_days_of_the_warm_up_are_left_out_but_the_day_in_which_judging_began_is_one() -> None:
    run = a_run([0.0] * 4, days=4, begin_ms=BEGIN_MS + DAY_MS + 5 * HOUR_MS)

    assert list(judged_days(run).end_ms - BEGIN_MS) == [2 * DAY_MS, 3 * DAY_MS, 4 * DAY_MS]


def test_a_day_that_begins_where_the_run_ends_is_none() -> None:
    run = a_run([], days=2)
    longer = replace(run, day_ms=np.append(run.day_ms, run.end_ms), day_equity=np.append(run.day_equity, 0.0))

    assert len(judged_days(longer)) == 2
