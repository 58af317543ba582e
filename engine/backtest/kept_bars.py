"""Bars and funding that were read from the exchange once, kept on disk in the columns of every other candle file.

A cache: what is missing or damaged is read again, and a disk that is full costs nothing but the next reading.
"""

import logging
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from engine.backtest.bars import COLUMNS, Span, gaps, merged, of_bars
from engine.backtest.history import Candles, Funding
from engine.model.market import INTERVAL_NAME

FUNDING_COLUMNS: Final = ("funding_time", "funding_rate")
RATE_UNIT: Final = 1e8
MOST_BARS: Final = 1_100_000  # two years of minutes; the oldest go first

type FundingRow = tuple[int, float]

logger = logging.getLogger(__name__)


class KeptBars:
    """The files of one folder: `<SYMBOL>-<interval>.parquet` and `<SYMBOL>-funding.parquet`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def bars(self, symbol: str, interval_ms: int) -> Candles:
        """What is kept, oldest first; there may be holes."""
        table = _read(self._bars_path(symbol, interval_ms), COLUMNS)
        if table is None:
            return of_bars(symbol, interval_ms, ())
        columns = [table.column(name).to_numpy() for name in COLUMNS]
        return Candles(symbol, interval_ms, columns[0].astype(np.int64), *(column.astype(np.float64) for column in columns[1:]))

    def keep(self, candles: Candles) -> None:
        """Keep these too; a bar that is there already is replaced."""
        if len(candles):
            both = merged(self.bars(candles.symbol, candles.interval_ms), candles)
            both = both.part(max(0, len(both) - MOST_BARS), len(both))
            columns = (both.open_time_ms, both.open, both.high, both.low, both.close, both.volume)
            _write(self._bars_path(candles.symbol, candles.interval_ms), dict(zip(COLUMNS, columns, strict=True)))

    def missing(self, symbol: str, interval_ms: int, begin_ms: int, end_ms: int) -> Sequence[Span]:
        """The times from `begin_ms` to before `end_ms` of which bars are missing, as [first opening, end)."""
        return gaps(self.bars(symbol, interval_ms).open_time_ms, interval_ms, begin_ms, end_ms)

    def funding(self, symbol: str) -> Funding:
        """Settled funding that is kept."""
        table = _read(self._folder / f"{symbol}-funding.parquet", FUNDING_COLUMNS)
        if table is None:
            return Funding(np.empty(0, np.int64), np.empty(0, np.int64))
        rates = table.column(FUNDING_COLUMNS[1]).to_numpy()
        times = table.column(FUNDING_COLUMNS[0]).to_numpy().astype(np.int64)
        return Funding(times, np.rint(rates * RATE_UNIT).astype(np.int64))

    def keep_funding(self, symbol: str, rows: Iterable[FundingRow]) -> None:
        """Keep these payments too."""
        kept = self.funding(symbol)
        known = dict(zip(kept.time_ms.tolist(), (kept.rate_e8 / RATE_UNIT).tolist(), strict=True)) | dict(rows)
        if len(known) > len(kept.time_ms):
            times = np.array(sorted(known), np.int64)
            rates = np.array([known[time] for time in times.tolist()])
            _write(self._folder / f"{symbol}-funding.parquet", dict(zip(FUNDING_COLUMNS, (times, rates), strict=True)))

    def _bars_path(self, symbol: str, interval_ms: int) -> Path:
        return self._folder / f"{symbol}-{INTERVAL_NAME[interval_ms]}.parquet"


def _read(path: Path, columns: Sequence[str]) -> Any:
    try:
        return pq.read_table(path, columns=list(columns))
    except FileNotFoundError:
        return None
    except (OSError, pa.ArrowException) as error:
        logger.warning("%s cannot be read and is made anew: %s", path.name, type(error).__name__)
        return None


def _write(path: Path, columns: dict[str, Any]) -> None:
    """Whole or not at all."""
    half = path.with_suffix(f".{os.getpid()}.half")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        pq.write_table(pa.table(columns), half)
        half.replace(path)
    except OSError as error:
        logger.warning("%s is not kept: %s", path.name, error.strerror)
        with suppress(OSError):
            half.unlink()
