"""How old is what we see? All ages are wire time; only whether a bar is due is asked of market time.

At a market that runs faster than the machine's clock the two differ: a bar is due by the market's clock, and is late
by the wire's.
"""

from typing import Final, NamedTuple

MAX_FRAME_AGE_MS: Final = 3_000  # without a frame for so long no entry is made
MAX_BAR_AGE_MS: Final = 5_000  # with the newest bar missing for so long after its close, likewise
GREY_AFTER_MS: Final = 10_000  # what is this old is drawn grey
NEVER_MS: Final = 1_000_000_000_000


class Staleness(NamedTuple):
    """The age that weighs most, and its limit."""

    age_ms: int
    limit_ms: int


def frame_age_ms(now_ms: int, last_frame_ms: int) -> int:
    """Wire time since the newest frame (0 = there was none)."""
    if last_frame_ms == 0:
        return NEVER_MS
    return now_ms - last_frame_ms if now_ms > last_frame_ms else 0


def is_bar_due(time_ms: int, last_close_ms: int, interval_ms: int) -> bool:
    """Whether the market's clock has passed the close of the bar after the newest one."""
    return time_ms >= last_close_ms + interval_ms


def bar_age_ms(now_ms: int, due_since_ms: int) -> int:
    """Wire time since it was first seen that a bar is due and missing (0 = none is)."""
    if due_since_ms == 0:
        return 0
    return now_ms - due_since_ms if now_ms > due_since_ms else 0


def staleness(frame_ms: int, bar_ms: int) -> Staleness:
    """The age that is worse against its limit. Data is stale beyond the limit."""
    if bar_ms * MAX_FRAME_AGE_MS > frame_ms * MAX_BAR_AGE_MS:
        return Staleness(bar_ms, MAX_BAR_AGE_MS)
    return Staleness(frame_ms, MAX_FRAME_AGE_MS)


def is_stale(seen: Staleness) -> bool:
    """Whether entries must wait for news."""
    return seen.age_ms > seen.limit_ms


def is_grey(frame_ms: int) -> bool:
    """Whether the panel shows the market as unseen."""
    return frame_ms > GREY_AFTER_MS
