"""Files of recorded history as columns of numbers: parquet, CSV with or without a header, feather, or an archive's zip.

A cell that holds no number becomes NaN and a line with other cells than the rest is counted; both are told by whoever
reads the columns. A file that is no table at all is one clear line: `BadFile`.
"""

import io
import zipfile
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow
import pyarrow.compute
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
from numpy.typing import NDArray

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]
type Truths = NDArray[np.bool_]

NO_TIME: Final = np.iinfo(np.int64).min
SECONDS_BELOW: Final = 1e11  # as milliseconds that is 1973: whole numbers below are seconds
MILLISECONDS_BELOW: Final = 1e14
MICROSECONDS_BELOW: Final = 1e17
MOST_BYTES: Final = 1 << 30  # of a file inside a zip
NUMBER: Final = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
KINDS: Final = {
    **dict.fromkeys((".parquet", ".pq"), "parquet"),
    **dict.fromkeys((".csv", ".txt", ".gz"), "csv"),
    **dict.fromkeys((".feather", ".arrow"), "feather"),
    ".zip": "zip",
}
BROKEN: Final = (pyarrow.ArrowException, zipfile.BadZipFile, zlib.error, OSError, EOFError)
UNREADABLE: Final = (*BROKEN, NotImplementedError, RuntimeError, ValueError)  # what the libraries say of odd bytes
PLAIN_TEXT: Final = bytes(byte if byte < 0x80 else ord("?") for byte in range(256))  # a number has no other letters


class BadFile(ValueError):
    """A file of history cannot be used; the text is one line that names the file and the fault."""


@dataclass(frozen=True, slots=True)
class HistoryTable:
    """A table as read. `names` are those of its columns, in small letters, words joined by `_`; `torn_rows` were left out.

    A file may have more columns than were read: `all_names`.
    """

    file: Path
    table: Any  # pyarrow has no types
    names: tuple[str, ...]
    all_names: tuple[str, ...]
    torn_rows: int = 0

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def floats(self, *names: str) -> Floats:
        """The first of these columns that exists, as numbers. Raises `BadFile`."""
        return _numbers(self._column(names))

    def times_ms(self, *names: str) -> Ints:
        """The first of these columns that exists, as UTC milliseconds, `NO_TIME` where a cell holds none. Raises `BadFile`."""
        column = self._column(names)
        if pyarrow.types.is_integer(column.type) and column.null_count == 0:
            return _to_milliseconds(_values(column.cast(pyarrow.int64()), np.int64))
        if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
            column = _dates(column)
        if pyarrow.types.is_date(column.type):
            column = column.cast(pyarrow.timestamp("ms"))
        if pyarrow.types.is_timestamp(column.type):
            column = column.cast(pyarrow.timestamp("ms", column.type.tz), safe=False).cast(pyarrow.int64())
            if column.null_count == 0:
                return _values(column, np.int64)
            column = column.cast(pyarrow.float64())  # exact: milliseconds of our age are far below 2**53
        numbers = _numbers(column)
        is_whole = np.isfinite(numbers) & (np.abs(numbers) < 2.0**62) & (np.floor(numbers) == numbers)
        return np.where(is_whole, _to_milliseconds(np.where(is_whole, numbers, 0).astype(np.int64)), NO_TIME)

    def _column(self, names: Sequence[str]) -> Any:
        for name in names:
            if name in self.names:
                return self.table.column(self.names.index(name)).combine_chunks()
        raise BadFile(f"{self.file}: no column {names[0]}; it has {', '.join(self.all_names[:12]) or 'none'}")


def read_table(file: Path, unnamed: Sequence[str], wanted: Collection[str]) -> HistoryTable:
    """Read a file, of a wide one the `wanted` columns; `unnamed` are those of a CSV without a header. Raises `BadFile`."""
    kind = KINDS.get(file.suffix.lower())
    try:
        if not file.is_file():
            raise BadFile(f"{file}: no such file")
        if kind is None:
            raise BadFile(
                f"{file}: a file of history is parquet, CSV, feather or the archive's zip, not {file.suffix or 'this'}"
            )
        if file.stat().st_size == 0:
            raise BadFile(f"{file}: the file is empty")
        return _read(file, kind, unnamed, wanted)
    except BadFile:
        raise
    except UNREADABLE as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise BadFile(f"{file}: not readable ({reason[:160]})") from None


def _read(file: Path, kind: str, unnamed: Sequence[str], wanted: Collection[str]) -> HistoryTable:
    if kind == "parquet":
        source = pyarrow.parquet.ParquetFile(file)
        names = source.schema_arrow.names
        return _named(file, source.read(columns=[name for name in names if _plain(name) in wanted]), names)
    if kind == "feather":
        with pyarrow.memory_map(str(file)) as source:
            table = pyarrow.ipc.open_file(source).read_all()
            return _named(file, table, table.column_names)
    if kind == "zip":
        return _csv(file, _only_member(file), unnamed)
    with pyarrow.input_stream(str(file), compression="detect") as source:
        return _csv(file, source.read(), unnamed)


def _only_member(file: Path) -> bytes:
    with zipfile.ZipFile(file) as archive:
        members = [one for one in archive.infolist() if one.filename.lower().endswith(".csv")]
        if len(members) != 1:
            raise BadFile(f"{file}: {len(members)} CSV files inside of it, where an archive has one")
        if members[0].compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise BadFile(f"{file}: not packed as an archive is")
        if members[0].file_size > MOST_BYTES:
            raise BadFile(f"{file}: what is inside is larger than {MOST_BYTES >> 30} GB")
        return archive.read(members[0])


def _csv(file: Path, content: bytes, unnamed: Sequence[str]) -> HistoryTable:
    content = content.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").translate(PLAIN_TEXT)
    first = content[:4096].split(b"\n", 1)[0].decode("ascii").strip().split(",")
    if first == [""]:
        raise BadFile(f"{file}: the file is empty")
    has_header = not first[0].strip().strip('"').replace(".", "", 1).replace("-", "", 2).isdigit()
    if not has_header and len(first) > len(unnamed):
        raise BadFile(f"{file}: {len(first)} columns and no header, where the exchange's archives have {len(unnamed)}")
    torn = list[None]()

    def leave_out(row: Any) -> str:
        del row
        torn.append(None)
        return "skip"

    table = pyarrow.csv.read_csv(
        io.BytesIO(content),
        read_options=pyarrow.csv.ReadOptions(
            column_names=None if has_header else list(unnamed[: len(first)]),
            use_threads=False,  # the count of torn rows is one thread's
        ),
        parse_options=pyarrow.csv.ParseOptions(invalid_row_handler=leave_out),
    )
    return _named(file, table, table.column_names, len(torn))


def _named(file: Path, table: Any, all_names: Sequence[str], torn_rows: int = 0) -> HistoryTable:
    return HistoryTable(file, table, tuple(map(_plain, table.column_names)), tuple(map(_plain, all_names)), torn_rows)


def _plain(name: str) -> str:
    return "_".join(name.strip().lower().split())


def _numbers(column: Any) -> Floats:
    """A column of floats; what is no number becomes NaN."""
    if pyarrow.types.is_string(column.type) or pyarrow.types.is_large_string(column.type):
        trimmed = pyarrow.compute.utf8_trim_whitespace(column)
        is_number = pyarrow.compute.match_substring_regex(trimmed, NUMBER)
        column = pyarrow.compute.if_else(is_number, trimmed, pyarrow.nulls(len(trimmed), trimmed.type))
    try:
        column = column.cast(pyarrow.float64(), safe=False)
    except pyarrow.ArrowException:
        return np.full(len(column), np.nan)
    numbers = _values(column, np.float64)
    return np.where(_is_there(column), numbers, np.nan) if column.null_count else numbers


def _values[N: (np.float64, np.int64)](column: Any, kind: type[N]) -> NDArray[N]:
    """The numbers as they lie in memory. pyarrow's own way to numpy imports pandas, which takes longer than a year of bars."""
    buffer = column.buffers()[1]
    if buffer is None:
        return np.zeros(0, dtype=kind)
    return np.frombuffer(buffer, dtype=kind)[column.offset : column.offset + len(column)]


def _is_there(column: Any) -> Truths:
    bits = np.unpackbits(np.frombuffer(column.buffers()[0], dtype=np.uint8), bitorder="little")
    return bits[column.offset : column.offset + len(column)].astype(np.bool_)


def _dates(column: Any) -> Any:
    """Texts as times where they are dates; whole numbers stay what they are."""
    trimmed = pyarrow.compute.utf8_trim_whitespace(column)
    if pyarrow.compute.any(pyarrow.compute.match_substring_regex(trimmed, NUMBER)).as_py():
        return column
    plain = pyarrow.compute.replace_substring_regex(trimmed, r"(\+00:?00|Z| ?UTC)$", "")
    plain = pyarrow.compute.replace_substring(plain, "T", " ")
    plain = pyarrow.compute.replace_substring_regex(plain, r"\.0+$", "")
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        found = pyarrow.compute.strptime(plain, format=pattern, unit="ms", error_is_null=True)
        if found.null_count < len(found) or len(found) == 0:
            return found
    return column


def _to_milliseconds(times: Any) -> Ints:
    """Whole numbers of seconds, milliseconds, microseconds or nanoseconds, each told by its size."""
    size = np.abs(times)
    if size.size and size.min() >= SECONDS_BELOW and size.max() < MILLISECONDS_BELOW:
        whole: Ints = times.astype(np.int64, copy=False)
        return whole
    steps = [size < SECONDS_BELOW, size < MILLISECONDS_BELOW, size < MICROSECONDS_BELOW]
    with np.errstate(over="ignore"):
        return np.select(steps, [times * 1_000, times, times // 1_000], times // 1_000_000)
