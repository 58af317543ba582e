"""Candle files for the page's reading, cut to the time that all symbols share, and a table of what came out."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pyarrow.parquet

from tests.audit.page_signals import Bars
from tests.audit.page_trades import Trade

PRICES = ("open", "high", "low", "close", "volume")


def read_bars(file: Path, symbol: str = "") -> Bars:
    """Read one file; the symbol comes from its name (SYMBOL-INTERVAL...) unless given."""
    read: Any = pyarrow.csv.read_csv if file.suffix == ".csv" else pyarrow.parquet.read_table
    table = read(file)
    times = np.asarray(table.column("open_time").to_numpy(), dtype=np.int64)
    steps = np.unique(np.diff(times))
    if len(steps) != 1 or steps[0] <= 0:
        raise ValueError(f"{file}: bars are missing, repeated or out of order")
    columns = [np.asarray(table.column(name).to_numpy(), dtype=np.float64) for name in PRICES]
    return Bars(symbol or re.split(r"[-.]", file.name)[0].upper(), int(steps[0]), times, *columns)


def shared(
    candles: Sequence[Bars], *, warmup: int, start_ms: int | None = None, bars: int | None = None, last: int | None = None
) -> list[Bars]:
    """Cut to the shared time: `warmup` bars, then `bars` from `start_ms` (or the beginning) on, or the `last` ones."""
    step = candles[0].interval_ms
    if any(one.interval_ms != step for one in candles):
        raise ValueError("the files have different intervals")
    begin = max(int(one.open_time[0]) for one in candles)
    end = min(int(one.open_time[-1]) for one in candles) + step
    if last is not None:
        begin = max(begin, end - (last + warmup) * step)
    elif start_ms is not None:
        begin = max(begin, -(-start_ms // step) * step - warmup * step)
    if bars is not None:
        end = min(end, begin + (warmup + bars) * step)
    return [_cut(one, begin, end) for one in candles]


def _cut(bars: Bars, begin: int, end: int) -> Bars:
    inside = slice(*np.searchsorted(bars.open_time, (begin, end)))
    prices = (bars.open, bars.high, bars.low, bars.close, bars.volume)
    return Bars(bars.symbol, bars.interval_ms, bars.open_time[inside], *(column[inside] for column in prices))


def moment(time_ms: int) -> str:
    """Write a time."""
    return str(np.datetime64(time_ms, "ms"))[:16].replace("T", " ")


def line_of(trade: Trade) -> str:
    """Write a trade on one line."""
    side = "long " if trade.side > 0 else "short"
    mark = " both levels in one bar" if trade.ambiguous else ""
    return (
        f"{trade.symbol:<8} {side} {moment(trade.entry_time_ms)} at {trade.entry_price:<10.8g} "
        f"{moment(trade.exit_time_ms)} at {trade.exit_price:<10.8g} {trade.reason} ({trade.exit_kind}){mark}"
    )


def count(trades: Sequence[Trade]) -> str:
    """Sum up on one line."""
    closed = [trade for trade in trades if trade.reason != "open"]
    reasons = Counter(trade.reason for trade in closed)
    sides = Counter(trade.side for trade in closed)
    return (
        f"{len(closed)} trades, {sides[1]} long, {sides[-1]} short; "
        + ", ".join(f"{name} {number}" for name, number in sorted(reasons.items()))
        + f"; both levels in one bar {sum(trade.ambiguous for trade in closed)}; still open {len(trades) - len(closed)}"
    )
