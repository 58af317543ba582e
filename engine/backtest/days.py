"""The account day by day over the judged time: the warm-up's days are left out, and each day stands at its end."""

from typing import NamedTuple

import numpy as np

from engine.backtest.history import Floats, Ints
from engine.backtest.result import Run
from engine.model.market import DAY_MS


class Days(NamedTuple):
    """When each UTC day ended (the last one: the run), and what the account was then."""

    end_ms: Ints
    equity: Floats

    def __len__(self) -> int:
        return len(self.end_ms)


def judged_days(run: Run) -> Days:
    """The days that ended after judging began."""
    ends = np.minimum(run.day_ms + DAY_MS, run.end_ms)
    chosen = (ends > run.begin_ms) & (run.day_ms < run.end_ms)
    return Days(ends[chosen], run.day_equity[chosen])
