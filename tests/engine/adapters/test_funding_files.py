"""Funding from files: whole hours, whole rates, each settlement once."""

from pathlib import Path

import pytest

from engine.adapters.funding_files import read_funding, symbol_of
from engine.adapters.history_tables import BadFile
from tests.engine.adapters.history_builders import START_MS, csv, csv_text, parquet, zipped

HOURS_MS = 8 * 3_600_000


def test_the_archives_columns_and_ours_give_the_same_settlements(tmp_path: Path) -> None:
    ours = parquet(
        tmp_path / "E-funding.parquet", [(START_MS, 0.0001), (START_MS + HOURS_MS, -0.00025)], ("funding_time", "funding_rate")
    )
    text = csv_text(
        [(START_MS + 3, 8, 0.0001), (START_MS + HOURS_MS + 7, 8, -0.00025)],
        ("calc_time", "funding_interval_hours", "last_funding_rate"),
    )
    theirs = zipped(tmp_path / "ETHUSDT-fundingRate-2023-08.zip", text)

    records = [read_funding([ours]), read_funding([theirs])]

    for record in records:
        assert record.time_ms.tolist() == [START_MS, START_MS + HOURS_MS]
        assert record.rate_e8.tolist() == [10_000, -25_000]
        assert record.bad_rows == 0


def test_settlements_come_in_order_and_once_and_disputed_or_impossible_ones_are_left_out(tmp_path: Path) -> None:
    some = [
        (START_MS + step * HOURS_MS, rate) for step, rate in ((2, 0.0003), (0, 0.0001), (2, 0.0003), (1, 0.0002), (1, 0.0009))
    ]
    file = csv(
        tmp_path / "E-funding.csv",
        [*some, (START_MS + 3 * HOURS_MS, 1_800.0), (START_MS + 4 * HOURS_MS, None)],
        ("time", "rate"),
    )

    record = read_funding([file])

    assert record.time_ms.tolist() == [START_MS, START_MS + 2 * HOURS_MS]
    assert record.rate_e8.tolist() == [10_000, 30_000]
    assert record.bad_rows == 3


def test_a_file_of_candles_is_no_funding(tmp_path: Path) -> None:
    file = csv(tmp_path / "ETHUSDT-funding.csv", [(START_MS, 1_800.0)], ("open_time", "open"))

    with pytest.raises(BadFile, match="no column funding_time"):
        read_funding([file])


def test_a_file_says_whose_funding_it_holds() -> None:
    assert symbol_of(Path("ETHUSDT-funding.parquet")) == "ETHUSDT"
    assert symbol_of(Path("1000PEPEUSDT-fundingRate-2023-08.zip")) == "1000PEPEUSDT"
    assert symbol_of(Path("rates.csv")) == ""
