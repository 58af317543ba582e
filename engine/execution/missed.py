"""Executions that may have been missed, and from when on they are asked for.

The newest booked one is no safe mark: an earlier one may have been lost while a later one came through. And nothing is
asked for from before this memory began: what an account did earlier is no position of ours.
"""

from typing import Final

from engine.execution.ids import read
from engine.model.market import DAY_MS, HOUR_MS
from engine.model.messages import Errand, FetchFills, FetchFunding
from engine.model.orders import Fill, Role
from engine.model.saved import SavedDesk, forgotten_until_hour

PAYMENTS_BACK_MS: Final = 4 * DAY_MS  # where it is paid every hour these are fewer than a hundred
LOOK_BACK_MS: Final = DAY_MS  # one that was lost may be older than the fill that turned the position


def since_ms(desk: SavedDesk) -> int:
    """The market time from which on executions belong to what the books hold; 0 = nothing can be missing."""
    moments = [desk.last_fill_ms]
    if desk.entry is not None and desk.entry.ruling is not None:
        moments.append(desk.entry.ruling.close_time_ms)
    if desk.holding is not None:
        moments.append(desk.holding.trade.entry_time_ms)
    return min((moment for moment in moments if moment > 0), default=0)


def questions(desk: SavedDesk, paid_since_ms: int = 0) -> tuple[Errand, ...]:
    """Ask for executions that are not booked, and before them for funding that was paid since then, if it is given."""
    since = since_ms(desk)
    return (FetchFills(desk.symbol, max(0, since - LOOK_BACK_MS), paid_since_ms),) if since else ()


def payments(desk: SavedDesk, time_ms: int) -> tuple[Errand, ...]:
    """Ask for funding that was paid on what is held."""
    since = paid_since_ms(desk, time_ms)
    return (FetchFunding(desk.symbol, since),) if since else ()


def paid_since_ms(desk: SavedDesk, time_ms: int) -> int:
    """The market time from which on funding belongs to what is held, not further back than the books remember; 0 = none is."""
    if desk.holding is None:
        return 0
    known_ms = forgotten_until_hour(desk) * HOUR_MS
    return max(desk.holding.trade.entry_time_ms, time_ms - PAYMENTS_BACK_MS, known_ms)


def unpaid_since_ms(desk: SavedDesk) -> int:
    """The market time from which on funding may be missing, however long nobody looked; 0 = nothing can be."""
    since = since_ms(desk)
    if desk.holding is not None:
        since = max(since, desk.holding.trade.entry_time_ms)
    return max(since, forgotten_until_hour(desk) * HOUR_MS) if since else 0


def is_first(desk: SavedDesk, fill: Fill) -> bool:
    """Whether an execution is from before all that are remembered."""
    return all(fill.trade_id < number for number in desk.recent_fills if number > 0)


def is_older(desk: SavedDesk, fill: Fill) -> bool:
    """Whether an execution is from before the first one that is remembered, and explains nothing that is held.

    A position that was found without a memory is as its newest change left it: what reduced it in that moment, too. Where an
    execution closed what was before, and the next one of the same moment opened what is remembered, so is the first of them.
    What the entry of a position executed is never too old, nor what one did that is on its way: nobody may have told of it
    for long.
    """
    name, held = read(fill.client_id), desk.holding.trade if desk.holding is not None else None
    entries = [one.intent_id for one in (desk.entry, held) if one is not None]
    if name is not None and name.role is Role.ENTRY and name.intent_id in entries:
        return False
    is_end = held is not None and (held.side is not fill.side or fill.realised != 0)
    is_in_it = held is not None and is_end and fill.time_ms == held.entry_time_ms
    return (fill.time_ms < since_ms(desk) or is_in_it) and is_first(desk, fill)
