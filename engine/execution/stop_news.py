"""What an answer or a message about one of our stops teaches. Cover is audited afterwards; nothing is decided here.

Only a listing makes a stop "seen": acknowledged is not protected (R6).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from engine.execution.cover import REFUSED_RETRY_MS, find, is_covered, is_refused, retry_ms, with_stop, without_stop
from engine.execution.ids import read
from engine.execution.orders import BUSY, KEY_REFUSED, OFF_GRID
from engine.model.account import StopSeen
from engine.model.events import CancelRefused, OrderAccepted, OrderRejected, OrderUnanswered, StopChanged
from engine.model.messages import NOTHING, FindStop, ListStops, Outcome, SyncAccount
from engine.model.notices import OutsideChange
from engine.model.orders import Role, StopStatus
from engine.model.saved import SavedDesk, StopOrder

TRIGGERS_NOW: Final = (-2021, -4142)  # the price is already beyond the trigger
NO_POSITION_YET: Final = (-4509, -4129)
ALREADY_THERE: Final = -4116
PLACE_TAKEN: Final = -4130  # a stop on the whole position rests there, and is not this one
UNHEARD: Final = (*BUSY, *KEY_REFUSED)
RULES_WITHIN: Final = 3  # attempts, before they count as refusals
TOO_MANY: Final = -4045  # conditional orders on this account
TAKEN_RETRY_MS: Final = 1_000  # while it is not known whose stop it is: it may be one of ours that is being cancelled
TAKEN_BY_OTHERS_RETRY_MS: Final = 30_000
WAITS_BEFORE_LOOK: Final = 3  # then the position that the exchange does not see is read
FIRED: Final = (StopStatus.TRIGGERING, StopStatus.TRIGGERED, StopStatus.FINISHED)


def accepted(desk: SavedDesk, stop: StopOrder, event: OrderAccepted) -> tuple[SavedDesk, Outcome]:
    """The exchange took the stop: have it listed once the last one on its way was taken."""
    desk = with_stop(desk, replace(stop, algo_id=event.order_id))
    waiting = any(other.algo_id == 0 and not other.is_cancelling for other in desk.stops)
    return desk, NOTHING if waiting else Outcome(errands=(ListStops(desk.symbol),))


def rejected(desk: SavedDesk, stop: StopOrder, event: OrderRejected) -> tuple[SavedDesk, Outcome]:
    """The exchange refused the stop. Whether the position must go is `cover.has_failed`'s and the desk's to say."""
    look = ListStops(desk.symbol)
    if event.code == ALREADY_THERE:
        return desk, Outcome(errands=(look,))
    if event.code == PLACE_TAKEN and stop.role is Role.WIDE_STOP:
        until_ms = max(desk.wide_blocked_until_ms, event.seen_ms + TAKEN_RETRY_MS)
        if desk.wide_blocked_by:
            until_ms = event.seen_ms + TAKEN_BY_OTHERS_RETRY_MS
        others = without_stop(desk, stop.client_id).stops
        kept = tuple(other for other in others if other.role is not Role.WIDE_STOP or not is_refused(other))
        desk = replace(desk, stops=kept, wide_blocked_until_ms=until_ms)
        return desk, Outcome(errands=(look,), changed=True, wake_in_ms=until_ms - event.seen_ms)
    is_early = event.code in NO_POSITION_YET or (event.code in OFF_GRID and stop.waits < RULES_WITHIN)
    is_passing = is_early or event.code > 0 or event.code in UNHEARD  # positive: ours (it was not sent), or the HTTP status
    refusals, waits = stop.refusals + (not is_passing), stop.waits + is_passing
    covered = desk.holding is not None and is_covered(desk, desk.holding.quantity)
    wait_ms = retry_ms(refusals + waits, is_covered=covered)
    again = replace(stop, refusals=refusals, waits=waits, retry_at_ms=event.seen_ms + wait_ms)
    outcome = Outcome(changed=True, wake_in_ms=wait_ms)
    if event.code == TOO_MANY or (is_early and waits >= WAITS_BEFORE_LOOK):  # each desk sweeps what is nobody's
        outcome += Outcome(errands=(SyncAccount(),))
    return with_stop(desk, again), outcome


def unanswered(desk: SavedDesk, stop: StopOrder, event: OrderUnanswered) -> tuple[SavedDesk, Outcome]:
    """Nobody knows: look at once, and send the same name again soon."""
    again = replace(stop, retry_at_ms=event.seen_ms + REFUSED_RETRY_MS[0])
    return with_stop(desk, again), Outcome(errands=(ListStops(desk.symbol),), wake_in_ms=REFUSED_RETRY_MS[0])


def changed(desk: SavedDesk, event: StopChanged) -> tuple[SavedDesk, Outcome]:
    """News of a stop, from the stream or from a question."""
    stop = find(desk, event.client_id)
    if stop is None:
        return desk, NOTHING
    if event.status in FIRED:
        fired = replace(
            stop,
            algo_id=event.algo_id or stop.algo_id,
            is_seen=False,
            is_cancelling=False,
            fired_ms=stop.fired_ms or event.seen_ms,
            child_order_id=event.child_order_id or stop.child_order_id,
        )
        return with_stop(desk, fired), Outcome(changed=True, wake_in_ms=1_000)
    if event.status is StopStatus.NEW:
        return with_stop(desk, replace(stop, algo_id=event.algo_id)), NOTHING
    outcome = Outcome(changed=True)
    if not stop.is_cancelling and desk.holding is not None and not desk.holding.flat_seen_ms:
        notice = OutsideChange(desk.symbol, f"stop_{event.status.value.lower()}", event.detail, event.time_ms)
        outcome += Outcome(notices=(notice,))
    return without_stop(desk, stop.client_id), outcome


def cancel_refused(desk: SavedDesk, event: CancelRefused) -> tuple[SavedDesk, Outcome]:
    """There was nothing to cancel, so it may have triggered: ask. While flat, it is simply gone."""
    stop = find(desk, event.client_id)
    if stop is None or event.is_unanswered:
        return desk, NOTHING
    if desk.holding is None:
        return without_stop(desk, stop.client_id), Outcome(changed=True)
    return desk, Outcome(errands=(FindStop(desk.symbol, stop.client_id),))


def not_found(desk: SavedDesk, name: str, seen_ms: int) -> tuple[SavedDesk, Outcome]:
    """The exchange does not know a stop. One that is being placed may still arrive; any other is gone."""
    stop = find(desk, name)
    may_arrive = stop is not None and stop.algo_id == 0 and not stop.is_cancelling and seen_ms < stop.retry_at_ms
    if stop is None or may_arrive:
        return desk, NOTHING
    return without_stop(desk, name), Outcome(changed=True)


def listed(desk: SavedDesk, stops: Sequence[StopSeen], asked_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """A listing: what is in it was seen; what should be in it and is not is asked for by its name."""
    by_name = {seen.client_id: seen for seen in stops}
    desk, outcome = _place_looked_at(desk, stops, asked_ms, time_ms)
    for stop in desk.stops:
        seen = by_name.get(stop.client_id)
        if seen is not None:
            if not stop.is_seen and not stop.fired_ms:
                desk = with_stop(desk, _as_seen(stop, seen))
                if stop.role is Role.WIDE_STOP:
                    desk = replace(desk, wide_blocked_until_ms=0, wide_blocked_by="")
                outcome += Outcome(changed=True)
        elif stop.is_seen and stop.sent_ms < asked_ms and not stop.is_cancelling:
            desk = with_stop(desk, replace(stop, is_seen=False, retry_at_ms=asked_ms))
            outcome += Outcome(errands=(FindStop(desk.symbol, stop.client_id),), changed=True)
    return desk, outcome


def unremembered(desk: SavedDesk, stops: Sequence[StopSeen]) -> list[StopSeen]:
    """Those of a listing that are ours by their name, and that the desk knows nothing of."""
    known = {stop.client_id for stop in desk.stops}
    return [seen for seen in stops if read(seen.client_id) is not None and seen.client_id not in known]


def _as_seen(stop: StopOrder, seen: StopSeen) -> StopOrder:
    """Under a name that was used before the memory's last moment was lost, another stop may rest: then it is that one."""
    quantity = stop.quantity if seen.quantity is None or stop.quantity is None else seen.quantity
    known = replace(stop, trigger_price=seen.trigger_price, quantity=quantity)
    return replace(known, is_seen=True, algo_id=seen.algo_id, refusals=0, waits=0)


def _place_looked_at(desk: SavedDesk, stops: Sequence[StopSeen], asked_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Whether another stop on the whole position keeps ours out: somebody else's, told once, or that of a lost memory. It
    guards as ours would. Ours is tried at once when it has gone.
    """
    holding = desk.holding
    if not desk.wide_blocked_until_ms or holding is None:
        return desk, NOTHING
    closing = -int(holding.trade.side)
    known = {stop.client_id for stop in desk.stops}
    whole = [s for s in stops if s.quantity is None and int(s.side) == closing and s.client_id not in known]
    by = whole[0].client_id or str(whole[0].algo_id) if whole else ""
    if not by:
        gone = replace(desk, wide_blocked_until_ms=0, wide_blocked_by="")
        return (gone, Outcome(changed=True, wake_in_ms=1)) if desk.wide_blocked_by else (desk, NOTHING)
    is_new = by != desk.wide_blocked_by
    until_ms = asked_ms + TAKEN_BY_OTHERS_RETRY_MS if is_new else desk.wide_blocked_until_ms
    is_theirs = is_new and read(by) is None
    told = (OutsideChange(desk.symbol, "wide_stop_kept_out", by, time_ms),) if is_theirs else ()
    return replace(desk, wide_blocked_until_ms=until_ms, wide_blocked_by=by), Outcome(notices=told, changed=is_new)
