"""Is a price, or a time, one that could follow the newest that was believed? What leaps must be said again before it counts.

One frame may be wrong in a way that no check of its own shape sees: a price with a digit too many, a time in another
century, or a time before one that was already heard. A leap that is real is repeated within milliseconds.
"""

from typing import Final

MOST_LEAP: Final = 0.2  # of the newest believed price, from one frame to the next
MOST_REACH: Final = 0.5  # of the newest believed price, by a whole bar's extremes
MOST_LEAP_MS: Final = 2 * 86_400_000  # of market time, which may run much faster than the machine's clock
CONFIRMATIONS: Final = 2  # further frames that must say the same


class Believed:
    """The newest believed price and time of one source. `known_ms`: market time is past this; 0 = nothing is known."""

    def __init__(self, known_ms: int = 0) -> None:
        self.price = 0.0  # 0 = none yet
        self.time_ms = known_ms
        self._doubted_price = 0.0
        self._doubted_ms = 0
        self._said = 0

    def takes(self, price: float, time_ms: int) -> bool:
        """Whether the value is believed; if so it is the newest one."""
        if self._follows(price, time_ms):
            self._said = 0
        elif self._confirms(price, time_ms):
            self._said += 1
            if self._said <= CONFIRMATIONS:
                return False
            self._said = 0
        else:
            self._doubted_price, self._doubted_ms, self._said = price, time_ms, 1
            return False
        self.price, self.time_ms = price, time_ms
        return True

    def _follows(self, price: float, time_ms: int) -> bool:
        passed_ms = time_ms - self.time_ms if self.time_ms else 0
        return is_near(price, self.price, MOST_LEAP) and 0 <= passed_ms <= MOST_LEAP_MS

    def _confirms(self, price: float, time_ms: int) -> bool:
        return (
            self._said > 0
            and is_near(price, self._doubted_price, MOST_LEAP)
            and abs(time_ms - self._doubted_ms) <= MOST_LEAP_MS
        )


def is_near(price: float, believed: float, most: float) -> bool:
    """Whether a price could follow another; anything could follow none (0)."""
    return believed == 0.0 or abs(price - believed) <= most * believed
