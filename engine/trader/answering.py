"""The owner's answer about a position that somebody else opened or changed: adopt, ignore, or forget it.

An answer names its question. One whose position has gone, or that was answered before, changes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.desk import outside
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
        hand = outside.hand_of(desk.memory)
        if hand is None or hand.question_id != wish.question_id:
            continue
        if hand.care is not Care.ASKED:
            is_same = CARE.get(wish.choice) is hand.care
            return Outcome(reply=Reply(ReplyCode.ALREADY)) if is_same else refused(ReplyCode.NO_SUCH_QUESTION)
        if wish.choice is OutsideChoice.ADOPT:
            desk.memory = outside.adopted(desk.memory)
        else:
            desk.memory = outside.left(desk.memory, hand, CARE[wish.choice])
        return Outcome(reply=Reply(ReplyCode.DONE), changed=True)
    return refused(ReplyCode.NO_SUCH_QUESTION)
