"""Candle files: what is wrong with one is said in one line before anything trusts it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from sandbox.market import BadCandles, read_candles

START_MS = 1_767_225_600_000
MINUTE_MS = 60_000


def some_columns(**changes: Sequence[Any]) -> dict[str, Sequence[Any]]:
    """Four sound bars, column by column."""
    columns: dict[str, Sequence[Any]] = {
        "open_time": [START_MS + MINUTE_MS * number for number in range(4)],
        "open": [100.0, 101.0, 102.0, 103.0],
        "high": [102.0, 103.0, 104.0, 105.0],
        "low": [99.0, 100.0, 101.0, 102.0],
        "close": [101.0, 102.0, 103.0, 104.0],
        "volume": [1.0, 2.0, 3.0, 4.0],
    }
    return columns | changes


def a_file(folder: Path, columns: Mapping[str, Sequence[Any]], name: str = "ETHUSDT-1m.parquet") -> Path:
    path = folder / name
    pyarrow.parquet.write_table(pyarrow.table(dict(columns)), path)
    return path


def test_symbol_and_interval_come_from_the_name_and_the_bars_as_they_are(tmp_path: Path) -> None:
    candles = read_candles(a_file(tmp_path, some_columns(), "ETHUSDT-1m.202307.parquet"))

    assert (candles.symbol, candles.interval, len(candles)) == ("ETHUSDT", "1m", 4)
    assert candles.rows(1, 2) == ((START_MS + MINUTE_MS, 101.0, 103.0, 100.0, 102.0, 2.0),)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"open_time": [START_MS, START_MS + MINUTE_MS, START_MS + 4 * MINUTE_MS, START_MS + 5 * MINUTE_MS]},
            "1 hole(s), 2 bar(s)",
        ),
        ({"open_time": [START_MS, START_MS, START_MS + MINUTE_MS, START_MS + 2 * MINUTE_MS]}, "repeated"),
        ({"open_time": [START_MS + MINUTE_MS, START_MS, START_MS + 2 * MINUTE_MS, START_MS + 3 * MINUTE_MS]}, "out of order"),
        ({"open_time": [START_MS + 7 + MINUTE_MS * number for number in range(4)]}, "whole 1m"),
        ({"close": [101.0, float("nan"), 103.0, 104.0]}, "close are no number, the first in row 2"),
        ({"volume": [1.0, None, 3.0, 4.0]}, "volume are no number"),
        ({"open": ["a", "b", "c", "d"]}, "open does not hold numbers"),
        ({"high": [98.0, 103.0, 104.0, 105.0]}, "high below low"),
        ({"close": [101.0, 110.0, 103.0, 104.0]}, "outside of low and high"),
        ({"low": [99.0, 100.0, 0.0, 102.0]}, "not positive"),
        ({"volume": [1.0, 2.0, -3.0, 4.0]}, "negative volume"),
    ],
)
def test_every_fault_of_the_bars_is_named_in_one_line(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    path = a_file(tmp_path, some_columns(**changes))

    with pytest.raises(BadCandles) as refused:
        read_candles(path)

    assert words in str(refused.value)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_missing_column_is_named_with_what_was_found(tmp_path: Path) -> None:
    columns = {name: values for name, values in some_columns().items() if name != "low"}

    with pytest.raises(BadCandles, match=r"missing column\(s\) low; found open_time, open"):
        read_candles(a_file(tmp_path, columns))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("candles.parquet", "does not say SYMBOL-INTERVAL"),
        ("ETHUSDT-7m.parquet", "unknown interval 7m; one of 1m, 3m"),
        ("ETHBTC-1m.parquet", "ETHBTC is no symbol of a USDT contract"),
    ],
)
def test_a_name_that_fits_no_contract_or_interval_is_refused(tmp_path: Path, name: str, words: str) -> None:
    with pytest.raises(BadCandles, match=words):
        read_candles(a_file(tmp_path, some_columns(), name))


def test_a_file_that_is_missing_empty_or_no_table_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "ETHUSDT-1m.parquet"
    broken.write_bytes(b"not a table")
    empty = tmp_path / "ETHUSDT-1m.csv"
    empty.write_text("")

    for path, words in ((tmp_path / "BTCUSDT-1m.parquet", "no such file"), (broken, "not a readable"), (empty, "no bars")):
        with pytest.raises(BadCandles, match=words):
            read_candles(path)


def test_an_archive_without_a_header_and_in_microseconds_is_read(tmp_path: Path) -> None:
    rows = [f"{(START_MS + MINUTE_MS * number) * 1000},100,102,99,101,5,0,0,0,0,0,0" for number in range(3)]
    path = tmp_path / "ETHUSDT-1m-2026-01.csv"
    path.write_text("\n".join(rows))

    candles = read_candles(path)

    assert candles.open_time_ms.tolist() == [START_MS + MINUTE_MS * number for number in range(3)]
    assert candles.volume.tolist() == [5.0] * 3
