"""The verdict: chance is never called an improvement, losing less is not called earning, and what is real is found."""

from collections import Counter

import numpy as np

from engine.backtest.calibrate.tally import Tallies
from engine.backtest.calibrate.verdict import Result, Verdict, result
from tests.engine.backtest.calibrate.parts import noise, some_folds


def judged(all_: Tallies, **parts: int) -> Result:
    values = [(float(row), row % 3) for row in range(len(all_.net_r))]
    return result(all_, values, some_folds(all_.net_r.shape[1]), **parts)


def test_where_there_is_nothing_to_find_nothing_is_found() -> None:
    verdicts = Counter(judged(noise(seed)).verdict for seed in range(24))

    assert verdicts[Verdict.BETTER] == 0
    assert verdicts[Verdict.LOSES_LESS] + verdicts[Verdict.UNPROVEN] <= 3  # a difference that 5 % of such worlds show
    assert verdicts[Verdict.NO_BETTER] >= 21


def test_a_setting_that_earns_is_found() -> None:
    all_ = noise(1)
    all_.net_r[23] += 1.2

    found = judged(all_)

    assert found.verdict is Verdict.BETTER
    assert found.row == 23
    assert found.agreement == 1.0
    assert found.difference.low > 0
    assert found.overfitting == 0.0


def test_what_earns_counts_for_less_where_much_was_tried_on_the_same_candles_before() -> None:
    all_ = noise(1)
    all_.net_r[23] += 0.62

    assert judged(all_).deflated_sharpe > judged(all_, tried_before=100_000).deflated_sharpe
    assert judged(all_, tried_before=10**9).verdict is not Verdict.BETTER


def test_losing_less_than_the_present_setting_is_not_earning() -> None:
    all_ = noise(2, mean=-0.3)
    all_.net_r[0] -= 3.0

    found = judged(all_)
    assert found.chosen_r < 0
    assert found.verdict is Verdict.LOSES_LESS


def test_what_gained_but_no_more_than_the_best_of_so_many_tries_is_not_said_to_have_lost() -> None:
    all_ = noise(1)
    all_.net_r[23] += 1.2

    found = judged(all_, tried_before=10**9)

    assert found.earned.low > 0
    assert found.deflated_sharpe < 0.95
    assert found.verdict is Verdict.UNPROVEN


def test_what_gained_less_than_chance_may_is_not_said_to_have_lost_either() -> None:
    all_ = noise(2, mean=-0.1)
    all_.net_r[0] -= 3.0

    found = judged(all_)

    assert found.earned.low <= 0 < found.chosen_r
    assert found.verdict is Verdict.UNPROVEN


def test_a_rising_tide_is_no_merit() -> None:
    verdicts = Counter(judged(noise(seed, mean=1.0)).verdict for seed in range(10))

    assert verdicts[Verdict.BETTER] <= 1


def test_too_few_trades_say_nothing() -> None:
    all_ = noise(3)
    rare = (np.arange(all_.trades.shape[1]) % 6 == 0).astype(np.int64)

    found = judged(Tallies(all_.net_r * rare, np.tile(rare, (len(all_.net_r), 1))))

    assert found.chosen_trades < 30
    assert found.verdict is Verdict.TOO_LITTLE


def test_the_totals_are_those_of_the_steps() -> None:
    found = judged(noise(4))

    assert np.isclose(found.chosen_r, sum(one.chosen_r.sum() for one in found.judged))
    assert np.isclose(found.present_r, sum(one.present_r.sum() for one in found.judged))
    assert found.chosen_trades == sum(one.chosen_trades for one in found.judged)
    assert found.tried == 40
    assert 0 <= found.covered <= 2 * len(found.judged)
