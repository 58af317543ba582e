"""Sums over the last `period` values at the same small cost for each, that do not drift however long they run.

A sum has two halves that are only ever added to: the head grows with the current block of `period` bars, and the tails
of the block before it were summed up when that block ended. Nothing is subtracted, so nothing is lost to rounding. The
slot of a value is its bar's number modulo the period: two runs that began at different bars have the same sums to the
bit as soon as both have seen `period` values; until then a sum means nothing.
"""

import math

import numpy as np
from numpy.typing import NDArray

type Ring = NDArray[np.float64]


def window(period: int) -> Ring:
    """The memory of a running sum: the block's values, from the next slot on the older block's tails, and the head."""
    return np.zeros(period + 1)


def window_step(ring: Ring, slot: int, seen: float) -> float:
    """Take one value into the place of the oldest, and give the sum. Changes the ring."""
    ring[slot] = seen
    period, after = len(ring) - 1, slot + 1
    if after < period:
        head = float(ring[period]) + seen
        ring[period] = head
        return head + float(ring[after])
    total = 0.0
    for place in range(slot, -1, -1):
        total += float(ring[place])
        ring[place] = total
    ring[period] = 0.0
    return total


def replaced(ring: Ring, slot: int, seen: float) -> float:
    """Take one value into the place of the oldest, and give the oldest. Changes the ring, which is a plain one."""
    oldest = float(ring[slot])
    ring[slot] = seen
    return oldest


def spread(period: int) -> Ring:
    """The memory of a running mean and deviation: values, tails and tails of squares, then origin, head and its squares.

    Sums are taken of the distances from an origin and of their squares. The origin is a value of the window itself, so
    what cancels between the two is at most `period` times what is left.
    """
    return np.zeros(3 * period + 3)


def spread_step(ring: Ring, slot: int, seen: float) -> tuple[float, float]:
    """Take one value into the place of the oldest, and give mean and population deviation. Changes the ring."""
    period, after = len(ring) // 3 - 1, slot + 1
    ring[slot] = seen
    origin = float(ring[-3])
    if after < period:
        distance = seen - origin
        total, squares = float(ring[-2]) + distance, float(ring[-1]) + distance * distance
        ring[-2] = total
        ring[-1] = squares
        total += float(ring[period + after])
        squares += float(ring[2 * period + after])
    else:
        origin = seen
        total, squares = _end_block(ring, period, seen)
    shift = total / period
    variance = squares / period - shift * shift
    return origin + shift, math.sqrt(variance) if variance > 0.0 else 0.0


def _end_block(ring: Ring, period: int, origin: float) -> tuple[float, float]:
    """Sum the block up from its end, slot by slot, and begin a new head at `origin`."""
    total, squares = 0.0, 0.0
    for place in range(period - 1, -1, -1):
        distance = float(ring[place]) - origin
        total += distance
        squares += distance * distance
        ring[period + place] = total
        ring[2 * period + place] = squares
    ring[-3] = origin
    ring[-2] = 0.0
    ring[-1] = 0.0
    return total, squares
