"""Drawing history again, in runs of blocks that belong together: how far a sum might have come out otherwise.

Seeded: the same history, the same answer. What few runs cannot show is added: intervals are widened by Student's t.
"""

import math
from statistics import NormalDist
from typing import Final, NamedTuple

import numpy as np

from engine.backtest.figures import t_quantile
from engine.backtest.history import Floats, Ints

LEVEL: Final = 0.90
RUN_BLOCKS: Final = 4  # weeks that belong together
DRAWS: Final = 2_000
SEED: Final = 20_240_229
Z: Final = NormalDist().inv_cdf((1 + LEVEL) / 2)


class Between(NamedTuple):
    """Where a figure lies with a probability of 90 %."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


def widening(blocks: int) -> float:
    """By how much an interval that was drawn from so few runs is too narrow."""
    runs = max(2, blocks // RUN_BLOCKS)
    return t_quantile(runs - 1) / Z * math.sqrt(runs / (runs - 1))


def places(blocks: int, length: int, chance: np.random.Generator, draws: int = DRAWS) -> Ints:
    """Places of blocks for redrawn histories of some length: runs of neighbours, in a circle."""
    runs = -(-length // RUN_BLOCKS)
    begins = chance.integers(0, blocks, size=(draws, runs, 1))
    made: Ints = ((begins + np.arange(RUN_BLOCKS)) % blocks).reshape(draws, -1)[:, :length]
    return made


def mean_between(series: Floats, chance: np.random.Generator) -> Between:
    """Where the true mean of a series lies."""
    blocks = len(series)
    centre = float(series.mean())
    means = series[places(blocks, blocks, chance)].mean(axis=1)
    low, high = np.quantile(means - centre, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) * widening(blocks)
    return Between(centre + float(low), centre + float(high))
