"""Bars as columns: made of the engine's own, joined, looked through for holes, and put on the grid of their exchange."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engine.backtest.history import Candles, Floats, Ints
from engine.execution.lot_rules import lot_rules
from engine.model.grid import FLOAT_NOISE
from engine.model.market import Bar, SymbolRules

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


class Rounding(NamedTuple):
    """What rounding to a grid changed: the share of bars, and by how much at the most, as a part of the price."""

    share: float
    most: float
    worst_bar: int


def on_grid(prices: Sequence[Floats], rules: SymbolRules) -> tuple[list[Floats], Rounding]:
    """The prices with those between the ticks rounded to the nearest: there the exchange of these rules trades nothing."""
    lot, gridded = lot_rules(rules), list[Floats]()
    is_rounded, most = np.zeros(len(prices[0]), np.bool_), np.zeros(len(prices[0]))
    for column in prices:
        ticks = column * (lot.price_scale / lot.tick_units)
        whole = np.rint(ticks)
        is_off = np.abs(ticks - whole) > np.maximum(ticks, 1.0) * FLOAT_NOISE
        if not is_off.any():
            gridded.append(column)
            continue
        rounded = np.where(is_off, whole * lot.tick_units / lot.price_scale, column)
        gridded.append(rounded)
        is_rounded |= is_off
        np.maximum(most, np.abs(rounded / column - 1.0), out=most)
    worst = int(most.argmax()) if len(most) else 0
    return gridded, Rounding(float(is_rounded.mean()), float(most[worst]), worst)
