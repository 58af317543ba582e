"""A bar is sound or its fault is named, and it is the next one or its place is."""

import math

import pytest

from engine.market.bars import Fault, Placement, fault, place, sound
from tests import builders

HOUR, OPENED = builders.HOUR_MS, builders.START_MS


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({}, Fault.NONE),
        ({"volume": 0.0}, Fault.NONE),
        ({"open": 2_000.0, "high": 2_000.0, "low": 2_000.0, "close": 2_000.0}, Fault.NONE),
        ({"close": math.nan}, Fault.NOT_FINITE),
        ({"volume": math.inf}, Fault.NOT_FINITE),
        ({"low": 0.0}, Fault.NOT_POSITIVE),
        ({"low": -1.0}, Fault.NOT_POSITIVE),
        ({"low": 2_001.0}, Fault.OUT_OF_ORDER),
        ({"high": 2_004.0}, Fault.OUT_OF_ORDER),
        ({"close": 1_989.0}, Fault.OUT_OF_ORDER),
        ({"volume": -0.1}, Fault.NEGATIVE_VOLUME),
        ({"open_time_ms": OPENED + 1}, Fault.NOT_ALIGNED),
    ],
)
def test_what_is_wrong_with_a_bar_is_named(parts: dict[str, float], named: Fault) -> None:
    bar = builders.a_bar(**parts)

    assert fault(bar, HOUR) is named
    assert sound(bar, HOUR) == (named is Fault.NONE)


@pytest.mark.parametrize(
    ("last", "opened", "where"),
    [
        (0, OPENED, Placement.NEXT),
        (OPENED, OPENED + HOUR, Placement.NEXT),
        (OPENED, OPENED, Placement.DUPLICATE),
        (OPENED, OPENED - HOUR, Placement.OLD),
        (OPENED, OPENED + 2 * HOUR, Placement.HOLE),
    ],
)
def test_a_bar_has_one_place_behind_the_newest(last: int, opened: int, where: Placement) -> None:
    assert place(last, opened, HOUR) is where


def test_recorded_and_walked_bars_are_all_sound() -> None:
    assert all(sound(bar, HOUR) for bar in builders.walk(2_000, 1))
    assert all(sound(bar, HOUR) for bar in builders.recorded("BTCUSDT-1h", 2_000))
