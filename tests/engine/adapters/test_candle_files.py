"""Candles from files: every way of writing them gives the same bars, and nothing wrong in them is silently used."""

import gzip
import math
import time
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.ipc
import pytest

from engine.adapters.candle_files import ARCHIVE_COLUMNS, Bars, name_of, read_bars
from engine.adapters.history_faults import Hole
from engine.adapters.history_tables import BadFile
from tests.builders import RECORDED
from tests.engine.adapters.history_builders import (
    COLUMNS,
    MINUTE_MS,
    START_MS,
    archive_rows,
    csv,
    csv_text,
    parquet,
    rows,
    zipped,
)


def as_rows(bars: Bars) -> list[tuple[float, ...]]:
    return [tuple(row) for row in zip(*(column.tolist() for column in bars.rows), strict=True)]


def written(folder: Path, form: str) -> Path:
    """The same 50 bars as a file of some form."""
    some = rows(50)
    seconds = [(int(row[0] or 0) // 1_000, *row[1:]) for row in some]
    micros = [(int(row[0] or 0) * 1_000, *row[1:]) for row in some]
    dates = [(str(np.datetime64(int(row[0] or 0), "ms")).replace("T", " ")[:19], *row[1:]) for row in some]
    match form:
        case "parquet":
            return parquet(folder / "ETHUSDT-1m.parquet", some)
        case "archive":
            return csv(folder / "ETHUSDT-1m-2023-08.csv", archive_rows(some))
        case "archive with header":
            return csv(folder / "ETHUSDT-1m-2023-08.csv", archive_rows(some), ARCHIVE_COLUMNS)
        case "zip":
            return zipped(folder / "ETHUSDT-1m-2023-08.zip", csv_text(archive_rows(some), ARCHIVE_COLUMNS))
        case "gz":
            file = folder / "ETHUSDT-1m.csv.gz"
            file.write_bytes(gzip.compress(csv_text(some, COLUMNS).encode()))
            return file
        case "feather":
            file, table = (
                folder / "ETHUSDT-1m.feather",
                pyarrow.table({n: [row[i] for row in some] for i, n in enumerate(COLUMNS)}),
            )
            with pyarrow.ipc.new_file(str(file), table.schema) as writer:
                writer.write_table(table)
            return file
        case "seconds":
            return csv(folder / "ETHUSDT-1m.csv", seconds, ("timestamp", *COLUMNS[1:]))
        case "microseconds":
            return csv(folder / "ETHUSDT-1m.csv", micros)
        case "dates":
            plain = [(f"{row[0]}+00:00", *row[1:]) for row in dates]
            text = csv_text(plain, ("Date", "Open", "High", "Low", "Close", "Volume"))  # type: ignore[arg-type]  # a text
            (folder / "ETHUSDT-1m.csv").write_text(text)
            return folder / "ETHUSDT-1m.csv"
        case _:
            return parquet(folder / "ETH_USDT_USDT-1m-futures.parquet", some, ("date", *COLUMNS[1:]))


@pytest.mark.parametrize(
    "form",
    ["parquet", "archive", "archive with header", "zip", "gz", "feather", "seconds", "microseconds", "dates", "freqtrade"],
)
def test_every_way_of_writing_candles_gives_the_same_bars(tmp_path: Path, form: str) -> None:
    bars = read_bars([written(tmp_path, form)])

    assert (bars.symbol, bars.interval) == ("ETHUSDT", "1m")
    assert as_rows(bars) == rows(50)


@pytest.mark.parametrize(
    ("name", "symbol", "interval"),
    [
        ("ETHUSDT-1m.parquet", "ETHUSDT", "1m"),
        ("ETHUSDT-1m.202307.parquet", "ETHUSDT", "1m"),
        ("1000PEPEUSDT-15m-2023-07.csv", "1000PEPEUSDT", "15m"),
        ("BTCUSDT-1h-2023-07-31.zip", "BTCUSDT", "1h"),
        ("BTC_USDT_USDT-4h-futures.feather", "BTCUSDT", "4h"),
    ],
)
def test_a_file_is_known_by_its_name(name: str, symbol: str, interval: str) -> None:
    assert name_of(Path(name)) == (symbol, interval)


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("candles.csv", {}, "the name says no symbol and interval"),
        ("ETHUSDT-7m.csv", {}, "unknown interval 7m"),
        ("ETHUSDT-1m.csv", {"interval": "x"}, "unknown interval x"),
        ("ETHUSDT-1m.csv", {"symbol": "ETH/USDT"}, "is no symbol"),
    ],
)
def test_a_name_that_says_nothing_usable_is_one_line(name: str, given: dict[str, str], says: str) -> None:
    with pytest.raises(BadFile, match=says):
        name_of(Path(name), **given)


def test_doubles_are_used_once_and_differing_versions_are_a_hole(tmp_path: Path) -> None:
    some = rows(20)
    differing = (some[12][0], *some[11][1:])
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*some[:5], some[4], some[4], *some[5:13], differing, *some[13:]])

    bars = read_bars([file])

    assert as_rows(bars) == [*some[:12], *some[13:]]
    assert bars.faults.identical == (2, (some[4][0], some[4][0]))
    assert bars.faults.conflicting == (1, (some[12][0],))
    assert bars.faults.holes == (Hole(START_MS + 12 * MINUTE_MS, START_MS + 13 * MINUTE_MS, 1),)


@pytest.mark.parametrize(
    ("cells", "fault"),
    [
        ({1: math.nan}, "not_finite"),
        ({4: math.inf}, "not_finite"),
        ({5: None}, "not_finite"),
        ({2: 1_700.0}, "bad_range"),
        ({3: 1_900.0}, "bad_range"),
        ({3: 0.0}, "bad_range"),
        ({3: -1.0}, "bad_range"),
        ({5: -0.1}, "negative_volume"),
        ({0: START_MS + 7 * MINUTE_MS + 1}, "misaligned"),
    ],
)
def test_a_bad_row_is_counted_and_leaves_a_hole(tmp_path: Path, cells: dict[int, float], fault: str) -> None:
    some = rows(20)
    some[7] = tuple(cells.get(place, cell) for place, cell in enumerate(some[7]))
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", some)

    bars = read_bars([file])

    assert as_rows(bars) == [*some[:7], *some[8:]]
    assert getattr(bars.faults, fault).number == 1
    assert bars.faults.holes == (Hole(START_MS + 7 * MINUTE_MS, START_MS + 8 * MINUTE_MS, 1),)


def test_text_in_a_cell_and_a_torn_line_spoil_their_rows_alone(tmp_path: Path) -> None:
    lines = csv_text(rows(20), COLUMNS).splitlines()
    lines[4] = lines[4].replace(",1800.", ",n/a", 1)
    lines[9] = "soon" + lines[9][13:]
    lines[20] = lines[20][:20]
    (tmp_path / "ETHUSDT-1m.csv").write_text("\n".join(lines))

    bars = read_bars([tmp_path / "ETHUSDT-1m.csv"])

    assert (bars.faults.not_finite.number, bars.faults.without_time, bars.faults.torn_rows) == (1, 1, 1)
    assert as_rows(bars) == [row for place, row in enumerate(rows(19)) if place not in (3, 8)]


def test_rows_out_of_order_are_sorted_in_and_counted(tmp_path: Path) -> None:
    some = rows(10)
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*some[:3], *some[6:], *some[3:6]])

    bars = read_bars([file])

    assert as_rows(bars) == some
    assert bars.faults.unordered == (3, tuple(row[0] for row in some[3:6]))


def test_files_that_are_named_newest_first_are_no_disorder(tmp_path: Path) -> None:
    some = rows(30)
    older, newer = csv(tmp_path / "ETHUSDT-1m-2023-07.csv", some[:10]), csv(tmp_path / "ETHUSDT-1m-2023-08.csv", some[10:])

    bars = read_bars([newer, older])

    assert as_rows(bars) == some
    assert bars.faults.unordered.number == 0


def test_filler_bars_are_used_and_counted_but_a_quiet_bar_at_another_price_is_none(tmp_path: Path) -> None:
    some = rows(10)
    closed = some[3][4]
    some[4] = (some[4][0], closed, closed, closed, closed, 0.0)
    some[8] = (some[8][0], *(1_799.0,) * 4, 0.0)
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", some)

    bars = read_bars([file])

    assert bars.faults.fillers == (1, (some[4][0],))
    assert as_rows(bars) == some


def test_a_hole_cuts_history_into_runs_within_the_asked_time(tmp_path: Path) -> None:
    some = rows(100)
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*some[:60], *some[65:]])

    whole = read_bars([file])
    late = read_bars([file], begin_ms=START_MS + 40 * MINUTE_MS, end_ms=START_MS + 95 * MINUTE_MS)

    assert [as_rows(run) for run in whole.runs()] == [some[:60], some[65:]]
    assert [as_rows(run) for run in late.runs()] == [some[40:60], some[65:95]]
    assert late.faults.missing_bars == 5


def test_what_is_wrong_outside_of_the_asked_time_is_nobodys_concern(tmp_path: Path) -> None:
    some = rows(100)
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*some[:20], *some[25:]])

    bars = read_bars([file], begin_ms=START_MS + 30 * MINUTE_MS)

    assert bars.faults.holes == ()
    assert as_rows(bars) == some[30:]


def test_a_bar_that_has_not_closed_by_the_end_is_not_read(tmp_path: Path) -> None:
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", rows(20))

    bars = read_bars([file], end_ms=START_MS + 10 * MINUTE_MS + 59_999)

    assert as_rows(bars) == rows(10)


def test_files_of_one_symbol_are_joined_whatever_their_order(tmp_path: Path) -> None:
    first = parquet(tmp_path / "ETHUSDT-1m-2023-08.parquet", rows(30))
    second = csv(tmp_path / "ETHUSDT-1m-2023-09.csv", rows(20, first=28))

    bars = read_bars([second, first])

    assert as_rows(bars) == rows(48)
    assert bars.faults.identical.number == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "the file is empty"),
        (b"\n", "the file is empty"),
        (b"open_time,open,high,low,close,volume\n", "no bars in it"),
        (b"open_time,open,high,low,close\n1690848000000,1,1,1,1\n", "no column volume"),
        (b"1690848000000," * 13 + b"1\n", "14 columns and no header"),
        (b"open_time,open,high,low,close,volume\n1690848000000,2,1,3,2,1\n", "not one sound bar"),
    ],
)
def test_an_unusable_csv_file_is_one_line(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "ETHUSDT-1m.csv"
    file.write_bytes(content)

    with pytest.raises(BadFile, match=says) as told:
        read_bars([file])

    assert "\n" not in str(told.value)


@pytest.mark.parametrize("suffix", ["parquet", "feather", "zip", "csv.gz", "xlsx"])
def test_a_file_that_is_not_what_it_is_called_is_one_line(tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"ETHUSDT-1m.{suffix}"
    file.write_bytes(b"hello, this is no table")

    with pytest.raises(BadFile, match="ETHUSDT-1m") as told:
        read_bars([file])

    assert "\n" not in str(told.value)


def test_a_missing_file_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="no such file"):
        read_bars([tmp_path / "ETHUSDT-1m.parquet"])


def test_a_file_of_another_interval_is_refused_even_where_it_has_holes(tmp_path: Path) -> None:
    some = rows(40, step_ms=5 * MINUTE_MS)
    file = parquet(tmp_path / "ETHUSDT-1m.parquet", [*some[:20], *some[22:]])

    with pytest.raises(BadFile, match="5m apart, not 1m"):
        read_bars([file])
    with pytest.raises(BadFile, match="5m apart, not 15m"):
        read_bars([file], interval="15m")


def test_a_year_of_minutes_is_read_in_well_under_a_second(tmp_path: Path) -> None:
    file = RECORDED / "ETHUSDT-1m.parquet"
    if not file.exists():
        pytest.skip(f"recorded candles {file.name} are not on this machine")
    begun = time.process_time()

    bars = read_bars([file])

    assert time.process_time() - begun < 1.5  # two thirds of a year, on a busy machine; alone it takes 0.1 s
    assert (len(bars), len(bars.runs()), bars.faults.fillers.number) == (349_920, 1, 59)
    assert all(column.flags.writeable and column.flags.c_contiguous for column in bars.rows)
