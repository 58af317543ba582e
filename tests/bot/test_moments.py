"""Times as people type them."""

from datetime import UTC, datetime

import pytest

from bot.moments import BadMoment, begin_ms, end_ms, span_ms


def ms(*moment: int) -> int:
    return int(datetime(*moment).replace(tzinfo=UTC).timestamp()) * 1_000  # type: ignore[arg-type]  # noqa: DTZ001  # year, month, ...


def test_a_day_begins_with_its_first_moment_and_ends_with_all_of_it() -> None:
    assert begin_ms("--from", "2024-02-28") == ms(2024, 2, 28)
    assert end_ms("--to", "2024-02-28") == ms(2024, 2, 29)


def test_a_moment_is_meant_to_the_second_and_in_utc_unless_it_says_otherwise() -> None:
    assert begin_ms("--from", "2024-02-28T12:30") == end_ms("--to", "2024-02-28 12:30:00") == ms(2024, 2, 28, 12, 30)
    assert end_ms("--to", "2024-02-28T12:30+02:00") == ms(2024, 2, 28, 10, 30)


def test_a_time_begins_before_it_ends() -> None:
    assert span_ms("2024-02-28", "2024-02-28") == (ms(2024, 2, 28), ms(2024, 2, 29))
    assert span_ms("", "2024-02-28") == (None, ms(2024, 2, 29))
    with pytest.raises(BadMoment, match=r"^--from 2024-02-29 is not before --to 2024-02-28$"):
        span_ms("2024-02-29", "2024-02-28")


def test_nothing_typed_is_nothing() -> None:
    assert begin_ms("--from", "") is None
    assert end_ms("--to", "") is None


@pytest.mark.parametrize("text", ["yesterday", "2024-13-01", "2024-02-30", "31.01.2024", "1999-01-01", "0001-01-01", "-1"])
def test_what_is_no_time_names_its_option(text: str) -> None:
    with pytest.raises(BadMoment, match="--from is a day like 2024-01-31"):
        begin_ms("--from", text)
