"""Buy and hold, day by day: what the same money would have become without any trader. No costs, no leverage."""

from collections.abc import Sequence

import numpy as np

from engine.backtest.history import Candles, Floats
from engine.backtest.result import Run


def held_equity(candles: Sequence[Candles], run: Run) -> Floats:
    """The account at each of the run's day ends, had the wallet been spread evenly over the symbols at the beginning."""
    if not candles or len(run.day_ms) == 0:
        return np.empty(0)
    shares = [_growth(one, run) for one in candles]
    return np.asarray(float(run.wallet_before) * np.mean(shares, axis=0), dtype=np.float64)


def _growth(candles: Candles, run: Run) -> Floats:
    """Closes at the day ends over the close at which the judged time began."""
    closed_ms = candles.open_time_ms + candles.interval_ms
    first = max(0, int(np.searchsorted(closed_ms, run.begin_ms, side="right")) - 1)
    places = np.maximum(np.searchsorted(closed_ms, run.day_ms, side="right") - 1, first)
    return np.asarray(candles.close[places] / candles.close[first], dtype=np.float64)
