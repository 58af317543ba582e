"""Corrections for chance, against the values of the papers that they come from and against simulation."""

import math

import numpy as np
import pytest

from engine.backtest.calibrate import chance


def test_the_deflated_sharpe_ratio_is_that_of_the_papers_example() -> None:
    # Bailey and Lopez de Prado (2014), "A numerical example": 100 trials, five years of days, an annual ratio of 2.5
    needed = chance.best_by_chance(math.sqrt(0.5 / 250), 100)
    sure = chance.probabilistic_sharpe(2.5 / math.sqrt(250), needed, 1_250, -3.0, 10.0)

    assert needed == pytest.approx(0.1132, abs=5e-5)
    assert sure == pytest.approx(0.9004, abs=5e-5)


def test_the_best_of_worthless_trials_is_what_a_simulation_finds() -> None:
    best = np.random.default_rng(1).standard_normal((20_000, 50)).max(axis=1).mean()

    assert chance.best_by_chance(1.0, 50) == pytest.approx(best, rel=0.02)
    assert chance.best_by_chance(1.0, 1) == 0.0


def test_equal_trials_count_as_one_and_unrelated_ones_all() -> None:
    random = np.random.default_rng(2)
    same = np.tile(random.standard_normal(500), (40, 1)) + random.standard_normal((40, 500)) * 1e-6
    apart = random.standard_normal((40, 5_000))
    mixed = random.standard_normal(5_000) + apart  # a correlation of one half

    assert chance.independent_trials(same) == pytest.approx(1.0, abs=0.01)
    assert chance.independent_trials(apart) == pytest.approx(40.0, rel=0.03)
    assert chance.independent_trials(mixed) == pytest.approx(0.5 + 0.5 * 40, rel=0.05)


def test_trials_that_never_moved_count_for_nothing() -> None:
    assert chance.independent_trials(np.zeros((5, 100))) == 1.0
    assert chance.deflated_sharpe(np.zeros(100), 0.1, 5) == 0.0


def test_more_trials_make_the_same_result_worth_less() -> None:
    series = np.random.default_rng(3).standard_normal(150) + 0.25

    worth = [chance.deflated_sharpe(series, 0.1, trials) for trials in (1, 10, 100, 1_000)]

    assert worth == sorted(worth, reverse=True)
    assert worth[0] > 0.95 > worth[-1]


def test_a_long_tail_of_losses_makes_the_same_ratio_less_sure() -> None:
    even = chance.probabilistic_sharpe(0.2, 0.0, 150, 0.0, 3.0)

    assert chance.probabilistic_sharpe(0.2, 0.0, 150, -2.0, 9.0) < even < chance.probabilistic_sharpe(0.2, 0.0, 150, 2.0, 3.0)


def test_choosing_among_noise_overfits_half_of_the_time_and_among_a_real_difference_never() -> None:
    random = np.random.default_rng(4)
    noise = np.mean([chance.overfitting(random.standard_normal((50, 120))) for _ in range(20)])
    skilled = random.standard_normal((50, 120))
    skilled[7] += 1.0

    assert noise == pytest.approx(0.5, abs=0.15)
    assert chance.overfitting(skilled) == 0.0


def test_ranks_agree_disagree_or_have_nothing_to_do_with_each_other() -> None:
    first = np.array([1.0, 2.0, 3.0, 4.0])

    assert chance.rank_correlation(first, first**3) == pytest.approx(1.0)
    assert chance.rank_correlation(first, -first) == pytest.approx(-1.0)
    assert chance.rank_correlation(first, np.zeros(4)) == 0.0
    assert chance.rank_correlation(np.array([1.0, 1.0, 2.0]), np.array([1.0, 1.0, 2.0])) == pytest.approx(1.0)
