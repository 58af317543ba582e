"""Leaving a position at market. A whole exit is sent again, under a new name, until the position is flat (R1).

It is reduce-only, so a repetition can only close what is still there. A partial exit is not repeated: two halves
would be the whole.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.execution import missed
from engine.execution.ids import client_id, following
from engine.execution.orders import market_exit
from engine.model.messages import NOTHING, Errand, FindOrder, Outcome, SyncAccount
from engine.model.orders import ExitReason, Role
from engine.model.saved import ExitIntent, Holding, SavedDesk

REPEAT_MS: Final = 1_000
REFUSED_REPEAT_MS: Final = 200
PARTIAL_GIVES_UP_MS: Final = 10_000


def leave(
    desk: SavedDesk, reason: ExitReason, quantity: Decimal, who: str, largest: Decimal, now_ms: int
) -> tuple[SavedDesk, Outcome]:
    """Close `quantity` of the position, in pieces of at most `largest`. A whole exit replaces a partial one."""
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        return desk, NOTHING
    is_whole = quantity >= holding.quantity
    if desk.exit is not None and (desk.exit.is_whole or not is_whole):
        return desk, NOTHING
    intent = ExitIntent(
        reason=reason,
        is_whole=is_whole,
        quantity=min(quantity, holding.quantity),
        executed=Decimal(0),
        attempt=0,
        client_id="",
        sent_ms=now_ms,
        retry_at_ms=now_ms,
        who=who,
    )
    return _sent(replace(desk, exit=intent), holding, intent, largest, now_ms)


def _sent(desk: SavedDesk, holding: Holding, leaving: ExitIntent, largest: Decimal, now_ms: int) -> tuple[SavedDesk, Outcome]:
    generation = following(desk.order_generation)
    name = client_id(Role.EXIT, holding.trade.intent_id, generation)
    quantity = min(holding.quantity if leaving.is_whole else leaving.quantity - leaving.executed, largest)
    order = market_exit(desk.symbol, holding.trade.intent_id, holding.trade.side, quantity, name)
    leaving = replace(leaving, attempt=leaving.attempt + 1, client_id=name, sent_ms=now_ms, retry_at_ms=now_ms + REPEAT_MS)
    desk = replace(desk, exit=leaving, order_generation=generation)
    return desk, Outcome(orders=(order,), changed=True, wake_in_ms=REPEAT_MS)


def ticked(desk: SavedDesk, largest: Decimal, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Send a whole exit again when its time has come, and look at the account as the second source."""
    leaving, holding = desk.exit, desk.holding
    if leaving is None or holding is None or holding.flat_seen_ms or now_ms < leaving.retry_at_ms:
        return desk, NOTHING
    looks: tuple[Errand, ...] = (*missed.questions(desk), SyncAccount())
    if leaving.is_whole:
        desk, outcome = _sent(desk, holding, leaving, largest, now_ms)
        return desk, Outcome(errands=looks) + outcome
    if now_ms - leaving.sent_ms >= PARTIAL_GIVES_UP_MS:
        return replace(desk, exit=None), Outcome(errands=looks, changed=True)
    desk = replace(desk, exit=replace(leaving, retry_at_ms=now_ms + REPEAT_MS))
    find = FindOrder(desk.symbol, leaving.client_id)
    return desk, Outcome(errands=(find, *looks), wake_in_ms=REPEAT_MS)


def refused(desk: SavedDesk, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """The exchange refused the exit: look whether the position is still there, and try again if it is."""
    assert desk.exit is not None
    looks: tuple[Errand, ...] = (*missed.questions(desk), SyncAccount())
    if not desk.exit.is_whole:
        return replace(desk, exit=None), Outcome(errands=looks, changed=True)
    again = replace(desk.exit, retry_at_ms=now_ms + REFUSED_REPEAT_MS)
    return replace(desk, exit=again), Outcome(errands=looks, wake_in_ms=REFUSED_REPEAT_MS)


def booked(desk: SavedDesk, name: str, quantity: Decimal) -> SavedDesk:
    """A fill of the exit was booked. A partial exit is done with its last fill; a chunked whole one goes on at once."""
    leaving = desk.exit
    if leaving is None or leaving.client_id != name:
        return desk
    leaving = replace(leaving, executed=leaving.executed + quantity)
    if not leaving.is_whole and leaving.executed >= leaving.quantity:
        return replace(desk, exit=None)
    return replace(desk, exit=leaving)
