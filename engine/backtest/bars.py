"""Bars as columns: made of the engine's own, joined, and looked through for holes."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from engine.backtest.history import Candles, Ints
from engine.model.market import Bar

COLUMNS: Final = ("open_time", "open", "high", "low", "close", "volume")  # of every candle file

type Span = tuple[int, int]


def of_bars(symbol: str, interval_ms: int, bars: Sequence[Bar]) -> Candles:
    """Bars as columns."""
    rows = np.array(bars, np.float64).reshape(len(bars), 6)
    columns = (np.ascontiguousarray(rows[:, at]) for at in range(1, 6))
    return Candles(symbol, interval_ms, rows[:, 0].astype(np.int64), *columns)


def merged(older: Candles, newer: Candles) -> Candles:
    """All bars of both in order; where both know one, the newer counts."""
    times = np.concatenate((newer.open_time_ms, older.open_time_ms))
    _, first = np.unique(times, return_index=True)
    pairs = ((getattr(newer, name), getattr(older, name)) for name in COLUMNS[1:])
    return Candles(newer.symbol, newer.interval_ms, times[first], *(np.concatenate(pair)[first] for pair in pairs))


def gaps(known: Ints, interval_ms: int, begin_ms: int, end_ms: int) -> Sequence[Span]:
    """The spans of the grid that no known opening lies on."""
    first = -(-begin_ms // interval_ms) * interval_ms
    inside = known[(known >= first) & (known < end_ms)]
    edges = np.concatenate(([first - interval_ms], inside, [max(first, -(-end_ms // interval_ms) * interval_ms)]))
    at = np.flatnonzero(np.diff(edges) > interval_ms)
    return [(int(edges[place]) + interval_ms, int(edges[place + 1])) for place in at]
