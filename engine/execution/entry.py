"""An entry from its plan to its last fill. Sent at most once and never again (R1); absence is proved, not assumed (R3).

A journalled entry without an answer is UNKNOWN: its size stays reserved and it is looked for by its name until it is
found, or until the proof of `absence` is complete.
"""

from dataclasses import replace
from typing import Final

from engine.execution import absence, missed
from engine.model.events import (
    OrderAccepted,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrdersListed,
    OrderUnanswered,
)
from engine.model.messages import NOTHING, Errand, FindOrder, ListOrders, Outcome, SyncAccount
from engine.model.notices import EntryFailed, EntryProvedAbsent, EntryUnknown
from engine.model.orders import Fill, IntentState
from engine.model.saved import EntryIntent, SavedDesk

ASK_AGAIN_MS: Final = 2_000
BEFORE_ENTRY_MS: Final = 60_000  # so much before its bar closed the list of orders begins
FILLS_LATE_MS: Final = 300  # an executed entry whose fills were not heard of by then has them fetched
FILLS_AGAIN_MS: Final = 1_000  # and so often after that


def signed(entry: EntryIntent, event: OrderSigned) -> EntryIntent:
    """From here on it may exist."""
    return replace(entry, state=IntentState.SENT, signed_ms=event.signed_ms, deadline_ms=event.deadline_ms)


def accepted(entry: EntryIntent, event: OrderAccepted) -> EntryIntent:
    """The exchange has it. What it executed in the end is known where the answer was final."""
    final = event.executed if event.is_final else entry.final
    entry = entry if event.is_final else absence.contradicted(entry)
    asked_ms, order_id = _answered_ms(event.seen_ms), event.order_id or entry.order_id
    return replace(entry, state=IntentState.ACKED, final=final, asked_ms=asked_ms, order_id=order_id)


def gone(entry: EntryIntent, event: OrderGone) -> EntryIntent:
    """It ended at the exchange; `executed` is its total."""
    asked_ms, order_id = _answered_ms(event.seen_ms), event.order_id or entry.order_id
    return replace(entry, state=IntentState.ACKED, final=event.executed, asked_ms=asked_ms, order_id=order_id)


def _answered_ms(now_ms: int) -> int:
    """An answer counts as a question of a while ago: its fills are missed sooner than those of a question."""
    return now_ms - (FILLS_AGAIN_MS - FILLS_LATE_MS)


def booked(entry: EntryIntent, fill: Fill) -> EntryIntent:
    """A fill of it was booked."""
    state = IntentState.ACKED if entry.state in (IntentState.SENT, IntentState.UNKNOWN) else entry.state
    order_id = fill.order_id or entry.order_id
    return replace(entry, executed=entry.executed + fill.quantity, state=state, order_id=order_id)


def is_of(entry: EntryIntent, fill: Fill) -> bool:
    """Whether an execution is the entry's: by its name, or by the order's number. The name may be damaged, or not known."""
    is_same_order = fill.order_id != 0 and fill.order_id == entry.order_id
    return fill.client_id == entry.client_id or is_same_order


def named(entry: EntryIntent | None, fill: Fill) -> Fill:
    """An execution under the entry's name, where it is the entry's."""
    return replace(fill, client_id=entry.client_id) if entry is not None and is_of(entry, fill) else fill


def revived(desk: SavedDesk, name: str) -> SavedDesk:
    """An entry that was given up has arrived after all: it is on its way again, where no other one is."""
    late = absence.find(desk, name)
    if late is None or desk.entry is not None:
        return desk
    others = tuple(old for old in desk.absent if old is not late)
    again = absence.contradicted(replace(late, state=IntentState.ACKED, ended_ms=0, asked_ms=0))
    return replace(desk, entry=again, absent=others)


def is_filled(entry: EntryIntent) -> bool:
    """Whether every execution of it was booked, and there was one."""
    return entry.final is not None and 0 < entry.final <= entry.executed


def rejected(desk: SavedDesk, entry: EntryIntent, event: OrderRejected) -> tuple[SavedDesk, Outcome]:
    """The exchange, or our own last look before sending, said no: nothing exists."""
    failed = EntryFailed(entry.intent_id, entry.symbol, entry.side, event.code, event.text, event.time_ms)
    return replace(desk, entry=None, is_unwanted=False), Outcome(notices=(failed,), changed=True)


def expired(desk: SavedDesk, entry: EntryIntent, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """It ended without a fill."""
    failed = EntryFailed(entry.intent_id, entry.symbol, entry.side, 0, "", time_ms)
    return replace(desk, entry=None, is_unwanted=False), Outcome(notices=(failed,), changed=True)


def unanswered(desk: SavedDesk, entry: EntryIntent, event: OrderUnanswered) -> tuple[SavedDesk, Outcome]:
    """Nobody knows whether it exists: tell, and start to look for it."""
    if entry.executed or entry.state is IntentState.ACKED:  # the stream was faster: it exists
        return desk, _questions(desk, entry)
    lost = replace(entry, state=IntentState.UNKNOWN, asked_ms=event.seen_ms)
    notice = EntryUnknown(entry.intent_id, entry.symbol, entry.side, event.time_ms)
    return replace(desk, entry=lost), Outcome(notices=(notice,), changed=True) + _questions(desk, lost)


def not_found(desk: SavedDesk, entry: EntryIntent, event: OrderNotFound) -> tuple[SavedDesk, Outcome]:
    """The exchange denies it. Only denials after the lease count, and they are but a part of the proof."""
    return _newer(desk, entry, absence.denied(entry, event.seen_ms), event.seen_ms, event.time_ms)


def listed(desk: SavedDesk, entry: EntryIntent, event: OrdersListed) -> tuple[SavedDesk, Outcome]:
    """All orders of the time: where it is among them it exists, and is asked for."""
    if entry.client_id in event.client_ids:
        seen = absence.contradicted(entry)
        return replace(desk, entry=seen), Outcome(errands=(FindOrder(entry.symbol, entry.client_id),), changed=True)
    return _newer(desk, entry, absence.unlisted(entry, event.asked_ms), event.seen_ms, event.time_ms)


def fills_listed(desk: SavedDesk, asked_ms: int) -> SavedDesk:
    """Executions were listed, and those that were missed are booked."""
    return replace(desk, entry=absence.unfilled(desk.entry, asked_ms)) if desk.entry is not None else desk


def unchanged(desk: SavedDesk, entry: EntryIntent, asked_ms: int, seen_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """The position was read as the books have it. An executed entry that is known no longer has ended with that.

    So has one of which executions were listed since: what it lacks is in the books already, under no name.
    """
    newer = absence.agreed(entry, asked_ms)
    is_sure = newer.absence.agreed >= absence.LOOKS_NEEDED
    if is_sure and newer.executed and newer.final is None and absence.is_denied(newer):
        newer = replace(newer, final=newer.executed)
    if is_sure and newer.final is not None and newer.executed < newer.final and newer.absence.is_unfilled:
        newer = replace(newer, final=newer.executed)
    return _newer(desk, entry, newer, seen_ms, time_ms)


def _newer(desk: SavedDesk, old: EntryIntent, new: EntryIntent, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """The entry with one more piece of the proof; given up, and kept in mind, where that was the last one."""
    if absence.is_proved(new):
        desk = absence.remembered(desk, replace(new, state=IntentState.DEAD), now_ms)
        if new.state is IntentState.ACKED:
            return expired(desk, new, time_ms)
        notice = EntryProvedAbsent(new.intent_id, new.symbol, time_ms)
        return replace(desk, entry=None, is_unwanted=False), Outcome(notices=(notice,), changed=True)
    return replace(desk, entry=new), Outcome(changed=new is not old)


def ticked(desk: SavedDesk, entry: EntryIntent, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Time passed: ask again for what nobody answered, and for fills that are late."""
    if entry.state is IntentState.SENT and absence.is_after_lease(entry, now_ms):
        entry = replace(entry, state=IntentState.UNKNOWN)
        desk = replace(desk, entry=entry)
    if entry.state is IntentState.UNKNOWN and now_ms - entry.asked_ms >= ASK_AGAIN_MS:
        desk = replace(desk, entry=replace(entry, asked_ms=now_ms))
        return desk, _questions(desk, entry)
    if entry.state is IntentState.ACKED and now_ms - entry.asked_ms >= FILLS_AGAIN_MS:
        desk = replace(desk, entry=replace(entry, asked_ms=now_ms))
        return desk, _questions(desk, entry)
    return desk, NOTHING


def _questions(desk: SavedDesk, entry: EntryIntent) -> Outcome:
    looks: tuple[Errand, ...] = (FindOrder(entry.symbol, entry.client_id), *missed.questions(desk))
    if entry.executed == 0 and entry.final is None:
        since_ms = entry.ruling.close_time_ms if entry.ruling is not None else missed.since_ms(desk)
        looks += (ListOrders(entry.symbol, max(0, since_ms - BEFORE_ENTRY_MS)),)
    return Outcome(errands=(*looks, SyncAccount()), wake_in_ms=ASK_AGAIN_MS)
