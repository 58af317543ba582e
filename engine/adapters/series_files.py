"""The files of one series in a folder: the result, and the parts of a download that is not finished yet.

Every file appears whole or not at all, so a process that was killed leaves nothing half. A part is kept until the result
holds its rows; one that cannot be read is thrown away and fetched again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow
import pyarrow.parquet

from engine.adapters.archive_layout import Part, Series
from engine.adapters.candle_files import read_bars, read_rows
from engine.adapters.funding_files import read_funding
from engine.adapters.history_faults import Rows, bad_rows, examined
from engine.adapters.history_tables import BadFile, Floats, Ints
from engine.adapters.local_files import write_durably

PARTS_FOLDER: Final = ".parts"
BAR_COLUMNS: Final = ("open_time", "open", "high", "low", "close", "volume")
FUNDING_COLUMNS: Final = ("funding_time", "funding_rate")
RATE_UNIT: Final = 1e8


class Columns(NamedTuple):
    """Sound rows of a series, each time once, oldest first. `bad` rows were left out."""

    time_ms: Ints
    values: tuple[Floats, ...]
    bad: int = 0

    def __len__(self) -> int:
        return len(self.time_ms)

    def within(self, begin_ms: int, end_ms: int) -> "Columns":
        """The rows of a time."""
        begin, end = (int(place) for place in np.searchsorted(self.time_ms, (begin_ms, end_ms)))
        return Columns(self.time_ms[begin:end], tuple(column[begin:end] for column in self.values), self.bad)


class SeriesFiles:
    """One series in a folder."""

    def __init__(self, folder: Path, series: Series) -> None:
        self.series = series
        self.result = folder / f"{series.name}.parquet"
        self._folder = folder / PARTS_FOLDER
        self.thrown_away = 0  # parts that could not be read

    def has(self, part: Part) -> bool:
        """Whether a file of the archive was fetched already."""
        return (self._folder / part.file_name).is_file()

    def keep(self, part: Part, content: bytes) -> None:
        """Keep a file of the archive. Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        write_durably(self._folder / part.file_name, content)

    def keep_rows(self, time_ms: Sequence[int], values: Sequence[Sequence[float]]) -> None:
        """Keep rows that were asked for over requests. Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        columns = Columns(np.array(time_ms, dtype=np.int64), tuple(np.array(one, dtype=np.float64) for one in values))
        name = f"{self.series.archive_name}-rest-{time_ms[0]}-{time_ms[-1]}.parquet"
        write_durably(self._folder / name, self._parquet(columns))

    def read_parts(self) -> list[Columns]:
        """What was kept, files of the archive first."""
        found = list[Columns]()
        for file in sorted(self._parts(), key=lambda one: (one.suffix != ".zip", one.name)):
            try:
                found.append(self._read_part(file))
            except BadFile:
                self.thrown_away += 1
                file.unlink(missing_ok=True)
        return found

    def read_result(self) -> Columns | None:
        """What an earlier download left. Raises `BadFile` where something else lies there."""
        if not self.result.exists():
            return None
        if self.series.is_funding:
            return self._read_part(self.result)
        bars = read_bars([self.result], symbol=self.series.symbol, interval=self.series.interval)
        return Columns(bars.rows.open_time_ms, bars.rows[1:], bad_rows(bars.faults))

    def write_result(self, columns: Columns) -> None:
        """Replace the result. Raises `OSError`."""
        write_durably(self.result, self._parquet(columns))

    def forget_parts(self) -> None:
        """Throw away what the result holds now."""
        for file in self._parts():
            file.unlink(missing_ok=True)

    def _parts(self) -> list[Path]:
        """The parts; drafts that a process left when it was killed are thrown away."""
        found = list(self._folder.glob(f"{self.series.archive_name}-*"))
        for draft in (file for file in found if file.suffix == ".new"):
            draft.unlink(missing_ok=True)
        return [file for file in found if file.suffix in (".zip", ".parquet")]

    def _read_part(self, file: Path) -> Columns:
        if self.series.is_funding:
            record = read_funding([file])
            return Columns(record.time_ms, (record.rate_e8 / RATE_UNIT,), record.bad_rows)
        rows, torn = read_rows(file)
        sound, faults = examined(rows, self.series.step_ms, torn)
        return Columns(sound.open_time_ms, sound[1:], bad_rows(faults))

    def _parquet(self, columns: Columns) -> bytes:
        names = FUNDING_COLUMNS if self.series.is_funding else BAR_COLUMNS
        arrays = [_array(columns.time_ms, pyarrow.int64()), *(_array(one, pyarrow.float64()) for one in columns.values)]
        sink = pyarrow.BufferOutputStream()
        table = pyarrow.Table.from_arrays(arrays, names=list(names))
        pyarrow.parquet.write_table(table, sink, compression="zstd", use_dictionary=False)
        content: bytes = sink.getvalue().to_pybytes()
        return content


def joined(parts: Sequence[Columns]) -> Columns | None:
    """All rows in order; where two parts have the same time the earlier part is right."""
    parts = [one for one in parts if len(one)]
    if not parts:
        return None
    times = np.concatenate([one.time_ms for one in parts])
    order, firsts = np.unique(times, return_index=True)
    columns = zip(*(one.values for one in parts), strict=True)
    values = tuple(np.concatenate(column)[firsts] for column in columns)
    return Columns(order, values, sum(one.bad for one in parts))


def as_bar_rows(columns: Columns) -> Rows:
    """Rows of bars."""
    return Rows(columns.time_ms, *columns.values)


def missing_spans(series: Series, have: Columns | None, begin_ms: int, end_ms: int) -> list[tuple[int, int]]:
    """The stretches of a time of which there are no rows, from each to before each.

    The newest settlement on record may not be the last one of its step, so its step is always asked for again.
    """
    step = series.step_ms
    first, last = -(-begin_ms // step), end_ms // step + (1 if series.is_funding else 0)
    grid = np.arange(first, max(first, last), dtype=np.int64)
    known = np.zeros(0, dtype=np.int64) if have is None else have.time_ms // step
    if series.is_funding and known.size:
        known = known[known < known[-1]]
    wanted: Ints = grid[~np.isin(grid, known)]
    if not wanted.size:
        return []
    cuts = np.flatnonzero(np.diff(wanted) != 1)
    begins, ends = wanted[np.append(0, cuts + 1)], wanted[np.append(cuts, wanted.size - 1)] + 1
    return [(int(begin) * step, int(end) * step) for begin, end in zip(begins, ends, strict=True)]


def _array(numbers: Any, kind: Any) -> Any:
    """The numbers as pyarrow sees them; its own way from numpy imports pandas."""
    buffer = pyarrow.py_buffer(np.ascontiguousarray(numbers))
    return pyarrow.Array.from_buffers(kind, len(numbers), [None, buffer])
