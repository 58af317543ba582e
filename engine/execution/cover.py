"""Cover: the stops a position should have against the stops it has. Level-triggered: nothing depends on having seen an event.

A wide stop on the whole position is placed once and never moved; the tight stop and the target follow the plan by
place, see, cancel, so that cover never falls to zero. Every answer to "what now?" comes from `audited`.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.execution import missed
from engine.execution.ids import client_id, following, read
from engine.execution.orders import Wanted, guard, stop_order
from engine.model.messages import NOTHING, CancelOrder, FindStop, ListStops, Outcome, SyncAccount
from engine.model.orders import Role
from engine.model.saved import Holding, SavedDesk, StopOrder

ANSWER_MS: Final = 1_000  # after this long without an answer a stop or cancel is sent again, under the same name
REFUSED_RETRY_MS: Final = (200, 400, 800, 1_000)
COVERED_RETRY_MS: Final = (2_000, 5_000, 10_000, 30_000)  # goes on so while another stop covers the position
REFUSALS_LIMIT: Final = 3  # of the tight stop
UNCOVERED_LIMIT_MS: Final = 2_000
FIRED_WATCH_MS: Final = 3_000  # a stop that triggered has this long to bring fills


def audited(desk: SavedDesk, wanted: Sequence[Wanted], now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Place what is missing, repeat what was not answered, cancel what is no longer wanted."""
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        spent = [stop for stop in desk.stops if stop.fired_ms or not may_guard(desk, stop.client_id)]
        if holding is not None:  # one that triggered is still needed to tell why
            spent = [stop for stop in spent if not stop.fired_ms]
        return _over(desk, spent, now_ms)
    own = own_stops(desk)
    desk, outcome = _over(desk, [stop for stop in desk.stops if stop not in own], now_ms)
    fired = [stop for stop in own if stop.fired_ms]
    if fired:
        desk, look = _fills_awaited(desk, fired, now_ms)
        return desk, outcome + look
    for want in wanted:
        keep = _kept if desk.exit is None else _kept_while_leaving
        desk, step = keep(desk, holding, want, now_ms)
        outcome += step
    return desk, outcome


def _fills_awaited(desk: SavedDesk, fired: Sequence[StopOrder], now_ms: int) -> tuple[SavedDesk, Outcome]:
    """A stop that triggered: its fills are on their way; `is_stuck` watches. Where nobody told of them they are looked up."""
    is_leaving = desk.exit is not None and desk.exit.is_whole  # then the exit asks
    due = [stop for stop in fired if now_ms >= max(stop.fired_ms + ANSWER_MS, stop.retry_at_ms)]
    if is_leaving or not due:
        return desk, Outcome(wake_in_ms=ANSWER_MS)
    for stop in due:
        desk = with_stop(desk, replace(stop, retry_at_ms=now_ms + ANSWER_MS))
    return desk, Outcome(errands=(*missed.questions(desk), SyncAccount()), wake_in_ms=ANSWER_MS)


def _kept_while_leaving(desk: SavedDesk, holding: Holding, want: Wanted, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """While a position is being left its stops stay as they are, if they cover it: a stop may be larger than what is left.

    Where the exchange refuses the exit because of our own orders they are cancelled, all but one stop.
    """
    mine = [stop for stop in own_stops(desk) if stop.role is want.role and not stop.is_cancelling]
    is_in_the_way = desk.exit is not None and desk.exit.is_in_the_way
    if want.role is Role.TARGET or (want.role is Role.TIGHT_STOP and is_in_the_way and _has_seen_wide(desk)):
        return (
            _cancelled(desk, [s for s in own_stops(desk) if s.role is want.role], now_ms) if is_in_the_way else (desk, NOTHING)
        )
    needed = min(holding.quantity, want.quantity or holding.quantity)  # one order may be for less than is held
    enough = [stop for stop in mine if stop.quantity is None or stop.quantity >= needed]
    if not enough:
        return _placed(desk, holding, want, now_ms)
    if any(stop.is_seen for stop in enough):
        return desk, NOTHING
    return _repeated(desk, holding, enough[-1], now_ms)


def may_guard(desk: SavedDesk, client_id: str) -> bool:
    """Whether a stop is one of an entry whose fate is not known yet: more of it may be held than the books say."""
    name, entry = read(client_id), desk.entry
    return entry is not None and entry.executed < entry.quantity and name is not None and name.intent_id == entry.intent_id


def has_seen_stop(desk: SavedDesk) -> bool:
    """Whether a stop of the position, however small, was seen resting on the exchange."""
    return is_covered(desk, Decimal(0))


def _has_seen_wide(desk: SavedDesk) -> bool:
    return any(stop.role is Role.WIDE_STOP and stop.is_seen and not stop.is_cancelling for stop in own_stops(desk))


def _kept(desk: SavedDesk, holding: Holding, want: Wanted, now_ms: int) -> tuple[SavedDesk, Outcome]:
    mine = [stop for stop in own_stops(desk) if stop.role is want.role]
    match = next((stop for stop in mine if _fits(stop, want)), None)
    if match is None:
        return _placed(desk, holding, want, now_ms)
    if not match.is_seen:
        return _repeated(desk, holding, match, now_ms)
    return _cancelled(desk, [stop for stop in mine if stop is not match], now_ms)


def _fits(stop: StopOrder, want: Wanted) -> bool:
    if stop.is_cancelling:
        return False
    if want.role is Role.WIDE_STOP and not is_refused(stop):  # it is never moved
        return True
    return stop.trigger_price == want.trigger_price and stop.quantity == want.quantity


def is_refused(stop: StopOrder) -> bool:
    """Whether the exchange took none of the attempts to place a stop."""
    return not stop.algo_id and not stop.is_seen and stop.refusals + stop.waits > 0


def _placed(desk: SavedDesk, holding: Holding, want: Wanted, now_ms: int) -> tuple[SavedDesk, Outcome]:
    if want.role is Role.WIDE_STOP and now_ms < desk.wide_blocked_until_ms:
        return desk, Outcome(wake_in_ms=desk.wide_blocked_until_ms - now_ms)
    intent, generation = holding.trade.intent_id, following(desk.order_generation)
    stop = stop_order(want, client_id(want.role, intent, generation), now_ms, ANSWER_MS)
    order = guard(desk.symbol, intent, holding.trade.side, stop)
    desk = replace(desk, stops=(*desk.stops, stop), order_generation=generation)
    return desk, Outcome(orders=(order,), changed=True, wake_in_ms=ANSWER_MS)


def _repeated(desk: SavedDesk, holding: Holding, stop: StopOrder, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Send an unseen stop again when its time has come: the same name, so the exchange refuses a double."""
    if now_ms < stop.retry_at_ms:
        return desk, Outcome(wake_in_ms=stop.retry_at_ms - now_ms)
    again = replace(stop, sent_ms=now_ms, retry_at_ms=now_ms + ANSWER_MS)
    outcome = Outcome(errands=(ListStops(desk.symbol),), wake_in_ms=ANSWER_MS)
    if stop.algo_id == 0:
        outcome += Outcome(orders=(guard(desk.symbol, holding.trade.intent_id, holding.trade.side, stop),))
    else:
        outcome += Outcome(errands=(FindStop(desk.symbol, stop.client_id),))
    return with_stop(desk, again), outcome


def _cancelled(desk: SavedDesk, stops: Sequence[StopOrder], now_ms: int) -> tuple[SavedDesk, Outcome]:
    outcome = NOTHING
    for stop in stops:
        if now_ms < stop.retry_at_ms and stop.is_cancelling:
            outcome += Outcome(wake_in_ms=stop.retry_at_ms - now_ms)
            continue
        asked = replace(stop, is_cancelling=True, sent_ms=now_ms, retry_at_ms=now_ms + ANSWER_MS)
        desk = with_stop(desk, asked)
        cancel = CancelOrder(desk.symbol, stop.client_id, is_stop=True)
        outcome += Outcome(errands=(cancel,), changed=True, wake_in_ms=ANSWER_MS)
    return desk, outcome


def _over(desk: SavedDesk, stops: Sequence[StopOrder], now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Stops of a position that is over: none may stay to hit the next one. Those that triggered are spent."""
    fired = [stop for stop in stops if stop.fired_ms]
    for stop in fired:
        desk = without_stop(desk, stop.client_id)
    desk, outcome = _cancelled(desk, [stop for stop in stops if not stop.fired_ms], now_ms)
    return desk, outcome + Outcome(changed=bool(fired))


def with_stop(desk: SavedDesk, stop: StopOrder) -> SavedDesk:
    """The desk with one stop replaced by its newer self."""
    return replace(desk, stops=tuple(stop if old.client_id == stop.client_id else old for old in desk.stops))


def without_stop(desk: SavedDesk, name: str) -> SavedDesk:
    """The desk without a stop that is gone."""
    return replace(desk, stops=tuple(stop for stop in desk.stops if stop.client_id != name))


def find(desk: SavedDesk, name: str) -> StopOrder | None:
    """One of the desk's stops by its name."""
    return next((stop for stop in desk.stops if stop.client_id == name), None)


def own_stops(desk: SavedDesk) -> tuple[StopOrder, ...]:
    """The stops of the position that is held now. One of an earlier position guards nothing, though it may still rest."""
    if desk.holding is None:
        return desk.stops
    intent = desk.holding.trade.intent_id
    names = ((stop, read(stop.client_id)) for stop in desk.stops)
    return tuple(stop for stop, name in names if name is not None and name.intent_id == intent)


def is_covered(desk: SavedDesk, quantity: Decimal) -> bool:
    """Whether a stop was seen that closes at least `quantity`. A target is no cover."""
    return any(
        stop.is_seen and not stop.is_cancelling and (stop.quantity is None or stop.quantity >= quantity)
        for stop in own_stops(desk)
        if stop.role is not Role.TARGET
    )


def is_complete(desk: SavedDesk, wanted: Sequence[Wanted]) -> bool:
    """Whether each wanted stop was seen, and nothing else of ours rests there. A place that somebody else took is not ours."""
    wanted = [want for want in wanted if want.role is not Role.WIDE_STOP or not desk.wide_blocked_by]
    seen = [stop for stop in desk.stops if stop.is_seen and not stop.is_cancelling]
    return len(seen) == len(desk.stops) == len(wanted) and all(
        any(s.role is w.role and _fits(s, w) for s in seen) for w in wanted
    )


def retry_ms(refusals: int, *, is_covered: bool) -> int:
    """How long to wait after so many refusals in a row: never above a second while the position may be naked."""
    steps = REFUSED_RETRY_MS + COVERED_RETRY_MS if is_covered else REFUSED_RETRY_MS
    return steps[min(max(refusals, 1), len(steps)) - 1]


def timed(desk: SavedDesk, now_ms: int) -> SavedDesk:
    """Note since when the position has been without a stop that was seen."""
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        return desk
    if is_covered(desk, holding.quantity):
        return desk if not holding.uncovered_seen_ms else replace(desk, holding=replace(holding, uncovered_seen_ms=0))
    if holding.uncovered_seen_ms:
        return desk
    return replace(desk, holding=replace(holding, uncovered_seen_ms=now_ms))


def has_failed(desk: SavedDesk, now_ms: int) -> bool:
    """Whether the position has been naked for too long, or its tight stop was refused too often."""
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        return False
    refused = any(s.role is Role.TIGHT_STOP and s.refusals >= REFUSALS_LIMIT for s in own_stops(desk))
    since = holding.uncovered_seen_ms
    return refused or bool(since and now_ms - since >= UNCOVERED_LIMIT_MS)


def is_stuck(desk: SavedDesk, now_ms: int) -> bool:
    """Whether a stop triggered but brought no flat position in time."""
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        return False
    return any(stop.fired_ms and now_ms - stop.fired_ms >= FIRED_WATCH_MS for stop in own_stops(desk))
