"""Recorded candles: a gap-free run of bars of one symbol, read from parquet or CSV and checked before anything trusts it."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow
import pyarrow.csv
import pyarrow.parquet

from sandbox.market.intervals import INTERVAL_MS

COLUMNS: Final = ("open_time", "open", "high", "low", "close", "volume")
DUMP_COLUMNS: Final = (  # reference 10: the exchange's own kline archives; older files have no header row
    *COLUMNS,
    "close_time",
    "quote_volume",
    "count",
    "taker_buy_volume",
    "taker_buy_quote_volume",
    "ignore",
)
MICROSECONDS_FROM: Final = 10**14  # reference 10: a later archive counts in microseconds
SYMBOL_NAME: Final = re.compile(r"^[^\W_]+USDT$")  # the venue trades USDT contracts; other letters than ours exist
FILE_NAME: Final = re.compile(r"^(?P<symbol>[^-]+)-(?P<interval>\d+[mhdwM])(?![A-Za-z0-9])")

type Floats = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.int64]


class BadCandles(ValueError):
    """The candles cannot be used; the message is one line that names the file and the fault."""


class Candle(NamedTuple):
    """One bar as recorded: prices in the quote asset, volume in the base asset."""

    open_time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Candles:
    """All bars of one symbol, column by column, oldest first and without a hole."""

    symbol: str
    interval: str
    open_time_ms: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.open_time_ms)

    @property
    def interval_ms(self) -> int:
        """The length of a bar."""
        return INTERVAL_MS[self.interval]

    def rows(self, start: int, stop: int) -> tuple[Candle, ...]:
        """Give the bars from `start` up to, not including, `stop`."""
        columns = (self.open, self.high, self.low, self.close, self.volume)
        lists = [column[start:stop].tolist() for column in columns]
        return tuple(Candle(*row) for row in zip(self.open_time_ms[start:stop].tolist(), *lists, strict=True))


def read_candles(path: str | Path, symbol: str = "", interval: str = "") -> Candles:
    """Read one file; symbol and interval come from its name (`SYMBOL-INTERVAL...`) unless given."""
    file = Path(path)
    symbol, interval = _named(file, symbol, interval)
    table = _table(file)
    missing = [name for name in COLUMNS if name not in table.column_names]
    if missing:
        raise BadCandles(f"{file}: missing column(s) {', '.join(missing)}; found {', '.join(table.column_names)}")
    columns = [_numbers(file, table, name) for name in COLUMNS]
    candles = Candles(symbol, interval, _milliseconds(file, columns[0]), *columns[1:])
    check_candles(candles, str(file))
    return candles


def check_candles(candles: Candles, name: str) -> None:
    """Raise `BadCandles` with the first thing that is wrong."""
    if len(candles) == 0:
        raise BadCandles(f"{name}: no bars in it")
    _check_times(candles, name)
    _check_values(candles, name)


def _named(file: Path, symbol: str, interval: str) -> tuple[str, str]:
    found = FILE_NAME.match(file.name)
    symbol = symbol or (found["symbol"] if found else "")
    interval = interval or (found["interval"] if found else "")
    if not symbol or not interval:
        raise BadCandles(f"{file}: the name does not say SYMBOL-INTERVAL (like ETHUSDT-1h.parquet); give symbol and interval")
    check_names(symbol.upper(), interval, f"{file}: ")
    return symbol.upper(), interval


def check_names(symbol: str, interval: str, where: str = "") -> None:
    """Raise `BadCandles` where the venue has no such interval, or cannot list such a symbol."""
    if interval not in INTERVAL_MS:
        raise BadCandles(f"{where}unknown interval {interval}; one of {', '.join(INTERVAL_MS)}")
    if not SYMBOL_NAME.match(symbol):
        raise BadCandles(f"{where}{symbol} is no symbol of a USDT contract; one is written like ETHUSDT")


def _table(file: Path) -> Any:  # pyarrow has no types
    if not file.is_file():
        raise BadCandles(f"{file}: no such file")
    try:
        if file.suffix.lower() == ".csv":
            return _csv_table(file)
        return pyarrow.parquet.read_table(file)
    except (pyarrow.ArrowException, OSError) as error:
        raise BadCandles(f"{file}: not a readable candle file ({str(error).splitlines()[0]})") from None


def _csv_table(file: Path) -> Any:
    with file.open(encoding="utf-8", errors="replace") as text:
        first = text.readline().strip().split(",")
    if first == [""]:
        raise BadCandles(f"{file}: no bars in it")
    if not first[0].strip().isdigit():
        return pyarrow.csv.read_csv(file)
    names = DUMP_COLUMNS[: len(first)]
    if len(names) != len(first):
        raise BadCandles(f"{file}: {len(first)} columns and no header; the exchange's archives have {len(DUMP_COLUMNS)}")
    return pyarrow.csv.read_csv(file, read_options=pyarrow.csv.ReadOptions(column_names=list(names)))


def _numbers(file: Path, table: Any, name: str) -> Floats:
    column = table.column(name)
    if pyarrow.types.is_timestamp(column.type):
        column = column.cast(pyarrow.timestamp("ms")).cast(pyarrow.int64())
    try:
        numbers: Floats = column.cast(pyarrow.float64()).to_numpy().astype(np.float64)
    except pyarrow.ArrowException:
        raise BadCandles(f"{file}: column {name} does not hold numbers") from None
    bad = np.flatnonzero(~np.isfinite(numbers))
    if bad.size:
        raise BadCandles(f"{file}: {bad.size} value(s) of {name} are no number, the first in row {bad[0] + 1}")
    return numbers


def _milliseconds(file: Path, times: Floats) -> Integers:
    whole = times.astype(np.int64)
    if np.any(whole != times):
        raise BadCandles(f"{file}: open_time is not in whole milliseconds")
    return whole // 1000 if whole.size and whole[0] > MICROSECONDS_FROM else whole


def _check_times(candles: Candles, name: str) -> None:
    times, step = candles.open_time_ms, candles.interval_ms
    gaps = np.diff(times)
    bad = np.flatnonzero(gaps <= 0)
    if bad.size:
        row = int(bad[0]) + 1
        word = "repeated" if gaps[bad[0]] == 0 else "out of order"
        raise BadCandles(f"{name}: {bad.size} bar(s) {word}, the first is row {row + 1} at {moment(times[row])}")
    off = np.flatnonzero(times % step)
    if off.size:
        row = int(off[0])
        raise BadCandles(f"{name}: {off.size} bar(s) do not start on a whole {candles.interval}, first {moment(times[row])}")
    holes = np.flatnonzero(gaps != step)
    if holes.size:
        after, missing = int(holes[0]), int(gaps[holes].sum()) // step - holes.size
        first = moment(times[after] + step)
        raise BadCandles(f"{name}: {holes.size} hole(s), {missing} bar(s) of {candles.interval} missing, the first at {first}")


def _check_values(candles: Candles, name: str) -> None:
    body_high = np.maximum(candles.open, candles.close)
    body_low = np.minimum(candles.open, candles.close)
    faults = (
        ("high below low", candles.high < candles.low),
        ("open or close outside of low and high", (candles.high < body_high) | (candles.low > body_low)),
        ("a price that is not positive", candles.low <= 0),
        ("a negative volume", candles.volume < 0),
    )
    for words, wrong in faults:
        rows = np.flatnonzero(wrong)
        if rows.size:
            raise BadCandles(f"{name}: {rows.size} bar(s) with {words}, the first at {moment(candles.open_time_ms[rows[0]])}")


def moment(time_ms: int | np.int64) -> str:
    """Write a time for a message."""
    return str(np.datetime64(int(time_ms), "ms")).removesuffix(".000").replace("T", " ") + " UTC"
