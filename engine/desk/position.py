"""A symbol's position: fills into books, books into cover, cover into orders.

Pure: each function takes the desk's memory and returns the newer memory with what should happen.
"""

from dataclasses import replace
from decimal import ROUND_CEILING, Decimal
from typing import Final

from engine.desk import lag, made_up, plans, watching
from engine.desk.care import is_guarded_only
from engine.desk.terms import DeskTerms
from engine.desk.watching import is_overstayed
from engine.execution import absence, cover, entry, exits, leaving, reasons
from engine.execution.ids import intent_id, read
from engine.execution.orders import Wanted
from engine.model.events import OrderFilled
from engine.model.messages import NOTHING, FindStop, Outcome, SyncAccount
from engine.model.notices import (
    CoverMissing,
    CoverVerified,
    OutsideChange,
    PositionClosed,
    PositionOpened,
    PositionReduced,
    StopMoved,
)
from engine.model.orders import ExitReason, Fill, IntentState, Role, TriggerBy
from engine.model.saved import EntryIntent, Holding, SavedDesk
from engine.state import ledger

FLAT_LOOK_MS: Final = 1_000


def filled(desk: SavedDesk, event: OrderFilled, terms: DeskTerms, atr: float, number: int) -> tuple[SavedDesk, Outcome]:
    """Book one execution, whoever caused it. `number` names a position that it may open; `atr` draws an adopted plan."""
    fill = event.fill
    if ledger.is_booked(desk, fill):
        return desk, NOTHING
    desk, left = made_up.explained(desk, fill, event.seen_ms)
    if left is None:
        desk, told = entry_checked(desk, event.time_ms)
        return desk, told + Outcome(changed=True)
    desk = entry.revived(ledger.noted(lag.noted(desk, event.seen_ms), left, event.seen_ms), left.client_id)
    fill, holding = left, desk.holding
    outcome = Outcome(changed=True)
    if holding is not None and holding.flat_seen_ms:
        desk, step = closed(desk, reasons.exit_reason(desk, holding) or ExitReason.CLOSED_ELSEWHERE, terms, event.time_ms)
        outcome, holding = outcome + step, None
    if holding is None:
        desk, step = _opened(desk, fill, terms, atr, number, event.seen_ms)
    elif ledger.own_side(holding, fill):
        desk, step = _grown(desk, holding, fill, terms, event.time_ms)
    elif fill.quantity > holding.quantity:
        first, rest = ledger.split(fill, holding.quantity)
        desk, step = _reduced(desk, holding, first, event.seen_ms, event.time_ms)
        desk, more = closed(desk, ExitReason.CLOSED_ELSEWHERE, terms, event.time_ms)
        desk, last = _opened(desk, rest, terms, atr, number, event.seen_ms)
        step = step + more + last
    else:
        desk, step = _reduced(desk, holding, fill, event.seen_ms, event.time_ms)
    return desk, outcome + step


def _own_entry(desk: SavedDesk, fill: Fill) -> EntryIntent | None:
    """The entry that a fill belongs to: the one on its way, or one that was given up."""
    if desk.entry is not None and entry.is_of(desk.entry, fill):
        return desk.entry
    return absence.find(desk, fill.client_id)


def _opened(desk: SavedDesk, fill: Fill, terms: DeskTerms, atr: float, number: int, seen_ms: int) -> tuple[SavedDesk, Outcome]:
    ours, desk = _own_entry(desk, fill), replace(desk, flat_since_ms=0)
    if ours is not None:
        sized = terms.as_sized(ours)
        plan = plans.first(fill.side, float(fill.price), fill.quantity, ours.atr, ours.leverage, sized, fill.time_ms)
        holding = ledger.opened(fill, ours.intent_id, number, plan, ours.atr, ours.leverage, ours.ruling, seen_ms)
        return _entry_booked(replace(desk, holding=holding), ours, fill, fill.time_ms)
    leverage, name = int(terms.params.leverage), read(fill.client_id)
    width = atr if atr > 0 else float(fill.price) * terms.params.max_atr_fraction / 2  # before any bar was seen
    plan = plans.first(fill.side, float(fill.price), fill.quantity, width, leverage, terms, fill.time_ms)
    intent = name.intent_id if name is not None else intent_id(terms.namespace, terms.symbol, f"adopt:{fill.trade_id}")
    holding = ledger.opened(fill, intent, number, plan, width, leverage, None, seen_ms)
    notice = OutsideChange(desk.symbol, "position_opened", str(fill.quantity * int(fill.side)), fill.time_ms)
    holding = replace(holding, is_told=True, is_width_assumed=not atr > 0)
    return replace(desk, holding=holding), Outcome(notices=(notice,))


def _grown(desk: SavedDesk, holding: Holding, fill: Fill, terms: DeskTerms, time_ms: int) -> tuple[SavedDesk, Outcome]:
    holding = ledger.grown(holding, fill)
    ours = _own_entry(desk, fill)
    if ours is None:
        notice = OutsideChange(desk.symbol, "position_added", str(fill.quantity), time_ms)
        return replace(desk, holding=holding), Outcome(notices=(notice,))
    price, sized = float(holding.trade.entry_price), terms.as_sized(ours)
    plan = plans.first(fill.side, price, holding.quantity, ours.atr, ours.leverage, sized, holding.trade.entry_time_ms)
    is_moved = holding.plan.stop != float(holding.trade.first_stop)  # by a bar or by the owner: it never loosens
    stop, best = exits.tighter(plan, holding.plan.stop), holding.plan.best_close
    plan = plan._replace(stop=stop if is_moved else plan.stop, best_close=best)
    holding = replace(holding, plan=plan) if is_moved else ledger.planned(holding, plan._replace(best_close=best))
    return _entry_booked(replace(desk, holding=holding), ours, fill, time_ms)


def _entry_booked(desk: SavedDesk, ours: EntryIntent, fill: Fill, time_ms: int) -> tuple[SavedDesk, Outcome]:
    if desk.entry is None or desk.entry.client_id != ours.client_id:  # given up, and another one is on its way
        notice = OutsideChange(desk.symbol, "entry_arrived", str(fill.quantity), time_ms)
        holding = replace(desk.holding, is_told=True) if desk.holding is not None else None
        return replace(desk, holding=holding), Outcome(notices=(notice,), changed=True)
    return entry_checked(replace(desk, entry=entry.booked(ours, fill)), time_ms)


def entry_checked(desk: SavedDesk, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Tell of an entry once its last fill is booked, or that it ended without one."""
    ours, holding = desk.entry, desk.holding
    if ours is None or ours.final is None:
        return desk, NOTHING
    if ours.final == 0:
        return entry.expired(desk, ours, time_ms)
    if not entry.is_filled(ours):
        return desk, NOTHING
    if holding is None or holding.is_told:
        return replace(desk, entry=None), Outcome(changed=True)
    told = PositionOpened(holding.trade, holding.plan, ours.leverage, ours.expected_price, ours.ruling, time_ms)
    desk = replace(desk, entry=None, holding=replace(holding, is_told=True))
    return desk, Outcome(notices=(told,), changed=True)


def _reduced(desk: SavedDesk, holding: Holding, fill: Fill, seen_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    was_ours = (name := read(fill.client_id)) is not None and name.role is Role.EXIT  # of a part that was given up, too
    holding = watching.reduced(ledger.reduced(holding, fill, seen_ms), seen_ms)
    before = desk.exit.executed if desk.exit is not None else Decimal(0)
    desk, outcome = leaving.booked(replace(desk, holding=holding), fill.client_id, fill.quantity, seen_ms)
    if desk.entry is not None and entry.is_of(desk.entry, fill):  # heard of after what closed its position
        return _entry_booked(desk, desk.entry, fill, time_ms)
    if was_ours and desk.exit is None and holding.quantity:
        told = PositionReduced(holding.trade, before + fill.quantity, holding.quantity, time_ms)
        return desk, Outcome(notices=(told,))
    return desk, outcome + why_left(desk)


def why_left(desk: SavedDesk) -> Outcome:
    """Ask what became of the stops where a position is flat and nothing tells the reason yet."""
    holding = desk.holding
    if holding is None or not holding.flat_seen_ms or reasons.exit_reason(desk, holding) is not None:
        return NOTHING
    return Outcome(errands=tuple(FindStop(desk.symbol, stop.client_id) for stop in desk.stops if not stop.child_order_id))


def closed(desk: SavedDesk, reason: ExitReason, terms: DeskTerms, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Close the books on a flat position."""
    assert desk.holding is not None
    trade, is_left = ledger.finished(desk.holding, reason), desk.exit is not None and desk.exit.is_whole
    desk = replace(
        desk,
        holding=None,
        exit=None,
        stops=tuple(stop for stop in desk.stops if not stop.fired_ms),
        last_exit_ms=trade.exit_time_ms,
        flat_since_ms=desk.holding.flat_seen_ms if is_left else 0,
        wide_blocked_until_ms=0,
        wide_blocked_by="",
    )
    looks = (SyncAccount(),) if desk.flat_since_ms else ()
    return desk, Outcome(errands=looks, notices=(PositionClosed(trade, reason, time_ms),), trades=(trade,), changed=True)


def flat_asked(desk: SavedDesk, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Fills said that a whole exit is done: the position itself is read until it says so, too."""
    if not desk.flat_since_ms or now_ms - max(desk.flat_since_ms, desk.flat_asked_ms) < FLAT_LOOK_MS:
        return desk, NOTHING
    return replace(desk, flat_asked_ms=now_ms), Outcome(errands=(SyncAccount(),), wake_in_ms=FLAT_LOOK_MS)


def wanted(desk: SavedDesk, holding: Holding, terms: DeskTerms) -> tuple[Wanted, ...]:
    """The stops and the target that a position should have. One that nobody gave us is guarded, and left at no target, nor at
    one that no price can reach. After a coarser step they are for a little more than is held, beyond the largest order for
    less: the wide one closes all.
    """
    plan, by, step, goal = holding.plan, terms.tight_trigger, terms.rules.step_size, terms.on_grid(holding.plan.target)
    largest = terms.rules.max_market_quantity
    quantity = min((holding.quantity / step).to_integral_value(ROUND_CEILING) * step, largest // step * step or largest)
    wide = Wanted(Role.WIDE_STOP, None, terms.on_grid(plan.wide_stop), TriggerBy.MARK)
    tight = Wanted(Role.TIGHT_STOP, quantity, terms.on_grid(plan.stop), by)
    has_target = goal > terms.rules.tick_size and not is_guarded_only(desk)
    return (wide, tight, Wanted(Role.TARGET, quantity, goal, by)) if has_target else (wide, tight)


def audited(desk: SavedDesk, terms: DeskTerms, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Bring the exchange to what the books say: close what is flat, guard what is open, sweep what is left over."""
    desk, outcome = made_up.asked(desk, now_ms)
    desk, step = _settled(desk, terms, now_ms, time_ms)
    outcome += step
    if desk.is_unwanted:
        desk, step = _not_wanted(desk, terms, now_ms)
        outcome += step
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        desk, step = cover.audited(desk, (), now_ms)
        return desk, outcome + step
    desk = cover.timed(desk, now_ms)
    if cover.has_failed(desk, now_ms) or cover.is_stuck(desk, now_ms) or is_overstayed(holding, terms.tight_trigger, now_ms):
        desk, step = _unprotected(desk, holding, terms, now_ms, time_ms)
        outcome += step
    desk, step = cover.audited(desk, wanted(desk, holding, terms), now_ms)
    desk, told = _told(desk, terms, now_ms, time_ms)
    return desk, outcome + step + told


def _settled(desk: SavedDesk, terms: DeskTerms, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """A flat position: its books are closed as soon as it is known why it was left."""
    holding = desk.holding
    if holding is None or not holding.flat_seen_ms:
        return desk, NOTHING
    flat_for_ms = now_ms - holding.flat_seen_ms
    if made_up.is_unlisted(desk) and flat_for_ms < made_up.LISTS_WITHIN_MS:
        return desk, Outcome(wake_in_ms=500)
    reason = reasons.exit_reason(desk, holding)
    if reason is None and flat_for_ms < reasons.LOOKUP_MS and not made_up.is_assumed_flat(desk):
        return desk, Outcome(wake_in_ms=500)
    fired = next((stop for stop in cover.own_stops(desk) if stop.fired_ms), None)
    likely = reasons.stop_reason(holding, fired.role) if fired is not None else ExitReason.CLOSED_ELSEWHERE
    return closed(desk, reason or likely, terms, time_ms)


def _not_wanted(desk: SavedDesk, terms: DeskTerms, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """The owner wanted out while an entry was on its way: whatever it brings is closed; what others open meanwhile is not."""
    is_theirs = desk.exit is None and is_guarded_only(desk)
    if desk.entry is not None and (desk.holding is None or is_theirs):
        return desk, NOTHING
    if desk.holding is not None:
        return leave(desk, ExitReason.MANUAL, desk.holding.quantity, "engine", terms, now_ms)
    return replace(desk, is_unwanted=False), Outcome(changed=True)


def _unprotected(desk: SavedDesk, holding: Holding, terms: DeskTerms, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    if desk.exit is not None and desk.exit.is_whole:
        return desk, NOTHING
    fired = next((stop for stop in cover.own_stops(desk) if stop.fired_ms), None)
    if fired is not None:
        detail, reason = "fired", reasons.stop_reason(holding, fired.role)
    elif is_overstayed(holding, terms.tight_trigger, now_ms):
        is_target = holding.touched_seen_ms and holding.is_target_touched and not holding.mark_beyond_ms
        level = Role.TARGET if is_target else Role.TIGHT_STOP
        detail, reason = "touched", reasons.stop_reason(holding, level)
    else:
        detail, reason = "refused" if cover.has_seen_stop(desk) else "naked", ExitReason.UNPROTECTED
    notice = CoverMissing(holding.trade.intent_id, desk.symbol, holding.trade.side, True, detail, time_ms)
    desk, outcome = leave(desk, reason, holding.quantity, "engine", terms, now_ms)
    return desk, outcome + Outcome(notices=(notice,))


def _told(desk: SavedDesk, terms: DeskTerms, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Tell once that cover was verified, and each time that the verified stop moved."""
    holding = desk.holding
    if holding is None or not holding.is_told or not cover.is_complete(desk, wanted(desk, holding, terms)):
        return desk, NOTHING
    plan, trade = holding.plan, holding.trade
    if not holding.is_covered:
        stop, wide, target = (float(terms.on_grid(level)) for level in (plan.stop, plan.wide_stop, plan.target))
        took_ms = now_ms - holding.filled_seen_ms
        notice = CoverVerified(trade.intent_id, desk.symbol, trade.side, stop, wide, target, took_ms, time_ms)
        return replace(desk, holding=replace(holding, is_covered=True)), Outcome(notices=(notice,), changed=True)
    if holding.told_stop == plan.stop:
        return desk, NOTHING
    before, after = (float(terms.on_grid(level)) for level in (holding.told_stop, plan.stop))
    moved = StopMoved(trade.intent_id, desk.symbol, trade.side, before, after, exits.locked_in_r(plan), time_ms)
    return replace(desk, holding=replace(holding, told_stop=plan.stop)), Outcome(notices=(moved,), changed=True)


def leave(
    desk: SavedDesk, reason: ExitReason, quantity: Decimal, who: str, terms: DeskTerms, now_ms: int
) -> tuple[SavedDesk, Outcome]:
    """Close a position, or a part of it, at market."""
    return leaving.leave(desk, reason, quantity, who, lots_of(terms), now_ms)


def lots_of(terms: DeskTerms) -> leaving.Lots:
    """What one market order of the symbol may be for."""
    return leaving.Lots(terms.rules.step_size, terms.rules.max_market_quantity)


def number(desk: SavedDesk) -> int:
    """The number of the trade that is open, or 0."""
    return desk.holding.trade.number if desk.holding is not None else 0


def is_reserved(desk: SavedDesk) -> bool:
    """Whether the symbol takes a place among the open positions: held, or perhaps about to be."""
    return desk.holding is not None or (desk.entry is not None and desk.entry.state is not IntentState.REJECTED)


def is_busy(desk: SavedDesk) -> bool:
    """Whether something is on its way to the exchange or waits for its answer."""
    return (
        desk.entry is not None
        or desk.exit is not None
        or (desk.holding is not None and desk.holding.flat_seen_ms > 0)
        or any(not stop.is_seen or stop.is_cancelling for stop in desk.stops)
        or (desk.holding is not None and not desk.stops)
    )
