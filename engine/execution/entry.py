"""An entry from its plan to its last fill. Sent at most once and never again (R1); absence is proved, not assumed (R3).

A journalled entry without an answer is UNKNOWN: its size stays reserved and it is looked for by its name until it is
found, or until the lease is over, the exchange denied it twice, and the position was seen unchanged after that.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.execution import missed
from engine.model.events import (
    OrderAccepted,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrderUnanswered,
)
from engine.model.messages import NOTHING, FindOrder, Outcome, SyncAccount
from engine.model.notices import EntryFailed, EntryProvedAbsent, EntryUnknown
from engine.model.orders import IntentState
from engine.model.saved import EntryIntent, SavedDesk

LEASE_GRACE_MS: Final = 2_000
DENIALS_NEEDED: Final = 2
ASK_AGAIN_MS: Final = 2_000
FILLS_LATE_MS: Final = 1_000  # an executed entry whose fills were not heard of by then has them fetched


def signed(entry: EntryIntent, event: OrderSigned) -> EntryIntent:
    """From here on it may exist."""
    return replace(entry, state=IntentState.SENT, signed_ms=event.signed_ms, deadline_ms=event.deadline_ms)


def accepted(entry: EntryIntent, event: OrderAccepted) -> EntryIntent:
    """The exchange has it. What it executed in the end is known where the answer was final."""
    final = event.executed if event.is_final else entry.final
    return replace(entry, state=IntentState.ACKED, final=final, asked_ms=event.seen_ms)


def gone(entry: EntryIntent, event: OrderGone) -> EntryIntent:
    """It ended at the exchange; `executed` is its total."""
    return replace(entry, state=IntentState.ACKED, final=event.executed, asked_ms=event.seen_ms)


def booked(entry: EntryIntent, quantity: Decimal) -> EntryIntent:
    """A fill of it was booked."""
    state = IntentState.ACKED if entry.state in (IntentState.SENT, IntentState.UNKNOWN) else entry.state
    return replace(entry, executed=entry.executed + quantity, state=state)


def is_filled(entry: EntryIntent) -> bool:
    """Whether every execution of it was booked, and there was one."""
    return entry.final is not None and 0 < entry.final <= entry.executed


def rejected(desk: SavedDesk, entry: EntryIntent, event: OrderRejected) -> tuple[SavedDesk, Outcome]:
    """The exchange, or our own last look before sending, said no: nothing exists."""
    failed = EntryFailed(entry.intent_id, entry.symbol, entry.side, event.code, event.text, event.time_ms)
    return replace(desk, entry=None), Outcome(notices=(failed,), changed=True)


def expired(desk: SavedDesk, entry: EntryIntent, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """It ended without a fill."""
    failed = EntryFailed(entry.intent_id, entry.symbol, entry.side, 0, "", time_ms)
    return replace(desk, entry=None), Outcome(notices=(failed,), changed=True)


def unanswered(desk: SavedDesk, entry: EntryIntent, event: OrderUnanswered) -> tuple[SavedDesk, Outcome]:
    """Nobody knows whether it exists: tell, and start to look for it."""
    lost = replace(entry, state=IntentState.UNKNOWN, asked_ms=event.seen_ms)
    notice = EntryUnknown(entry.intent_id, entry.symbol, entry.side, event.time_ms)
    return replace(desk, entry=lost), Outcome(notices=(notice,), changed=True) + _questions(desk, lost)


def not_found(desk: SavedDesk, entry: EntryIntent, event: OrderNotFound) -> tuple[SavedDesk, Outcome]:
    """The exchange denies it. Only a denial after the lease counts, and only two of them with an unchanged position."""
    if event.seen_ms <= entry.deadline_ms + LEASE_GRACE_MS:
        return desk, NOTHING
    return replace(desk, entry=replace(entry, not_found=entry.not_found + 1)), Outcome(changed=True)


def unchanged(desk: SavedDesk, entry: EntryIntent, asked_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """The position was read as it was before: the last part of the proof."""
    proved = (
        entry.state is IntentState.UNKNOWN
        and entry.not_found >= DENIALS_NEEDED
        and entry.executed == 0
        and asked_ms > entry.deadline_ms + LEASE_GRACE_MS
    )
    if not proved:
        return desk, NOTHING
    notice = EntryProvedAbsent(entry.intent_id, entry.symbol, time_ms)
    return replace(desk, entry=None), Outcome(notices=(notice,), changed=True)


def ticked(desk: SavedDesk, entry: EntryIntent, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Time passed: ask again for what nobody answered, and for fills that are late."""
    if entry.state is IntentState.SENT and now_ms > entry.deadline_ms + LEASE_GRACE_MS:
        entry = replace(entry, state=IntentState.UNKNOWN)
        desk = replace(desk, entry=entry)
    if entry.state is IntentState.UNKNOWN and now_ms - entry.asked_ms >= ASK_AGAIN_MS:
        desk = replace(desk, entry=replace(entry, asked_ms=now_ms))
        return desk, _questions(desk, entry)
    if entry.state is IntentState.ACKED and now_ms - entry.asked_ms >= FILLS_LATE_MS:
        desk = replace(desk, entry=replace(entry, asked_ms=now_ms))
        return desk, _questions(desk, entry)
    return desk, NOTHING


def _questions(desk: SavedDesk, entry: EntryIntent) -> Outcome:
    find = FindOrder(entry.symbol, entry.client_id)
    return Outcome(errands=(find, *missed.questions(desk), SyncAccount()), wake_in_ms=ASK_AGAIN_MS)
