"""The proof that an entry without an answer does not exist (R3). Everything in it is from after the lease.

The exchange denied its name twice, a list of all orders lacks it, executions were listed, and the position was read
twice as it was before. An entry that was given up is remembered for a week: one that comes after all is still ours.
"""

from dataclasses import replace
from typing import Final

from engine.model.market import DAY_MS
from engine.model.orders import IntentState
from engine.model.saved import Absence, EntryIntent, SavedDesk

LEASE_GRACE_MS: Final = 2_000
APART_MS: Final = 2_000  # two answers that are nearer to each other count as one
LAG_MS: Final = 5_000  # so long the exchange's list of positions may lag behind an execution
DENIALS_NEEDED: Final = 2
LOOKS_NEEDED: Final = 2
REMEMBERED_MS: Final = 7 * DAY_MS
MOST_REMEMBERED: Final = 64
NOT_YET: Final = Absence()


def is_after_lease(entry: EntryIntent, asked_ms: int) -> bool:
    """Whether the exchange would have refused the entry, had it come only then."""
    return asked_ms > entry.deadline_ms + LEASE_GRACE_MS


def denied(entry: EntryIntent, seen_ms: int) -> EntryIntent:
    """The exchange does not know its name."""
    is_apart = not entry.not_found or seen_ms - entry.absence.denied_ms >= APART_MS
    if not is_after_lease(entry, seen_ms) or not is_apart:
        return entry
    return replace(entry, not_found=entry.not_found + 1, absence=replace(entry.absence, denied_ms=seen_ms))


def is_denied(entry: EntryIntent) -> bool:
    """Whether the exchange denied its name often enough."""
    return entry.not_found >= DENIALS_NEEDED


def unlisted(entry: EntryIntent, asked_ms: int) -> EntryIntent:
    """A list of all orders of the time lacks it."""
    if not is_after_lease(entry, asked_ms) or entry.absence.is_unlisted:
        return entry
    return replace(entry, absence=replace(entry.absence, is_unlisted=True))


def contradicted(entry: EntryIntent) -> EntryIntent:
    """It was seen: nothing that spoke against it counts."""
    return replace(entry, not_found=0, absence=NOT_YET)


def unfilled(entry: EntryIntent, asked_ms: int) -> EntryIntent:
    """Executions were listed; one of its own has been booked by now."""
    if not is_after_lease(entry, asked_ms) or entry.absence.is_unfilled:
        return entry
    return replace(entry, absence=replace(entry.absence, is_unfilled=True))


def agreed(entry: EntryIntent, asked_ms: int) -> EntryIntent:
    """The position was read as it was before, later than the list of positions may lag behind."""
    known = entry.absence
    is_apart = not known.agreed or asked_ms - known.agreed_ms >= APART_MS
    if asked_ms <= entry.deadline_ms + LAG_MS or not is_apart:
        return entry
    return replace(entry, absence=replace(known, agreed=known.agreed + 1, agreed_ms=asked_ms))


def is_proved(entry: EntryIntent) -> bool:
    """Whether nothing is missing in the proof. One that the exchange had, and denies now, ended without a fill."""
    known = entry.absence
    return (
        entry.state in (IntentState.UNKNOWN, IntentState.ACKED)
        and entry.final is None
        and entry.executed == 0
        and is_denied(entry)
        and known.is_unlisted
        and known.is_unfilled
        and known.agreed >= LOOKS_NEEDED
    )


def remembered(desk: SavedDesk, entry: EntryIntent, now_ms: int) -> SavedDesk:
    """Keep an entry that was given up, or whose end is known by the position alone, for a week."""
    kept = [old for old in desk.absent if now_ms - old.ended_ms < REMEMBERED_MS and old.client_id != entry.client_id]
    return replace(desk, absent=(*kept, replace(entry, ended_ms=now_ms))[-MOST_REMEMBERED:])


def find(desk: SavedDesk, name: str) -> EntryIntent | None:
    """An entry that was given up, by its name."""
    return next((entry for entry in desk.absent if entry.client_id == name), None)
