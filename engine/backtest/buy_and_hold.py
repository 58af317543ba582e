"""Buy and hold, day by day: what the same money would have become without any trader. No costs, no leverage."""

from collections.abc import Sequence

import numpy as np

from engine.backtest.history import Candles, Floats, Ints
from engine.backtest.result import Run


def held_equity(candles: Sequence[Candles], run: Run, at_ms: Ints) -> Floats:
    """The account at these times, had the wallet been spread evenly over the symbols when judging began."""
    if not candles or len(at_ms) == 0:
        return np.empty(0)
    shares = [_growth(one, run.begin_ms, at_ms) for one in candles]
    return np.asarray(float(run.wallet_before) * np.mean(shares, axis=0), dtype=np.float64)


def _growth(candles: Candles, begin_ms: int, at_ms: Ints) -> Floats:
    """The last closes by then over the open at which judging began."""
    first = min(max((begin_ms - int(candles.open_time_ms[0])) // candles.interval_ms, 0), len(candles) - 1)
    closed_ms = candles.open_time_ms + candles.interval_ms
    places = np.maximum(np.searchsorted(closed_ms, at_ms, side="right") - 1, first)
    return np.asarray(candles.close[places] / candles.open[first], dtype=np.float64)
