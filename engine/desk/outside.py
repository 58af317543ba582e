"""What others do on a watched symbol: positions that they open, enlarge or turn.

Such a position is covered at once and nothing is entered; the owner is asked once whose it is. Adopted it is ours. Ignored
it keeps our wide stop only, forgotten none; both are no trade of ours.
"""

from dataclasses import replace
from typing import Final

from engine.desk import position
from engine.desk.care import hand_of, is_left_alone
from engine.desk.terms import DeskTerms
from engine.execution import cover
from engine.execution.ids import intent_id
from engine.model.messages import NOTHING, Outcome
from engine.model.notices import Notice, OutsideChange, OutsideQuestion, PositionClosed
from engine.model.orders import Role
from engine.model.saved import Holding, OutsideHand, SavedDesk
from engine.model.view import Care

ASKS_ABOUT: Final = ("position_opened", "position_added", "books_corrected")  # the question tells these itself


def noticed(before: SavedDesk, after: SavedDesk, outcome: Outcome, terms: DeskTerms, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Ask about a position that somebody else opened, enlarged or turned between two memories: once for each position."""
    holding = after.holding
    theirs = [notice for notice in outcome.notices if isinstance(notice, OutsideChange) and notice.what in ASKS_ABOUT]
    if not theirs or holding is None or holding.flat_seen_ms or not _is_more(before.holding, holding):
        return after, outcome
    kept = tuple(notice for notice in outcome.notices if notice not in theirs)
    outcome = replace(outcome, notices=kept, changed=True)
    if hand_of(after) is not None:
        return after, outcome
    intent, trade = holding.trade.intent_id, holding.trade
    what, was_ours = _what(before.holding, holding)
    name = intent_id(terms.namespace, terms.symbol, f"outside:{intent}:{holding.quantity}:{time_ms}")
    hand = OutsideHand(question_id=name, intent_id=intent, care=Care.ASKED, was_ours=was_ours)
    asked = OutsideQuestion(name, intent, after.symbol, what, trade.side, holding.quantity, trade.entry_price, time_ms)
    return replace(after, outside=hand), outcome + Outcome(notices=(asked,))


def _is_more(before: Holding | None, now: Holding) -> bool:
    is_same = before is not None and before.trade.intent_id == now.trade.intent_id
    return before is None or not is_same or now.quantity > before.quantity


def _what(before: Holding | None, now: Holding) -> tuple[str, bool]:
    if before is None or before.flat_seen_ms:
        return "opened", False
    if before.trade.intent_id != now.trade.intent_id:
        return "reversed", False
    return "added", True


def adopted(desk: SavedDesk) -> SavedDesk:
    """It is ours from now on."""
    return replace(desk, outside=None)


def left(desk: SavedDesk, hand: OutsideHand, care: Care) -> SavedDesk:
    """It is theirs. What was being done about it ends, and it is no longer watched."""
    assert desk.holding is not None, "a question ends with its position"
    holding = replace(desk.holding, uncovered_seen_ms=0, touched_seen_ms=0)
    return replace(desk, outside=replace(hand, care=care), holding=holding, exit=None, is_unwanted=False)


def audited(desk: SavedDesk, terms: DeskTerms, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """Bring a position that is left alone to what the owner said: our wide stop alone, or nothing."""
    hand, holding = hand_of(desk), desk.holding
    assert hand is not None, "only what is left alone"
    assert holding is not None, "only what is left alone"
    kept = [stop for stop in desk.stops if hand.care is Care.IGNORED and stop.role is Role.WIDE_STOP]
    spare = replace(desk, holding=None, stops=tuple(stop for stop in desk.stops if stop not in kept))
    spare, outcome = cover.audited(spare, (), now_ms)
    desk = replace(desk, stops=tuple(kept))
    if hand.care is Care.IGNORED:
        desk, told = _spent_forgotten(desk, now_ms, time_ms)
        needs = [want for want in position.wanted(desk, holding, terms) if want.role is Role.WIDE_STOP]
        desk, step = cover.audited(desk, needs, now_ms)
        outcome += told + step
    return replace(desk, stops=(*desk.stops, *spare.stops)), outcome


def _spent_forgotten(desk: SavedDesk, now_ms: int, time_ms: int) -> tuple[SavedDesk, Outcome]:
    """A stop that triggered and left a part open guards nothing any more: it makes room for a new one.

    Where the price is still beyond it the new one is refused, and the rest is left at market.
    """
    if not cover.is_stuck(desk, now_ms):
        return desk, NOTHING
    spent = {stop.client_id for stop in cover.own_stops(desk) if stop.fired_ms}
    told = OutsideChange(desk.symbol, "stop_spent", "", time_ms)
    rest = tuple(stop for stop in desk.stops if stop.client_id not in spent)
    return replace(desk, stops=rest), Outcome(notices=(told,), changed=True)


def quietly(before: SavedDesk, outcome: Outcome) -> Outcome:
    """A position that was left alone is no trade of ours: its end is told, and counted nowhere."""
    if not is_left_alone(before) or not outcome.trades:
        return outcome
    hand = hand_of(before)
    assert hand is not None, "only what is left alone"
    notices = tuple(_ended(notice) if _is_end_of(notice, hand) else notice for notice in outcome.notices)
    trades = tuple(trade for trade in outcome.trades if trade.intent_id != hand.intent_id)
    return replace(outcome, notices=notices, trades=trades)


def _is_end_of(notice: Notice, hand: OutsideHand) -> bool:
    return isinstance(notice, PositionClosed) and notice.trade.intent_id == hand.intent_id


def _ended(notice: Notice) -> Notice:
    assert isinstance(notice, PositionClosed), "the caller looked"
    return OutsideChange(notice.trade.symbol, "left_alone_flat", "", notice.time_ms)
