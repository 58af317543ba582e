"""Funding over a backtest: what is on record holds, and the usual rate stands only where nothing is."""

import numpy as np

from engine.backtest.funding_record import completed_funding
from engine.backtest.history import Ints
from engine.model.market import FUNDING_EVERY_MS

DAY_MS = 3 * FUNDING_EVERY_MS
START_MS = 1_690_848_000_000  # 2023-08-01


def record(*steps: int) -> tuple[Ints, Ints]:
    times = START_MS + np.array(steps, dtype=np.int64) * FUNDING_EVERY_MS
    return times, np.full(len(steps), 777, dtype=np.int64)


def test_a_full_record_is_cut_to_the_time_and_nothing_is_assumed() -> None:
    completed = completed_funding(*record(*range(-3, 9)), START_MS, START_MS + DAY_MS)

    assert completed.assumed == 0
    assert not completed.funding.is_assumed
    assert completed.funding.time_ms.tolist() == [START_MS + step * FUNDING_EVERY_MS for step in range(4)]
    assert set(completed.funding.rate_e8.tolist()) == {777}


def test_what_was_written_down_a_little_late_was_settled_on_the_hour() -> None:
    times, rates = record(*range(9))
    some = np.arange(9) != 4

    completed = completed_funding(times[some] + 7, rates[some], START_MS, START_MS + 2 * DAY_MS)

    assert completed.assumed == 1
    assert completed.funding.time_ms.tolist() == times[:7].tolist()


def test_before_between_and_behind_the_record_the_usual_rate_is_assumed() -> None:
    completed = completed_funding(*record(2, 3, 6), START_MS, START_MS + 3 * DAY_MS)

    assert completed.assumed == 7
    assert completed.funding.is_assumed
    assert completed.funding.rate_e8.tolist() == [10_000, 10_000, 777, 777, 10_000, 10_000, 777, *[10_000] * 3]
    assert (np.diff(completed.funding.time_ms) == FUNDING_EVERY_MS).all()


def test_hourly_settlements_leave_no_room_for_assumed_ones() -> None:
    times = START_MS + np.arange(24, dtype=np.int64) * FUNDING_EVERY_MS // 8
    completed = completed_funding(times, np.ones(24, dtype=np.int64), START_MS, START_MS + DAY_MS - 1)

    assert completed.assumed == 0
    assert len(completed.funding.time_ms) == 24


def test_without_a_record_everything_is_assumed() -> None:
    nothing = np.zeros(0, dtype=np.int64)

    completed = completed_funding(nothing, nothing, START_MS, START_MS + DAY_MS)

    assert (completed.assumed, len(completed.funding.time_ms)) == (4, 4)
