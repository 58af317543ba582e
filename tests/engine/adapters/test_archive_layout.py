"""Where the archive keeps a time: months that are over, days of the present one."""

from datetime import UTC, datetime

import pytest

from engine.adapters.archive_layout import Part, Series, days, parts

BARS = Series("ETHUSDT", "1m")
FUNDING = Series("ETHUSDT")


def ms(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(datetime(year, month, day, hour, tzinfo=UTC).timestamp()) * 1_000


def test_a_file_lies_where_the_exchange_puts_it() -> None:
    month, day = Part(BARS, "2026-10", 0, 1), Part(BARS, "2026-11-21", 0, 1)

    assert month.path == "/data/futures/um/monthly/klines/ETHUSDT/1m/ETHUSDT-1m-2026-10.zip"
    assert day.path == "/data/futures/um/daily/klines/ETHUSDT/1m/ETHUSDT-1m-2026-11-21.zip"
    assert Part(FUNDING, "2026-10", 0, 1).path == "/data/futures/um/monthly/fundingRate/ETHUSDT/ETHUSDT-fundingRate-2026-10.zip"


@pytest.mark.parametrize(
    ("begin", "end", "labels"),
    [
        ((2025, 11, 20), (2026, 2, 3), ["2025-11", "2025-12", "2026-01", "2026-02-01", "2026-02-02"]),
        ((2026, 1, 31, 23), (2026, 2, 3, 12), ["2026-01", "2026-02-01", "2026-02-02"]),
        ((2026, 2, 2, 6), (2026, 2, 2, 7), ["2026-02-02"]),
        ((2026, 2, 3), (2026, 2, 3, 12), []),
        ((2026, 1, 5), (2026, 1, 5), []),
    ],
)
def test_months_that_are_over_come_whole_and_the_present_one_by_its_days(
    begin: tuple[int, ...], end: tuple[int, ...], labels: list[str]
) -> None:
    found = list(parts(BARS, ms(*begin), ms(*end), now_ms=ms(2026, 2, 3, 12)))

    assert [part.label for part in found] == labels


def test_funding_has_no_days() -> None:
    assert [part.label for part in parts(FUNDING, ms(2025, 12, 1), ms(2026, 2, 3), ms(2026, 2, 3))] == ["2025-12", "2026-01"]


def test_a_month_reaches_to_the_next_and_its_days_cover_it() -> None:
    (month,) = parts(BARS, ms(2024, 2, 1), ms(2024, 3, 1), ms(2026, 2, 3))

    assert (month.begin_ms, month.end_ms) == (ms(2024, 2, 1), ms(2024, 3, 1))
    assert len(list(days(month, ms(2024, 1, 1), ms(2025, 1, 1), ms(2026, 2, 3)))) == 29


def test_only_a_month_that_ended_lately_may_be_there_by_its_days() -> None:
    (month,) = parts(BARS, ms(2026, 1, 1), ms(2026, 2, 1), ms(2026, 2, 3))

    assert month.has_days(ms(2026, 2, 3))
    assert not month.has_days(ms(2026, 2, 20))
