"""The way of the price through one bar: open, nearer extreme, farther extreme, close."""

from typing import Final

from sandbox.exchange.history import Kline

LEGS: Final = 3


def path_of(bar: Kline) -> tuple[int, int, int, int]:
    """Give the four turning points in ticks.

    The extreme nearer to the open comes first; at the same distance the low comes first in a rising bar, else the high.
    """
    up, down = bar.high - bar.open, bar.open - bar.low
    low_first = down < up or (down == up and bar.close > bar.open)
    first, second = (bar.low, bar.high) if low_first else (bar.high, bar.low)
    return bar.open, first, second, bar.close


def leg_times(open_ms: int, interval_ms: int) -> tuple[int, int, int, int]:
    """Say when each turning point is reached: thirds of the bar, the close one millisecond before the next bar."""
    return open_ms, open_ms + interval_ms // LEGS, open_ms + 2 * interval_ms // LEGS, open_ms + interval_ms - 1
