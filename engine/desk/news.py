"""Answers and messages about a symbol's orders, handed to whoever waits for them: the entry, an exit, or a stop.

A client id says what an order is for; one that is not ours belongs to somebody else and is left alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from engine.desk.care import hand_of
from engine.desk.position import entry_checked, flat_asked, leave, lots_of, why_left
from engine.desk.terms import DeskTerms
from engine.desk.watching import is_beyond
from engine.execution import cover, entry, leaving, missed, reasons, stop_news
from engine.execution.ids import read
from engine.model.account import StopSeen
from engine.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrdersListed,
    OrderUnanswered,
    StopChanged,
    StopsListed,
)
from engine.model.messages import NOTHING, CancelOrder, Errand, FindOrder, ListStops, Outcome
from engine.model.orders import Role, StopStatus
from engine.model.saved import EntryIntent, Holding, SavedDesk, StopOrder
from engine.model.view import Care

type OrderNews = (
    OrderSigned | OrderAccepted | OrderRejected | OrderUnanswered | OrderNotFound | OrderGone | CancelRefused | OrdersListed
)


def heard(desk: SavedDesk, event: OrderNews, terms: DeskTerms) -> tuple[SavedDesk, Outcome]:
    """Hand an order's news to whoever waits for it."""
    if isinstance(event, OrdersListed):
        return entry.listed(desk, desk.entry, event) if desk.entry is not None else (desk, NOTHING)
    name = read(event.client_id)
    if name is None:
        return desk, NOTHING
    if name.role is Role.ENTRY:
        if isinstance(event, OrderAccepted | OrderGone) and event.executed > 0:
            desk = entry.revived(desk, event.client_id)
        ours = desk.entry
        return _of_entry(desk, ours, event) if ours is not None and ours.client_id == event.client_id else (desk, NOTHING)
    if name.role is Role.EXIT:
        return _of_exit(desk, event)
    return _of_stop(desk, event, terms)


def _of_entry(desk: SavedDesk, ours: EntryIntent, event: OrderNews) -> tuple[SavedDesk, Outcome]:
    match event:
        case OrderSigned():
            return replace(desk, entry=entry.signed(ours, event)), Outcome(changed=True)
        case OrderAccepted():
            desk = replace(desk, entry=entry.accepted(ours, event))
            desk, outcome = entry_checked(desk, event.time_ms)
            return desk, outcome + Outcome(changed=True, wake_in_ms=entry.FILLS_LATE_MS)
        case OrderGone():
            desk, outcome = entry_checked(replace(desk, entry=entry.gone(ours, event)), event.time_ms)
            return desk, outcome + Outcome(changed=True, wake_in_ms=entry.FILLS_LATE_MS)
        case OrderRejected():
            return entry.rejected(desk, ours, event)
        case OrderUnanswered():
            return entry.unanswered(desk, ours, event)
        case OrderNotFound():
            return entry.not_found(desk, ours, event)
    return desk, NOTHING


def _of_exit(desk: SavedDesk, event: OrderNews) -> tuple[SavedDesk, Outcome]:
    if isinstance(event, OrdersListed) or desk.exit is None or desk.exit.client_id != event.client_id:
        return desk, NOTHING
    match event:
        case OrderRejected():
            return leaving.refused(desk, event)
        case OrderUnanswered():
            looks: tuple[Errand, ...] = (FindOrder(desk.symbol, event.client_id), *missed.questions(desk))
            return desk, Outcome(errands=looks)
        case OrderGone():
            return leaving.over(desk, event.client_id, event.executed, event.seen_ms, event.time_ms)
        case OrderAccepted() if event.is_final:
            return leaving.over(desk, event.client_id, event.executed, event.seen_ms, event.time_ms)
    return desk, NOTHING


def _of_stop(desk: SavedDesk, event: OrderNews, terms: DeskTerms) -> tuple[SavedDesk, Outcome]:
    if isinstance(event, OrdersListed):
        return desk, NOTHING
    stop = cover.find(desk, event.client_id)
    match event:
        case OrderAccepted() if stop is None:
            return desk, Outcome(errands=(CancelOrder(desk.symbol, event.client_id, is_stop=True),))
        case OrderAccepted() if stop is not None:
            return stop_news.accepted(desk, stop, event)
        case OrderRejected() if stop is not None and stop.is_seen:  # late: it was sent again meanwhile, and rests
            return desk, Outcome(errands=(ListStops(desk.symbol),))
        case OrderRejected() if stop is not None and event.code in stop_news.TRIGGERS_NOW:
            return _past_its_trigger(desk, stop, event, terms)
        case OrderRejected() if stop is not None:
            return stop_news.rejected(desk, stop, event)
        case OrderUnanswered() if stop is not None:
            return stop_news.unanswered(desk, stop, event)
        case OrderUnanswered():  # its position is over, and it may have landed after it was cancelled
            return desk, Outcome(errands=(ListStops(desk.symbol),))
        case CancelRefused():
            return stop_news.cancel_refused(desk, event)
        case OrderNotFound():
            return stop_news.not_found(desk, event.client_id, event.seen_ms)
    return desk, NOTHING


def _past_its_trigger(desk: SavedDesk, stop: StopOrder, event: OrderRejected, terms: DeskTerms) -> tuple[SavedDesk, Outcome]:
    """The price passed a stop while it was being placed: what the stop would have done is done at market."""
    holding = desk.holding
    if holding is None or stop not in cover.own_stops(desk) or not _is_to_do(desk, stop):
        return cover.without_stop(desk, event.client_id), Outcome(changed=True)
    reason = reasons.stop_reason(holding, stop.role)
    desk, stepped = leave(desk, reason, holding.quantity, "engine", terms, event.seen_ms)
    desk, refused = stop_news.rejected(desk, _known(desk, event.client_id), event)
    return desk, stepped + refused


def _is_to_do(desk: SavedDesk, stop: StopOrder, status: StopStatus = StopStatus.REJECTED) -> bool:
    """Whether we do at market what a stop did not. To what is left alone only our wide stop is done, at its own trigger."""
    hand = hand_of(desk)
    if hand is None or not hand.care.is_hands_off:
        return True
    return hand.care is Care.IGNORED and stop.role is Role.WIDE_STOP and status is StopStatus.REJECTED


def _known(desk: SavedDesk, name: str) -> StopOrder:
    stop = cover.find(desk, name)
    assert stop is not None
    return stop


def stop_changed(desk: SavedDesk, event: StopChanged, terms: DeskTerms) -> tuple[SavedDesk, Outcome]:
    """News of a conditional order. One that the exchange refused at its trigger leaves the position to us (R6).

    One that it let expire is placed again, unless the price has passed it.
    """
    stop = next((stop for stop in cover.own_stops(desk) if stop.client_id == event.client_id), None)
    desk, outcome = stop_news.changed(desk, event)
    holding = desk.holding
    is_past = holding is not None and is_beyond(holding, terms.tight_trigger)
    is_over = event.status is StopStatus.REJECTED or (event.status is StopStatus.EXPIRED and is_past)
    if stop is None or holding is None or not is_over or not _is_to_do(desk, stop, event.status):
        return desk, outcome
    desk, step = leave(desk, reasons.stop_reason(holding, stop.role), holding.quantity, "engine", terms, event.seen_ms)
    return desk, outcome + step


def stops_listed(desk: SavedDesk, event: StopsListed, *, is_held: bool) -> tuple[SavedDesk, Outcome]:
    """All conditional orders of the symbol. Ours that nobody remembers are orphans and are cancelled; others' are not ours.

    `is_held`: the exchange shows a position. Where the memory of it is lost they may be all that guards it, so they stay
    until stops of its own were seen. One on the whole position stays for as long as it is held, or until the owner said to
    forget it: the exchange allows no second one. Where its own are refused, perhaps because of them, what is enough to guard
    it stays. So do those of an entry whose fate is not known yet: the list of positions may lag behind it.
    """
    hand = hand_of(desk)
    is_held = is_held and (hand is None or hand.care is not Care.FORGOTTEN)
    desk, outcome = stop_news.listed(desk, event.stops, event.asked_ms, event.time_ms)
    is_refused = any(stop.refusals for stop in desk.stops if stop.role is Role.TIGHT_STOP)
    is_bare = desk.holding is None or not cover.is_covered(desk, desk.holding.quantity)
    if is_held and is_bare and not is_refused:
        return desk, outcome
    unknown = stop_news.unremembered(desk, event.stops)
    orphans = [seen for seen in unknown if not cover.may_guard(desk, seen.client_id)]
    if is_held:
        spared = _enough(desk.holding, orphans) if is_bare else _whole(desk, orphans)
        orphans = [seen for seen in orphans if seen not in spared]
    cancels = tuple(CancelOrder(desk.symbol, seen.client_id, is_stop=True) for seen in orphans)
    return desk, outcome + Outcome(errands=cancels)


def _enough(holding: Holding | None, stops: Sequence[StopSeen]) -> Sequence[StopSeen]:
    """One stop on the whole position, or else those that together close all of it; none where they do not."""
    if holding is None:
        return ()
    guards = _guards(holding, stops)
    whole = [stop for stop in guards if stop.quantity is None]
    closed = sum((stop.quantity or Decimal(0) for stop in guards), Decimal(0))
    return whole[:1] or (guards if closed >= holding.quantity else ())


def _guards(holding: Holding, stops: Sequence[StopSeen]) -> list[StopSeen]:
    return [stop for stop in stops if not stop.is_target and stop.side is not holding.trade.side]


def _whole(desk: SavedDesk, stops: Sequence[StopSeen]) -> Sequence[StopSeen]:
    """The stop on the whole position that stands where its own wide one was not seen yet."""
    is_placed = any(stop.role is Role.WIDE_STOP and stop.is_seen for stop in cover.own_stops(desk))
    return () if is_placed or desk.holding is None else [stop for stop in _guards(desk.holding, stops) if stop.quantity is None]


def ticked(desk: SavedDesk, terms: DeskTerms, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Time passed: whatever was not answered is asked for or sent again."""
    outcome = NOTHING
    if desk.entry is not None:
        desk, outcome = entry.ticked(desk, desk.entry, now_ms)
    desk, step = leaving.ticked(desk, lots_of(terms), now_ms, time_ms)
    desk, look = flat_asked(desk, now_ms)
    return desk, outcome + step + look + why_left(desk)
