"""Ages in wire time: the one that weighs most against its limit decides, and never-seen is as old as can be."""

import pytest

from engine.market.feed_health import (
    GREY_AFTER_MS,
    MAX_BAR_AGE_MS,
    MAX_FRAME_AGE_MS,
    NEVER_MS,
    Staleness,
    bar_age_ms,
    frame_age_ms,
    is_bar_due,
    is_grey,
    is_stale,
    staleness,
)


def test_a_frame_that_never_came_is_stale_and_grey() -> None:
    age = frame_age_ms(5_000, 0)

    assert age == NEVER_MS
    assert is_stale(staleness(age, 0))
    assert is_grey(age)


def test_a_clock_that_was_set_back_makes_nothing_younger_than_now() -> None:
    assert frame_age_ms(5_000, 6_000) == 0
    assert bar_age_ms(5_000, 6_000) == 0


def test_a_bar_that_is_not_due_has_no_age() -> None:
    assert bar_age_ms(9_000, 0) == 0
    assert bar_age_ms(9_000, 5_000) == 4_000


def test_a_bar_is_due_when_the_market_has_reached_its_close() -> None:
    assert not is_bar_due(7_199_999, 3_600_000, 3_600_000)
    assert is_bar_due(7_200_000, 3_600_000, 3_600_000)


@pytest.mark.parametrize(
    ("frame", "bar", "worst", "stale"),
    [
        (MAX_FRAME_AGE_MS, 0, Staleness(3_000, 3_000), False),
        (MAX_FRAME_AGE_MS + 1, 0, Staleness(3_001, 3_000), True),
        (0, MAX_BAR_AGE_MS, Staleness(5_000, 5_000), False),
        (0, MAX_BAR_AGE_MS + 1, Staleness(5_001, 5_000), True),
        (2_900, 4_000, Staleness(2_900, 3_000), False),
        (2_000, 4_900, Staleness(4_900, 5_000), False),
        (3_100, 4_900, Staleness(3_100, 3_000), True),
    ],
)
def test_the_age_that_is_worse_against_its_limit_decides(frame: int, bar: int, worst: Staleness, stale: bool) -> None:
    assert staleness(frame, bar) == worst
    assert is_stale(worst) == stale


def test_grey_comes_later_than_stale() -> None:
    assert not is_grey(GREY_AFTER_MS)
    assert is_grey(GREY_AFTER_MS + 1)
    assert GREY_AFTER_MS > MAX_FRAME_AGE_MS
