"""Indicators one value at a time, in the conventions of TA-Lib: each function takes what it was and gives what it is.

Averages are seeded as TA-Lib seeds them: up to `count` = `period` the value is the sum so far, and then the mean.
"""

import math
from typing import Final

RSI_OF_NO_MOVEMENT: Final = 50.0  # TA-Lib says 0 here, which would read as oversold


def ema(value: float, seen: float, count: int, period: int) -> float:
    """Step an exponential average; `count` values with this one."""
    if count > period:
        return (seen - value) * (2.0 / (period + 1)) + value
    return value + seen if count < period else (value + seen) / period


def wilder(value: float, seen: float, count: int, period: int) -> float:
    """Step Wilder's average; `count` values with this one."""
    if count > period:
        return (value * (period - 1) + seen) / period
    return value + seen if count < period else (value + seen) / period


def wilder_sum(value: float, seen: float, count: int, period: int) -> float:
    """Step Wilder's decaying sum, whose seed is the plain sum of `period` - 1 values."""
    return value - value / period + seen if count >= period else value + seen


def known(value: float, is_known: bool) -> float:
    """The value once it means something, NaN before."""
    return value if is_known else math.nan


def relative_strength(gain: float, loss: float) -> float:
    """RSI from the averages of gains and losses."""
    total = gain + loss
    return 100.0 * (gain / total) if total > 0.0 else RSI_OF_NO_MOVEMENT


def true_range(high: float, low: float, close_before: float) -> float:
    """The bar's range, stretched to the close before it."""
    return (high if high > close_before else close_before) - (low if low < close_before else close_before)


def percent(part: float, whole: float) -> float:
    """A part in percent of the whole; 0 of nothing."""
    return 100.0 * (part / whole) if whole > 0.0 else 0.0


def directional_index(plus: float, minus: float, before: float) -> float:
    """DX from the two directional sums, or what it was `before` where nothing moves."""
    total = plus + minus
    return 100.0 * (abs(plus - minus) / total) if total > 0.0 else before


def sign(value: float) -> int:
    """-1, 0 or +1; 0 for NaN."""
    if value > 0.0:
        return 1
    return -1 if value < 0.0 else 0
