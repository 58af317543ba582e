"""Answers and messages about a symbol's orders, handed to whoever waits for them: the entry, an exit, or a stop.

A client id says what an order is for; one that is not ours belongs to somebody else and is left alone.
"""

from dataclasses import replace

from engine.desk.position import closed, entry_checked, leave, why_left
from engine.desk.terms import DeskTerms
from engine.execution import cover, entry, leaving, missed, reasons, stop_news
from engine.execution.ids import read
from engine.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrderUnanswered,
    StopChanged,
    StopsListed,
    StopStatus,
)
from engine.model.messages import NOTHING, CancelOrder, Errand, FindOrder, ListStops, Outcome
from engine.model.orders import ExitReason, Role
from engine.model.saved import EntryIntent, SavedDesk, StopOrder

type OrderNews = OrderSigned | OrderAccepted | OrderRejected | OrderUnanswered | OrderNotFound | OrderGone | CancelRefused


def heard(desk: SavedDesk, event: OrderNews, terms: DeskTerms) -> tuple[SavedDesk, Outcome]:
    """Hand an order's news to whoever waits for it."""
    name = read(event.client_id)
    if name is None:
        return desk, NOTHING
    if name.role is Role.ENTRY:
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
    if desk.exit is None or desk.exit.client_id != event.client_id:
        return desk, NOTHING
    match event:
        case OrderRejected():
            return leaving.refused(desk, event.seen_ms)
        case OrderUnanswered():
            looks: tuple[Errand, ...] = (FindOrder(desk.symbol, event.client_id), *missed.questions(desk))
            return desk, Outcome(errands=looks)
        case OrderGone() if event.executed < desk.exit.quantity and desk.exit.is_whole:
            return replace(desk, exit=replace(desk.exit, retry_at_ms=event.seen_ms)), Outcome(wake_in_ms=1)
    return desk, NOTHING


def _of_stop(desk: SavedDesk, event: OrderNews, terms: DeskTerms) -> tuple[SavedDesk, Outcome]:
    stop = cover.find(desk, event.client_id)
    match event:
        case OrderAccepted() if stop is None:
            return desk, Outcome(errands=(CancelOrder(desk.symbol, event.client_id, is_stop=True),))
        case OrderAccepted() if stop is not None:
            return stop_news.accepted(desk, stop, event)
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
    if holding is None or stop not in cover.own_stops(desk):
        return cover.without_stop(desk, event.client_id), Outcome(changed=True)
    reason = reasons.stop_reason(holding, stop.role)
    desk, stepped = leave(desk, reason, holding.quantity, "engine", terms, event.seen_ms)
    desk, refused = stop_news.rejected(desk, _known(desk, event.client_id), event)
    return desk, stepped + refused


def _known(desk: SavedDesk, name: str) -> StopOrder:
    stop = cover.find(desk, name)
    assert stop is not None
    return stop


def stop_changed(desk: SavedDesk, event: StopChanged, terms: DeskTerms) -> tuple[SavedDesk, Outcome]:
    """News of a conditional order. One that the exchange refused at its trigger leaves the position to us (R6)."""
    stop = next((stop for stop in cover.own_stops(desk) if stop.client_id == event.client_id), None)
    desk, outcome = stop_news.changed(desk, event)
    holding = desk.holding
    if stop is None or holding is None or event.status is not StopStatus.REJECTED:
        return desk, outcome
    desk, step = leave(desk, reasons.stop_reason(holding, stop.role), holding.quantity, "engine", terms, event.seen_ms)
    return desk, outcome + step


def stops_listed(desk: SavedDesk, event: StopsListed) -> tuple[SavedDesk, Outcome]:
    """All conditional orders of the symbol. Ours that nobody remembers are orphans and are cancelled; others' are not ours."""
    desk, outcome = stop_news.listed(desk, event.stops, event.asked_ms)
    known = {stop.client_id for stop in desk.stops}
    orphans = [seen for seen in event.stops if read(seen.client_id) is not None and seen.client_id not in known]
    cancels = tuple(CancelOrder(desk.symbol, seen.client_id, is_stop=True) for seen in orphans)
    return desk, outcome + Outcome(errands=cancels)


def ticked(desk: SavedDesk, terms: DeskTerms, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Time passed: whatever was not answered is asked for or sent again."""
    outcome = NOTHING
    if desk.entry is not None:
        desk, outcome = entry.ticked(desk, desk.entry, now_ms)
    desk, step = leaving.ticked(desk, terms.rules.max_market_quantity, now_ms)
    return desk, outcome + step + why_left(desk)


def closed_elsewhere(desk: SavedDesk, terms: DeskTerms, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """The exchange says flat and has no fill to explain it: close the books with what is known."""
    holding = desk.holding
    assert holding is not None
    flat = replace(holding, quantity=holding.quantity - holding.quantity)
    trade = replace(flat.trade, exit_time_ms=time_ms)
    desk = replace(desk, holding=replace(flat, trade=trade))
    return closed(desk, ExitReason.CLOSED_ELSEWHERE, terms, time_ms)
