"""Files of history for tests: a seeded market as rows, written the ways in which people keep candles."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow
import pyarrow.parquet

START_MS: Final = 1_690_848_000_000  # 2023-08-01
MINUTE_MS: Final = 60_000
COLUMNS: Final = ("open_time", "open", "high", "low", "close", "volume")

type Row = tuple[float | int | None, ...]


def rows(count: int, *, first: int = 0, step_ms: int = MINUTE_MS, price: float = 1_800.0) -> list[Row]:
    """Sound bars around a price, each a little different, on a grid of 0.01."""
    made = list[Row]()
    for number in range(first, first + count):
        opened, closed = round(price + number % 7 * 0.03, 2), round(price + (number + 1) % 7 * 0.03, 2)
        high, low = max(opened, closed) + 0.05, min(opened, closed) - 0.04
        made.append((START_MS + number * step_ms, opened, round(high, 2), round(low, 2), closed, 10.0 + number % 5))
    return made


def parquet(file: Path, some: Sequence[Row], columns: Sequence[str] = COLUMNS) -> Path:
    """Rows as a parquet file."""
    table = pyarrow.table({name: [row[place] for row in some] for place, name in enumerate(columns)})
    pyarrow.parquet.write_table(table, file)
    return file


def csv_text(some: Sequence[Row], header: Sequence[str] = ()) -> str:
    """Rows as text, an empty cell where there is None."""
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in some]
    return "\n".join([*([",".join(header)] if header else []), *lines]) + "\n"


def csv(file: Path, some: Sequence[Row], header: Sequence[str] = ()) -> Path:
    """Rows as a CSV file."""
    file.write_text(csv_text(some, header))
    return file


def zipped(file: Path, text: str) -> Path:
    """A text as the archive ships it."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{file.stem}.csv", text)
    file.write_bytes(content.getvalue())
    return file


def archive_rows(some: Sequence[Row]) -> list[Row]:
    """The same bars with the twelve columns of the exchange's archive."""
    return [(*row, int(row[0] or 0) + MINUTE_MS - 1, 18_000.0, 12, 5.0, 9_000.0, 0) for row in some]
