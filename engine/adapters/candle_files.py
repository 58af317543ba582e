"""Candles from files: one symbol's sound bars out of one file or of several, with all that was wrong with them.

Which symbol and interval a file holds says its name (`ETHUSDT-1m.parquet`, `ETHUSDT-1m-2023-07.zip`) or the caller; the
bars themselves have to agree with it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial, reduce
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from engine.adapters.history_faults import Faults, Rows, examined, usual_step_ms
from engine.adapters.history_tables import NO_TIME, BadFile, Ints, read_table
from engine.model.market import INTERVAL_MS, INTERVAL_NAME

ARCHIVE_COLUMNS: Final = (
    *("open_time", "open", "high", "low", "close", "volume"),
    *("close_time", "quote_volume", "count", "taker_buy_volume", "taker_buy_quote_volume", "ignore"),
)
TIME_NAMES: Final = ("open_time", "open_time_ms", "opentime", "timestamp", "date", "datetime", "time", "ts")
PRICE_NAMES: Final = ("open", "high", "low", "close")
VOLUME_NAMES: Final = ("volume", "vol", "base_volume", "volume_base")
FILE_NAME: Final = re.compile(r"(?P<symbol>[^\W]{2,40})-(?P<interval>\d+[mhdwM])(?![A-Za-z0-9])")
FUTURES_PAIR: Final = re.compile(r"(?P<base>[^\W_]+)_(?P<quote>[^\W_]+)_(?P=quote)")  # as freqtrade names its files
SYMBOL: Final = re.compile(r"[^\W_]{2,30}")
NEVER: Final = np.iinfo(np.int64).max


class FileName(NamedTuple):
    """What a file is said to hold."""

    symbol: str
    interval: str


@dataclass(frozen=True, slots=True)
class Bars:
    """One symbol's sound bars in order, each once. Between two of them there may be a hole; none of `runs` has one."""

    symbol: str
    interval: str
    rows: Rows
    faults: Faults

    def __len__(self) -> int:
        return len(self.rows.open_time_ms)

    @property
    def interval_ms(self) -> int:
        """The length of a bar."""
        return INTERVAL_MS[self.interval]

    @property
    def first_ms(self) -> int:
        """When the first bar opened."""
        return int(self.rows.open_time_ms[0])

    @property
    def end_ms(self) -> int:
        """When the last bar closed."""
        return int(self.rows.open_time_ms[-1]) + self.interval_ms

    def within(self, begin_ms: int | None, end_ms: int | None) -> "Bars":
        """The bars that opened from `begin_ms` on and had closed by `end_ms`."""
        begin, end = self._place(begin_ms, 0), self._place(end_ms, len(self))
        if end_ms is not None and end > 0 and int(self.rows.open_time_ms[end - 1]) + self.interval_ms > end_ms:
            end -= 1
        return Bars(self.symbol, self.interval, self.rows.at(slice(begin, max(begin, end))), self.faults)

    def runs(self) -> tuple["Bars", ...]:
        """The stretches without a hole, in order."""
        cuts = np.flatnonzero(np.diff(self.rows.open_time_ms) != self.interval_ms) + 1
        edges = (0, *(int(cut) for cut in cuts), len(self))
        return tuple(Bars(self.symbol, self.interval, self.rows.at(slice(*part)), self.faults) for part in pairwise(edges))

    def _place(self, time_ms: int | None, otherwise: int) -> int:
        return otherwise if time_ms is None else int(np.searchsorted(self.rows.open_time_ms, time_ms))


def read_bars(
    files: Sequence[Path],
    *,
    symbol: str = "",
    interval: str = "",
    begin_ms: int | None = None,
    end_ms: int | None = None,
) -> Bars:
    """Read one symbol's files, and only what lies within the asked time. Raises `BadFile`."""
    named = name_of(files[0], symbol=symbol, interval=interval)
    step, parts, torn_rows = INTERVAL_MS[named.interval], list[Rows](), 0
    for file in files:
        rows, torn = read_rows(file)
        _check_step(file, rows.open_time_ms, named.interval)
        parts.append(rows)
        torn_rows += torn
    parts.sort(key=_first_ms)  # in which order they were named says nothing about their bars
    joined = parts[0] if len(parts) == 1 else Rows(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    sound, faults = examined(_asked(joined, step, begin_ms, end_ms), step, torn_rows)
    if not len(sound.open_time_ms):
        where = "" if begin_ms is None and end_ms is None else " in the asked time"
        raise BadFile(f"{files[0]}: not one sound bar{where}")
    return Bars(named.symbol, named.interval, sound, faults)


def shared_run(parts: Sequence[Bars]) -> Sequence[Bars]:
    """The longest stretch, the first of equals, without a hole in any of some symbols' bars; empty where there is none."""
    times = reduce(partial(np.intersect1d, assume_unique=True), (bars.rows.open_time_ms for bars in parts))
    if not len(times):
        return ()
    step = parts[0].interval_ms
    edges = (0, *(np.flatnonzero(np.diff(times) != step) + 1).tolist(), len(times))
    begin, end = max(pairwise(edges), key=lambda run: run[1] - run[0])
    return [bars.within(int(times[begin]), int(times[end - 1]) + step) for bars in parts]


def read_rows(file: Path) -> tuple[Rows, int]:
    """The rows of one file as they stand there, and how many lines were torn. Raises `BadFile`."""
    table = read_table(file, ARCHIVE_COLUMNS, (*TIME_NAMES, *PRICE_NAMES, *VOLUME_NAMES))
    if not len(table):
        raise BadFile(f"{file}: no bars in it")
    first, high, low, last = (table.floats(name) for name in PRICE_NAMES)
    return Rows(table.times_ms(*TIME_NAMES), first, high, low, last, table.floats(*VOLUME_NAMES)), table.torn_rows


def name_of(file: Path, *, symbol: str = "", interval: str = "") -> FileName:
    """Which symbol and interval a file is said to hold. Raises `BadFile` where nobody says it, or an unknown one."""
    found = FILE_NAME.match(file.name)
    symbol = symbol or (found["symbol"] if found else "")
    interval = interval or (found["interval"] if found else "")
    if not symbol or not interval:
        raise BadFile(f"{file}: the name says no symbol and interval, as in ETHUSDT-1h.parquet")
    pair = FUTURES_PAIR.fullmatch(symbol)
    symbol = (pair["base"] + pair["quote"] if pair else symbol).upper()
    if not SYMBOL.fullmatch(symbol):
        raise BadFile(f"{file}: {symbol} is no symbol; one is written like ETHUSDT")
    if interval not in INTERVAL_MS:
        raise BadFile(f"{file}: unknown interval {interval}; one of {', '.join(INTERVAL_MS)}")
    return FileName(symbol, interval)


def moment(time_ms: int) -> str:
    """A time for a message, as short as it can be."""
    text = str(np.datetime64(int(time_ms), "ms")).replace("T", " ")
    return text.removesuffix(".000").removesuffix(":00").removesuffix(" 00:00")


def _first_ms(rows: Rows) -> int:
    times = rows.open_time_ms
    return int(times.min(initial=NEVER, where=times != NO_TIME))


def _asked(rows: Rows, step: int, begin_ms: int | None, end_ms: int | None) -> Rows:
    times = rows.open_time_ms
    if begin_ms is None and end_ms is None:
        return rows
    is_asked = np.ones(times.size, dtype=np.bool_)
    if begin_ms is not None:
        is_asked &= times >= begin_ms
    if end_ms is not None:
        is_asked &= times <= end_ms - step
    return rows.at(is_asked | (times == NO_TIME))


def _check_step(file: Path, times: Ints, interval: str) -> None:
    found = usual_step_ms(times)
    if found and found != INTERVAL_MS[interval]:
        apart = INTERVAL_NAME.get(found, f"{found / 1_000:g} s")
        raise BadFile(f"{file}: its bars are {apart} apart, not {interval}")
