"""Is a bar true, and is it the next one? Nothing is repaired here: a bar is taken, or the reason against it is named."""

import math
from enum import IntEnum

from engine.model.market import Bar


class Fault(IntEnum):
    """What is wrong with a bar."""

    NONE = 0
    NOT_FINITE = 1
    NOT_POSITIVE = 2
    OUT_OF_ORDER = 3  # not low <= open, close <= high
    NEGATIVE_VOLUME = 4
    NOT_ALIGNED = 5


class Placement(IntEnum):
    """Where a bar belongs, seen from the newest one that was taken."""

    NEXT = 0
    DUPLICATE = 1
    OLD = 2
    HOLE = 3  # bars between the two are missing
    UNSOUND = 4  # it has a fault, so its place was not asked


def fault(bar: Bar, interval_ms: int) -> Fault:
    """Name the first thing that is wrong with a bar."""
    sizes = bar.open + bar.high + bar.low + bar.close + bar.volume
    if not math.isfinite(sizes):
        return Fault.NOT_FINITE
    if bar.low <= 0.0:
        return Fault.NOT_POSITIVE
    if not (bar.low <= bar.open <= bar.high and bar.low <= bar.close <= bar.high):
        return Fault.OUT_OF_ORDER
    if bar.volume < 0.0:
        return Fault.NEGATIVE_VOLUME
    if bar.open_time_ms % interval_ms != 0:
        return Fault.NOT_ALIGNED
    return Fault.NONE


def sound(bar: Bar, interval_ms: int) -> bool:
    """Whether a bar can be true."""
    return fault(bar, interval_ms) == Fault.NONE


def place(last_open_ms: int, open_ms: int, interval_ms: int) -> Placement:
    """Place a bar that opened at `open_ms` behind the newest one (`last_open_ms` 0 = none yet)."""
    if last_open_ms == 0 or open_ms == last_open_ms + interval_ms:
        return Placement.NEXT
    if open_ms == last_open_ms:
        return Placement.DUPLICATE
    return Placement.OLD if open_ms < last_open_ms else Placement.HOLE
