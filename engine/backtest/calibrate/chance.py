"""What chance alone would show: the best of many tries looks good even where nothing is there.

Sharpe ratios here are per block and not annualised. After Bailey and Lopez de Prado, "The deflated Sharpe ratio" (2014),
and Bailey, Borwein, Lopez de Prado and Zhu, "The probability of backtest overfitting" (2015).
"""

import math
from itertools import combinations
from statistics import NormalDist
from typing import Final

import numpy as np

from engine.backtest.history import Floats

EULER: Final = 0.5772156649015329
NORMAL: Final = NormalDist()
PARTS: Final = 10  # history is cut into so many for the probability of overfitting: 252 ways to halve them


def sharpes(rows: Floats) -> Floats:
    """Mean over deviation of each row; 0 where nothing moves."""
    mean, spread = rows.mean(axis=-1), rows.std(axis=-1, ddof=1)
    made: Floats = np.divide(mean, spread, out=np.zeros_like(mean), where=spread > 0)
    return made


def independent_trials(rows: Floats) -> float:
    """How many independent trials so many correlated ones amount to, by their mean correlation."""
    moved = rows[rows.std(axis=1) > 0]
    trials = len(moved)
    if trials < 2:
        return float(max(1, trials))
    scaled = (moved - moved.mean(axis=1, keepdims=True)) / moved.std(axis=1, keepdims=True)
    together = float(np.square(scaled.sum(axis=0)).mean())
    correlation = (together - trials) / (trials * (trials - 1))
    return trials - max(0.0, correlation) * (trials - 1)


def best_by_chance(spread: float, trials: float) -> float:
    """The Sharpe ratio to expect of the best of so many trials that are worth nothing; `spread` is their deviation."""
    if trials <= 1.0:
        return 0.0
    first, second = NORMAL.inv_cdf(1 - 1 / trials), NORMAL.inv_cdf(1 - 1 / (trials * math.e))
    return spread * ((1 - EULER) * first + EULER * second)


def probabilistic_sharpe(sharpe: float, needed: float, count: int, skew: float, kurtosis: float) -> float:
    """The probability that the true ratio is above `needed`. `kurtosis` of a normal distribution is 3."""
    width = 1 - skew * sharpe + (kurtosis - 1) / 4 * sharpe * sharpe
    if count < 2 or width <= 0:
        return 0.0
    return NORMAL.cdf((sharpe - needed) * math.sqrt(count - 1) / math.sqrt(width))


def deflated_sharpe(series: Floats, spread: float, trials: float) -> float:
    """The probability that the best of many trials is worth more than the best of as many worthless ones."""
    deviation = float(series.std(ddof=1))
    if deviation == 0.0:
        return 0.0
    scaled = (series - series.mean()) / series.std()
    skew, kurtosis = float((scaled**3).mean()), float((scaled**4).mean())
    needed = best_by_chance(spread, trials)
    return probabilistic_sharpe(float(series.mean()) / deviation, needed, len(series), skew, kurtosis)


def overfitting(rows: Floats) -> float:
    """How often the best setting of one half of history is below the median in the other half, over all ways to halve it."""
    blocks = rows.shape[1] // PARTS
    if blocks == 0 or len(rows) < 2:
        return math.nan
    parts = rows[:, -blocks * PARTS :].reshape(len(rows), PARTS, blocks)
    sums, squares = parts.sum(axis=2), np.square(parts).sum(axis=2)
    halves = np.zeros((math.comb(PARTS, PARTS // 2), PARTS))
    for place, half in enumerate(combinations(range(PARTS), PARTS // 2)):
        halves[place, half] = 1.0
    count = blocks * PARTS // 2
    inside = _sharpes_of(sums @ halves.T, squares @ halves.T, count)
    outside = _sharpes_of(sums @ (1 - halves).T, squares @ (1 - halves).T, count)
    of_best = outside[inside.argmax(axis=0), np.arange(len(halves))]
    below = (outside < of_best).mean(axis=0) + (outside == of_best).mean(axis=0) / 2
    return float((below <= 0.5).mean())


def rank_correlation(first: Floats, second: Floats) -> float:
    """Spearman's, ties sharing their mean rank; 0 where one of the two does not differ."""
    ranks = [_ranks(first), _ranks(second)]
    if ranks[0].std() == 0 or ranks[1].std() == 0:
        return 0.0
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: Floats) -> Floats:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(count)
    made: Floats = (ends - (count - 1) / 2)[place]
    return made


def _sharpes_of(sums: Floats, squares: Floats, count: int) -> Floats:
    mean = sums / count
    spread = np.sqrt(np.maximum(squares / count - mean * mean, 0.0) * count / max(1, count - 1))
    made: Floats = np.divide(mean, spread, out=np.zeros_like(mean), where=spread > 1e-12)
    return made
