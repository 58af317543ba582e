"""What is wrong with rows of candles is counted as a person would count it."""

import numpy as np

from engine.adapters.history_faults import Rows, examined
from tests.engine.adapters.history_builders import MINUTE_MS, START_MS


def rows_at(*minutes: int) -> Rows:
    """Bars that opened at these minutes, in this order; all with the same prices."""
    price = np.full(len(minutes), 1_800.0)
    return Rows(START_MS + MINUTE_MS * np.asarray(minutes, dtype=np.int64), price, price, price, price, price)


def test_two_swapped_rows_are_two_out_of_order_not_all_that_lie_between_them() -> None:
    swapped = [*range(50), 150, *range(51, 150), 50, *range(151, 200)]

    sound, faults = examined(rows_at(*swapped), MINUTE_MS)

    assert np.all(np.diff(sound.open_time_ms) == MINUTE_MS)
    assert faults.unordered == (2, (START_MS + 150 * MINUTE_MS, START_MS + 50 * MINUTE_MS))


def test_one_late_row_is_one_out_of_order_wherever_it_belongs() -> None:
    _, faults = examined(rows_at(*range(1, 100), 0), MINUTE_MS)

    assert faults.unordered == (1, (START_MS,))


def test_rows_that_stand_there_twice_are_in_order() -> None:
    _, faults = examined(rows_at(0, 1, 1, 2), MINUTE_MS)

    assert faults.unordered.number == 0
    assert faults.identical.number == 1
