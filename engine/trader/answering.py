"""The owner's answer about a position that somebody else opened or changed: adopt, ignore, or forget it.

An answer names its question. One whose position has gone, or that was answered before, changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.desk import care, outside
from engine.desk.deciding import refused
from engine.model.commands import AnswerOutside, OutsideChoice
from engine.model.messages import Outcome, Reply, ReplyCode
from engine.model.view import Care

if TYPE_CHECKING:
    from engine.trader.trader import Trader

CARE: Final = {OutsideChoice.IGNORE: Care.IGNORED, OutsideChoice.FORGET: Care.FORGOTTEN}


def answered(trader: Trader, wish: AnswerOutside) -> Outcome:
    """Do as the owner says, once."""
    for desk in trader.desks.values():
        hand = care.hand_of(desk.memory)
        if hand is None or hand.question_id != wish.question_id:
            continue
        if hand.care is not Care.ASKED:
            is_same = CARE.get(wish.choice) is hand.care
            return Outcome(reply=Reply(ReplyCode.ALREADY)) if is_same else _over(trader, wish)
        desk.answered_by.append((wish.question_id, wish.asked.who))
        if wish.choice is OutsideChoice.ADOPT:
            desk.memory = outside.adopted(desk.memory)
        else:
            desk.memory = outside.left(desk.memory, hand, CARE[wish.choice])
        return Outcome(reply=Reply(ReplyCode.DONE), changed=True)
    return _over(trader, wish)


def _over(trader: Trader, wish: AnswerOutside) -> Outcome:
    return over(trader, ReplyCode.NO_SUCH_QUESTION, wish.question_id)


def over(trader: Trader, code: ReplyCode, name: str) -> Outcome:
    """Nobody asks this any more; who answered it is said where that is known."""
    known = (answer for desk in trader.desks.values() for answer in desk.answered_by)
    who = next((who for asked, who in known if asked == name), "")
    return refused(code, {"who": who} if who else None)
