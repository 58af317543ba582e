"""The shadow: set a candidate, look at it, make it real by the same way as every change of a setting, or end it."""

from functools import partial

from aiogram import F, Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from engine.model.past import NotMeasured
from engine.model.shadow import ShadowPlan
from engine.params import read
from handlers.chat import redraw, show, show_below
from handlers.measuring import show_with
from handlers.owner import Owner
from handlers.reading import called
from handlers.ui import shadows as ui
from handlers.ui import whatif as whatif_ui
from handlers.ui.callbacks import Beside, Go, ShadowDo, Tell, View
from handlers.ui.markup import Html, lines
from handlers.ui.past import why_not
from handlers.ui.screen import Screen
from handlers.whatif import changes_in, kept

STOP = "stop"


def router() -> Router:
    """The command and its buttons."""
    own = Router(name="shadows")
    own.message.register(shadow, called("shadow"))
    own.callback_query.register(promoted, ShadowDo.filter(F.act == Beside.PROMOTE))
    own.callback_query.register(stopped, ShadowDo.filter(F.act == Beside.STOP))
    own.callback_query.register(shown, ShadowDo.filter())
    own.callback_query.register(told, Tell.filter(F.view == View.SHADOW))
    own.callback_query.register(shown, Go.filter(F.view == View.SHADOW))
    return own


async def shadow(message: Message, command: CommandObject, owner: Owner) -> None:
    """Show the shadow, end it, or begin one: on paper nothing is risked, so that nothing is asked."""
    words = (command.args or "").strip()
    if not words:
        await show(message, await _seen(owner))
    elif words.lower() == STOP:
        await show(message, await _ended(owner))
    else:
        changes = changes_in(words, owner)
        await show(message, changes if isinstance(changes, Screen) else await _begun(changes, owner))


async def shown(callback: CallbackQuery, owner: Owner) -> None:
    """Look again."""
    await callback.answer()
    await redraw(callback, await _seen(owner))


async def told(callback: CallbackQuery, owner: Owner) -> None:
    """Look at it below an alert."""
    await callback.answer()
    await show_below(callback, await _seen(owner))


async def stopped(callback: CallbackQuery, callback_data: ShadowDo, owner: Owner) -> None:
    """End the shadow that is meant."""
    await callback.answer()
    await redraw(callback, await _ended(owner) if _is_meant(callback_data, owner) else await _seen(owner))


async def promoted(callback: CallbackQuery, callback_data: ShadowDo, owner: Owner) -> None:
    """Look at what would change, with Apply and Discard; the second factor is asked for where risk rises."""
    await callback.answer()
    plan, params = owner.engine.shadow.plan, owner.engine.params()
    if plan is None or not _is_meant(callback_data, owner):
        await redraw(callback, await _seen(owner))
        return
    changes = {name: value for name, value in plan.changes if value != read(params, name)}
    if not changes:
        await show_below(callback, whatif_ui.as_it_is(owner.texts))
        return
    token = await kept(changes, owner)
    draw = partial(whatif_ui.preview, owner.texts, params, changes)
    await show_with(partial(show_below, callback), lambda answers: draw(answers, token), changes, owner, {})


async def _seen(owner: Owner, note: Html | None = None) -> Screen:
    plan = owner.engine.shadow.plan
    if plan is None:
        return ui.none(owner.texts, note)
    return ui.shadow(owner.texts, plan, await owner.engine.shadow.compared(), note)


async def _begun(changes: dict[str, float], owner: Owner) -> Screen:
    before = owner.engine.shadow.plan
    try:
        await owner.engine.shadow.begin(changes)
    except NotMeasured as error:
        return Screen(lines(owner.texts.tag, why_not(owner.texts, error)))
    note = (
        owner.texts.say("✅ It begins now.")
        if before is None
        else owner.texts.say("✅ It begins now; the one before it ended.")
    )
    return await _seen(owner, note)


async def _ended(owner: Owner) -> Screen:
    was_there = await owner.engine.shadow.stop()
    return ui.none(owner.texts, owner.texts.say("✅ The shadow ended.") if was_there else None)


def _is_meant(button: ShadowDo, owner: Owner) -> bool:
    plan: ShadowPlan | None = owner.engine.shadow.plan
    return plan is not None and plan.since_ms // 1_000 == button.since_s
