"""What other settings would have done: a look first, and then, by a tap, the same way as every other change of a setting."""

from functools import partial
from typing import Final

from aiogram import Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from engine.model.commands import Tune, TuneAll
from engine.params import BY_NAME, raises_risk, read
from handlers.chat import redraw, show
from handlers.consent import hold_back, told
from handlers.measuring import show_with
from handlers.owner import Owner
from handlers.reading import called, is_allowed, meant, read_changes, read_number
from handlers.tuning import no_such_name
from handlers.ui import keyboards as keys
from handlers.ui import tuning
from handlers.ui import whatif as ui
from handlers.ui.callbacks import Change
from handlers.ui.markup import lines
from handlers.ui.screen import Screen, arranged

KEPT_S: Final = 86_400
MOST_CHANGES: Final = 12


def router() -> Router:
    """The command and its button."""
    own = Router(name="whatif")
    own.message.register(what_if, called("whatif"))
    own.callback_query.register(applied, Change.filter())
    return own


async def what_if(message: Message, command: CommandObject, owner: Owner) -> None:
    """Show what changes would have done; they are made by a tap."""
    changes = changes_in(command.args or "", owner)
    if isinstance(changes, Screen):
        await show(message, changes)
        return
    token = await kept(changes, owner)
    params = owner.engine.params()
    await show_with(
        partial(show, message), lambda answers: ui.preview(owner.texts, params, changes, answers, token), changes, owner, {}
    )


async def applied(callback: CallbackQuery, callback_data: Change, owner: Owner) -> None:
    """Make the changes: at once where none raises risk, else after the same question as ever."""
    record = await owner.tokens.peek(callback_data.token)
    if record is None or record.get("user") != owner.user or record.get("chat") != owner.chat or "changes" not in record:
        await callback.answer(owner.texts.label("This question is over. Please ask again."))
        return
    await callback.answer()
    if await owner.tokens.claim(callback_data.token) is not None:
        await redraw(callback, await changed({name: float(value) for name, value in record["changes"]}, owner))


async def kept(changes: dict[str, float], owner: Owner) -> str:
    """A token for changes that may be made by a tap."""
    record = {"changes": [list(change) for change in changes.items()], "user": owner.user, "chat": owner.chat}
    return await owner.tokens.issue(record, KEPT_S)


async def changed(changes: dict[str, float], owner: Owner) -> Screen:
    """Make changes, or ask first where one of them raises risk."""
    params, asked = owner.engine.params(), owner.asked()
    wish = Tune(*next(iter(changes.items())), asked) if len(changes) == 1 else TuneAll(tuple(changes.items()), asked)
    if any(raises_risk(name, read(params, name), value) for name, value in changes.items()):
        return await hold_back(wish, owner)
    answer = await owner.ask(wish)
    return Screen(lines(owner.texts.tag, told(owner, wish, answer)), arranged([keys.back(owner.texts)]))


def changes_in(text: str, owner: Owner) -> dict[str, float] | Screen:
    """The changes that were typed, or the one thing that is wrong with them."""
    said = read_changes(text)
    if not said or len(said) > MOST_CHANGES:
        return ui.how_to(owner.texts)
    changes = dict[str, float]()
    for name, typed in said:
        tunable = BY_NAME.get(name)
        if tunable is None:
            return no_such_name(owner.texts, name)
        value = read_number(typed)
        if value is None or not is_allowed(tunable, value):
            guess = meant(tunable, value) if value is not None else None
            return tuning.did_you_mean(owner.texts, tunable, typed, guess)
        changes[name] = value
    params = owner.engine.params()
    changes = {name: value for name, value in changes.items() if value != read(params, name)}
    return changes or ui.as_it_is(owner.texts)
