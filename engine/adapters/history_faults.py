"""What is wrong with rows of candles, and what is left of them: each bar once, in order, sound.

Doubles are dropped and counted; where two rows of one time differ, nobody knows which is true and both are a hole, as is
every bad row. Filler bars (no trade, flat at the close before) are kept and counted. All in whole columns.
"""

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from engine.adapters.history_tables import NO_TIME, Floats, Ints, Truths

EXAMPLES: Final = 3


class Marks(NamedTuple):
    """How many, and when the first of them were (UTC milliseconds)."""

    number: int = 0
    first_ms: tuple[int, ...] = ()


class Hole(NamedTuple):
    """Bars that are not there: the first missing one opens at `from_ms`, the next present one at `to_ms`."""

    from_ms: int
    to_ms: int
    bars: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """What was wrong with the rows of one symbol. `fillers` were used, everything else was not."""

    unordered: Marks
    identical: Marks
    conflicting: Marks
    misaligned: Marks
    not_finite: Marks
    bad_range: Marks
    negative_volume: Marks
    fillers: Marks
    without_time: int
    torn_rows: int
    holes: tuple[Hole, ...] = field(repr=False)

    @property
    def missing_bars(self) -> int:
        """Over all holes."""
        return sum(hole.bars for hole in self.holes)


class Rows(NamedTuple):
    """Columns of candles, of one length."""

    open_time_ms: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def at(self, places: Truths | Ints | slice) -> "Rows":
        """The rows in some places."""
        prices = (column[places] for column in (self.open, self.high, self.low, self.close, self.volume))
        return Rows(self.open_time_ms[places], *prices)


def examined(rows: Rows, interval_ms: int, torn_rows: int = 0) -> tuple[Rows, Faults]:
    """The sound bars in order, each once, and all that was wrong."""
    has_time = rows.open_time_ms != NO_TIME
    without_time = int(np.count_nonzero(~has_time))
    if without_time:
        rows = rows.at(has_time)
    rows, unordered = _ordered(rows)
    times = rows.open_time_ms
    misaligned = times % interval_ms != 0
    not_finite = ~np.isfinite(rows.open + rows.high + rows.low + rows.close + rows.volume)
    with np.errstate(invalid="ignore"):
        bad_range = ~not_finite & (
            (rows.low > np.minimum(rows.open, rows.close)) | (rows.high < np.maximum(rows.open, rows.close)) | (rows.low <= 0)
        )
        negative_volume = rows.volume < 0
    identical, conflicting = _doubles(rows)
    sound = rows.at(~(misaligned | not_finite | bad_range | negative_volume | identical | conflicting))
    return sound, Faults(
        unordered=unordered,
        identical=_marks(times, identical),
        conflicting=_marks(np.unique(times[conflicting]), None),
        misaligned=_marks(times, misaligned),
        not_finite=_marks(times, not_finite),
        bad_range=_marks(times, bad_range),
        negative_volume=_marks(times, negative_volume),
        fillers=_marks(sound.open_time_ms, _fillers(sound, interval_ms)),
        without_time=without_time,
        torn_rows=torn_rows,
        holes=holes(sound.open_time_ms, interval_ms),
    )


def bad_rows(faults: Faults) -> int:
    """How many rows could not be used, doubles that agree not counted."""
    marks = (faults.conflicting, faults.misaligned, faults.not_finite, faults.bad_range, faults.negative_volume)
    return sum(one.number for one in marks) + faults.without_time + faults.torn_rows


def holes(times: Ints, interval_ms: int) -> tuple[Hole, ...]:
    """What is missing between ordered bars."""
    gaps = np.diff(times)
    places = np.flatnonzero(gaps != interval_ms)
    return tuple(
        Hole(int(times[place]) + interval_ms, int(times[place + 1]), int(gaps[place]) // interval_ms - 1) for place in places
    )


def usual_step_ms(times: Ints) -> int:
    """How far apart most bars are; 0 = less than two."""
    gaps = np.diff(np.sort(times[times != NO_TIME]))
    gaps = gaps[gaps > 0]
    if gaps.size == 0:
        return 0
    if int(gaps.min()) == int(np.median(gaps)):
        return int(gaps.min())
    steps, counts = np.unique(gaps, return_counts=True)
    return int(steps[np.argmax(counts)])


def _ordered(rows: Rows) -> tuple[Rows, Marks]:
    times = rows.open_time_ms
    if times.size < 2 or np.all(times[1:] >= times[:-1]):
        return rows, Marks()
    return rows.at(np.argsort(times, kind="stable")), _marks(times, _out_of_place(times))


def _out_of_place(times: Ints) -> Truths:
    """The fewest rows without which all others are in order: two that were swapped make no others wrong."""
    tops, lengths = list[int](), list[int]()  # the lowest end of an ordered choice of each length; the longest up to each row
    for time in times.tolist():
        place = bisect_right(tops, time)
        tops[place : place + 1] = [time]
        lengths.append(place)
    is_out, wanted, bound = np.ones(times.size, dtype=np.bool_), len(tops) - 1, tops[-1]
    for at in range(times.size - 1, -1, -1):
        if lengths[at] == wanted and times[at] <= bound:
            is_out[at], wanted, bound = False, wanted - 1, times[at]
    return is_out


def _doubles(rows: Rows) -> tuple[Truths, Truths]:
    """Which ordered rows repeat the one before, and which have a time that differing rows claim."""
    times = rows.open_time_ms
    none = np.zeros(times.size, dtype=np.bool_)
    if times.size < 2:
        return none, none
    is_double = np.concatenate(([False], times[1:] == times[:-1]))
    if not is_double.any():
        return none, none
    is_same = np.concatenate(([True], np.all([column[1:] == column[:-1] for column in rows[1:]], axis=0)))
    disputed = np.unique(times[is_double & ~is_same])
    conflicting = np.isin(times, disputed)
    return is_double & ~conflicting, conflicting


def _fillers(rows: Rows, interval_ms: int) -> Truths:
    times, close = rows.open_time_ms, rows.close
    if times.size < 2:
        return np.zeros(times.size, dtype=np.bool_)
    is_flat = (rows.volume == 0) & (rows.open == close) & (rows.high == close) & (rows.low == close)
    goes_on = (times[1:] - times[:-1] == interval_ms) & (close[1:] == close[:-1])
    return np.asarray(is_flat & np.concatenate(([False], goes_on)))


def _marks(times: Ints, where: Truths | None) -> Marks:
    found = times if where is None else times[where]
    return Marks(int(found.size), tuple(int(one) for one in found[:EXAMPLES]))
