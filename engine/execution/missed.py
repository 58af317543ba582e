"""Executions that may have been missed, and from when on they are asked for.

The newest booked one is no safe mark: an earlier one may have been lost while a later one came through. And nothing is
asked for from before this memory began: what an account did earlier is no position of ours.
"""

from engine.model.messages import FetchFills
from engine.model.saved import SavedDesk


def since_ms(desk: SavedDesk) -> int:
    """The market time from which on executions belong to what the books hold; 0 = nothing can be missing."""
    moments = [desk.last_fill_ms]
    if desk.entry is not None and desk.entry.ruling is not None:
        moments.append(desk.entry.ruling.close_time_ms)
    if desk.holding is not None:
        moments.append(desk.holding.trade.entry_time_ms)
    return min((moment for moment in moments if moment > 0), default=0)


def questions(desk: SavedDesk) -> tuple[FetchFills, ...]:
    """Ask for executions that are not booked."""
    since = since_ms(desk)
    return (FetchFills(desk.symbol, since),) if since else ()
