"""Whose is it? The owner's answer about a position that somebody else opened or changed.

A button carries the name of its question, so an old one answers nothing. Forgetting takes stops away: asked once more.
"""

from aiogram import Router
from aiogram.types import CallbackQuery

from engine.control import EngineControl
from engine.model.commands import AnswerOutside, OutsideChoice
from engine.model.view import Care, DeskView
from handlers.chat import show_below
from handlers.consent import hold_back
from handlers.owner import Owner
from handlers.ui.callbacks import Whose
from handlers.ui.markup import lines
from handlers.ui.replies import reply
from handlers.ui.screen import Screen


def router() -> Router:
    """The buttons under the question."""
    own = Router(name="outside")
    own.callback_query.register(answered, Whose.filter())
    return own


async def answered(callback: CallbackQuery, callback_data: Whose, owner: Owner) -> None:
    """Adopt or ignore at once, forget after a second look. The question itself stays where it is."""
    await callback.answer(owner.texts.label("Sending…"))
    wish = AnswerOutside(callback_data.question_id, callback_data.choice, owner.asked())
    if wish.choice is OutsideChoice.FORGET and is_open(owner.engine, wish.question_id):
        await show_below(callback, await hold_back(wish, owner))
        return
    answer = await owner.ask(wish)
    await show_below(callback, Screen(lines(owner.texts.tag, reply(owner.texts, answer))))


def is_open(engine: EngineControl, question_id: str) -> bool:
    """Whether a question still waits for its answer."""
    return any(_asks(desk, question_id) for desk in engine.view().desks.values())


def _asks(desk: DeskView, question_id: str) -> bool:
    position = desk.position
    return position is not None and position.question_id == question_id and position.care is Care.ASKED
