"""What was wrong with candles, in lines for the person at a command: how many, when first, and what was done about it."""

from collections.abc import Iterator
from typing import Final

from engine.adapters.candle_files import Bars, moment
from engine.adapters.history_faults import Marks

TOLD: Final = (  # a field of `Faults`, what it counts, and what became of it
    ("unordered", "out of order", "sorted in"),
    ("identical", "repeated word for word", "used once"),
    ("conflicting", "there in differing versions", "none was used"),
    ("misaligned", "not begun on a whole interval", "not used"),
    ("not_finite", "with a cell that is no number", "not used"),
    ("bad_range", "with a price of 0 or outside of low and high", "not used"),
    ("negative_volume", "with a negative volume", "not used"),
    ("fillers", "without a trade, flat at the close before", "used as they are"),
)
EXAMPLES: Final = 3


def fault_lines(bars: Bars) -> Iterator[str]:
    """All that was wrong with one symbol's rows."""
    name, faults = f"{bars.symbol} {bars.interval}", bars.faults
    for field, words, fate in TOLD:
        marks: Marks = getattr(faults, field)
        if marks.number:
            yield f"{name}: {counted(marks.number)} {words}, first at {moment(marks.first_ms[0])}: {fate}"
    if faults.without_time:
        yield f"{name}: {counted(faults.without_time)} without a readable time: not used"
    if faults.torn_rows:
        yield f"{name}: {faults.torn_rows:,} torn line(s): not used"
    if faults.holes:
        shown = ", ".join(f"{moment(hole.from_ms)} to {moment(hole.to_ms)}" for hole in faults.holes[:EXAMPLES])
        more = f" and {len(faults.holes) - EXAMPLES:,} more" if len(faults.holes) > EXAMPLES else ""
        yield f"{name}: {len(faults.holes):,} hole(s), {counted(faults.missing_bars)} missing: {shown}{more}"


def used_line(read: Bars, used: Bars) -> str:
    """Which part of what was read is used, and which is not."""
    rest = [run for run in read.runs() if not (used.first_ms >= run.first_ms and used.end_ms <= run.end_ms)]
    inside = next(run for run in read.runs() if run.first_ms <= used.first_ms < run.end_ms)
    rest += [part for part in (inside.within(None, used.first_ms), inside.within(used.end_ms, None)) if len(part)]
    rest.sort(key=lambda part: part.first_ms)
    named = ", ".join(f"{period(part)} ({counted(len(part))})" for part in rest[:EXAMPLES])
    more = f" and {len(rest) - EXAMPLES:,} more stretches" if len(rest) > EXAMPLES else ""
    return f"{used.symbol} {used.interval}: {counted(len(used))} used, {period(used)}; not used: {named}{more}"


def period(bars: Bars) -> str:
    """From when to when the bars reach."""
    return f"{moment(bars.first_ms)} to {moment(bars.end_ms)}"


def counted(bars: int) -> str:
    """A number of bars."""
    return f"{bars:,} bar" if bars == 1 else f"{bars:,} bars"
