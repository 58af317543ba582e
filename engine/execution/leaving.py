"""Leaving a position at market. A whole exit is sent again, under a new name, until the position is flat (R1).

It is reduce-only, so a repetition can only close what is still there. What a partial exit sent is not repeated unless
the exchange said what became of it: two halves would be the whole.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final, NamedTuple

from engine.execution import cover, missed
from engine.execution.ids import client_id, following
from engine.execution.orders import OFF_GRID, market_exit
from engine.model.events import OrderRejected
from engine.model.messages import NOTHING, Errand, FindOrder, Outcome, SyncAccount
from engine.model.notices import ExitRefused
from engine.model.orders import ExitReason, Role
from engine.model.saved import ExitIntent, Holding, SavedDesk

REPEAT_MS: Final = 1_000
REFUSED_REPEAT_MS: Final = (200, 400, 800, 1_000)  # after the last one it stays so
LOOK_AGAIN_MS: Final = 1_000  # the account is asked for no more often
FILLS_LATE_MS: Final = 3_000  # an exit that executed is believed for so long, though no fill was heard of
PARTIAL_GIVES_UP_MS: Final = 10_000
PARTIAL_REFUSALS: Final = 5
TOLD_AFTER: Final = 5  # attempts of a whole exit for nothing: about three seconds
GONE_TOLD_AFTER: Final = 15  # the same where the exchange denies the position: it may be flat, and nobody knows yet
OFF_GRID_REPEAT_MS: Final = 30_000  # a rest that is smaller than the exchange's step now, and was refused for it
NAMES_KEPT: Final = 64
NOTHING_TO_REDUCE: Final = (-2022, -4118)  # no position, or orders of ours that close it already
ENDED_UNFILLED: Final = 0  # no code of the exchange's: no answer came, or one without a fill
IN_THE_WAY_AFTER: Final = 2  # refusals of that kind, the position having been read in between
ZERO: Final = Decimal(0)


class Lots(NamedTuple):
    """What one market order may be for."""

    step: Decimal
    largest: Decimal

    def piece(self, rest: Decimal) -> Decimal:
        """As much of a rest as one order takes. What lies beside a grid that has changed is left, if there is more."""
        most = min(rest, self.largest)
        return most // self.step * self.step or most


def leave(
    desk: SavedDesk, reason: ExitReason, quantity: Decimal, who: str, lots: Lots, now_ms: int
) -> tuple[SavedDesk, Outcome]:
    """Close `quantity` of the position, in pieces. A whole exit replaces a partial one."""
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
        executed=ZERO,
        attempt=0,
        client_id="",
        sent_ms=now_ms,
        retry_at_ms=now_ms,
        who=who,
        began_ms=now_ms,
    )
    return _sent(replace(desk, exit=intent), holding, intent, lots.piece(intent.quantity), now_ms)


def _sent(desk: SavedDesk, holding: Holding, leaving: ExitIntent, piece: Decimal, now_ms: int) -> tuple[SavedDesk, Outcome]:
    generation = following(desk.order_generation)
    name = client_id(Role.EXIT, holding.trade.intent_id, generation)
    order = market_exit(desk.symbol, holding.trade.intent_id, holding.trade.side, piece, name)
    leaving = replace(
        leaving,
        attempt=leaving.attempt + 1,
        client_id=name,
        sent_ms=now_ms,
        retry_at_ms=now_ms + REPEAT_MS,
        names=(*leaving.names, name)[-NAMES_KEPT:],
        piece=piece,
    )
    desk = replace(desk, exit=leaving, order_generation=generation)
    return desk, Outcome(orders=(order,), changed=True, wake_in_ms=REPEAT_MS)


def _rest(holding: Holding, leaving: ExitIntent, now_ms: int) -> Decimal:
    """What is still to be sent. What executed, but was not booked yet, is gone from the position already."""
    if not leaving.is_whole:
        return min(leaving.quantity - leaving.ended, holding.quantity)
    unbooked = max(ZERO, leaving.ended - leaving.executed)
    return holding.quantity - unbooked if now_ms - leaving.sent_ms < FILLS_LATE_MS else holding.quantity


def ticked(desk: SavedDesk, lots: Lots, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Go on with an exit when its time has come, and look at the account as the second source."""
    leaving, holding = desk.exit, desk.holding
    if leaving is None or holding is None or holding.flat_seen_ms or now_ms < leaving.retry_at_ms:
        return desk, NOTHING
    if not leaving.is_whole and now_ms - leaving.sent_ms >= PARTIAL_GIVES_UP_MS:
        return _given_up(desk, leaving, ENDED_UNFILLED, "", time_ms)
    rest = _rest(holding, leaving, now_ms)
    if rest > 0 and (leaving.is_whole or not leaving.piece):
        is_next_piece = not leaving.piece and not leaving.refusals
        again = replace(leaving, unanswered=leaving.unanswered + bool(leaving.piece))
        again, told = _told_after(TOLD_AFTER, again.unanswered, desk, again, ENDED_UNFILLED, "", time_ms)
        desk, outcome = _sent(desk, holding, again, lots.piece(rest), now_ms)
        return (desk, outcome) if is_next_piece else _looked(desk, now_ms, told + outcome)
    desk = replace(desk, exit=replace(leaving, retry_at_ms=now_ms + REPEAT_MS))
    find = FindOrder(desk.symbol, leaving.client_id)
    return _looked(desk, now_ms, Outcome(errands=(find,), wake_in_ms=REPEAT_MS))


def _looks(desk: SavedDesk) -> tuple[Errand, ...]:
    return (*missed.questions(desk), SyncAccount())


def _looked(desk: SavedDesk, now_ms: int, outcome: Outcome) -> tuple[SavedDesk, Outcome]:
    """The outcome, with a look at executions and account unless there was one just now."""
    leaving = desk.exit
    if leaving is None or now_ms - leaving.looked_ms < LOOK_AGAIN_MS:
        return desk, outcome
    return replace(desk, exit=replace(leaving, looked_ms=now_ms)), Outcome(errands=_looks(desk)) + outcome


def refused(desk: SavedDesk, event: OrderRejected) -> tuple[SavedDesk, Outcome]:
    """The exchange refused the exit: look whether the position is still there, and try again if it is."""
    assert desk.exit is not None
    return _denied(desk, desk.exit, event.code, event.text, event.seen_ms, event.time_ms)


def _denied(desk: SavedDesk, leaving: ExitIntent, code: int, text: str, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """One attempt more was for nothing. The owner is told of a whole exit to which that happens again and again."""
    refusals, is_nothing = leaving.refusals + 1, code in NOTHING_TO_REDUCE
    if not leaving.is_whole and refusals >= PARTIAL_REFUSALS:
        return _given_up(desk, leaving, code, text, time_ms)
    wait_ms = OFF_GRID_REPEAT_MS if code in OFF_GRID and refusals >= TOLD_AFTER else _back_off(refusals)
    again = replace(
        leaving,
        refusals=refusals,
        retry_at_ms=now_ms + wait_ms,
        piece=ZERO,
        is_in_the_way=leaving.is_in_the_way or (is_nothing and refusals >= IN_THE_WAY_AFTER),
    )
    limit = GONE_TOLD_AFTER if is_nothing else TOLD_AFTER
    again, told = _told_after(limit, refusals, desk, again, code, text, time_ms)
    return _looked(replace(desk, exit=again), now_ms, told + Outcome(changed=True, wake_in_ms=wait_ms))


def _given_up(desk: SavedDesk, leaving: ExitIntent, code: int, text: str, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """A part of a position stays open after all, unless the exchange said that all of it executed."""
    told = NOTHING if leaving.ended >= leaving.quantity else _told(desk, leaving, code, text, time_ms)
    return replace(desk, exit=None), told + Outcome(errands=_looks(desk), changed=True)


def _told_after(
    limit: int, attempts: int, desk: SavedDesk, leaving: ExitIntent, code: int, text: str, time_ms: int
) -> tuple[ExitIntent, Outcome]:
    """Tell once of a whole exit of which so many attempts, one after the other, were for nothing."""
    if leaving.is_told or attempts < limit:
        return leaving, NOTHING
    return replace(leaving, is_told=True), _told(desk, leaving, code, text, time_ms)


def _told(desk: SavedDesk, leaving: ExitIntent, code: int, text: str, time_ms: int) -> Outcome:
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        return NOTHING
    trade, is_covered = holding.trade, cover.has_seen_stop(desk)
    notice = ExitRefused(trade.intent_id, desk.symbol, trade.side, leaving.is_whole, is_covered, code, text, time_ms)
    return Outcome(notices=(notice,))


def _back_off(refusals: int) -> int:
    return REFUSED_REPEAT_MS[min(refusals, len(REFUSED_REPEAT_MS)) - 1]


def over(desk: SavedDesk, name: str, executed: Decimal, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """An attempt ended at the exchange, wholly filled or not. What it left is sent anew: it cannot execute twice."""
    leaving = desk.exit
    if leaving is None or leaving.client_id != name or not leaving.piece:
        return desk, NOTHING
    if executed == 0:
        return _denied(desk, leaving, ENDED_UNFILLED, "", now_ms, time_ms)
    wait_ms = REPEAT_MS if executed >= leaving.piece and leaving.is_whole else 0
    again = replace(leaving, ended=leaving.ended + executed, piece=ZERO, refusals=0, unanswered=0, retry_at_ms=now_ms + wait_ms)
    return replace(desk, exit=again), Outcome(changed=True, wake_in_ms=max(1, wait_ms))


def booked(desk: SavedDesk, name: str, quantity: Decimal, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """A fill of the exit was booked. A partial exit is done with its last fill; what was cut into pieces goes on at once."""
    leaving = desk.exit
    if leaving is None or name not in leaving.names:
        return desk, NOTHING
    leaving = replace(leaving, executed=leaving.executed + quantity, refusals=0, unanswered=0)
    if leaving.piece and leaving.executed >= leaving.ended + leaving.piece:
        leaving = replace(leaving, ended=leaving.ended + leaving.piece, piece=ZERO, retry_at_ms=now_ms)
    if not leaving.is_whole and leaving.executed >= leaving.quantity:
        return replace(desk, exit=None), NOTHING
    return replace(desk, exit=leaving), Outcome(wake_in_ms=0 if leaving.piece else 1)
