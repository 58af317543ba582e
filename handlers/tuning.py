"""The threshold's dial and every other tunable: looking changes nothing, lowering risk acts at once, raising it asks."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from engine.control import EngineControl
from engine.model.commands import Tune
from engine.model.messages import ReplyCode
from engine.params import BY_NAME, Tunable, raises_risk, read
from handlers import places
from handlers.chat import redraw, show
from handlers.consent import hold_back, told
from handlers.owner import Owner
from handlers.places import Visit
from handlers.reading import is_allowed, meant, read_number
from handlers.ui import tunables, tuning
from handlers.ui.callbacks import Knob, View
from handlers.ui.commands import likest
from handlers.ui.language import Texts
from handlers.ui.markup import Html, code
from handlers.ui.screen import Screen


def router() -> Router:
    """Commands and their buttons."""
    own = Router(name="tuning")
    own.message.register(threshold, Command("threshold"))
    own.message.register(set_by_name, Command("set"))
    own.callback_query.register(knob_set, Knob.filter(F.apply))
    own.callback_query.register(knob_turned, Knob.filter())
    places.register(own, {View.SETTINGS: settings_page, View.THRESHOLD: threshold_page}, {"settings": View.SETTINGS})
    return own


async def threshold(message: Message, command: CommandObject, owner: Owner) -> None:
    """Show the dial, or change how sure the engine must be before it acts."""
    if not command.args:
        await show(message, drawn(owner.texts, owner.engine, tuning.THRESHOLD, owner.engine.params().activation_threshold))
        return
    tunable = BY_NAME[tuning.THRESHOLD]
    await show(message, await _typed(tunable, command.args, owner))


async def set_by_name(message: Message, command: CommandObject, owner: Owner) -> None:
    """Change any tunable by its name; without a value, show it."""
    name, _, value = (command.args or "").strip().replace("=", " ").partition(" ")
    tunable = BY_NAME.get(name.lower())
    if not name:
        await show(message, tuning.settings(owner.texts))
    elif tunable is None:
        await show(message, _no_such_name(owner.texts, name))
    elif not value.strip():
        await show(message, drawn(owner.texts, owner.engine, tunable.name, read(owner.engine.params(), tunable.name)))
    else:
        await show(message, await _typed(tunable, value, owner))


async def knob_turned(callback: CallbackQuery, callback_data: Knob, owner: Owner) -> None:
    """Look at a tunable with another value in mind."""
    if callback_data.name not in BY_NAME:
        await callback.answer(owner.texts.label("This card is old; here is the current one."))
        await redraw(callback, tuning.settings(owner.texts))
        return
    await callback.answer()
    await redraw(callback, drawn(owner.texts, owner.engine, callback_data.name, callback_data.value))


async def knob_set(callback: CallbackQuery, callback_data: Knob, owner: Owner) -> None:
    """Set it."""
    if callback_data.name not in BY_NAME:
        await callback.answer(owner.texts.label("This card is old; here is the current one."))
        await redraw(callback, tuning.settings(owner.texts))
        return
    await callback.answer()
    screen = await _wished(callback_data.name, callback_data.value, owner)
    await redraw(callback, screen)


async def settings_page(visit: Visit) -> Screen:
    """The groups, or one of them."""
    if visit.about in tunables.GROUPS:
        return tuning.group(visit.texts, visit.about, visit.engine.params())
    return tuning.settings(visit.texts)


async def threshold_page(visit: Visit) -> Screen:
    """The dial."""
    return drawn(visit.texts, visit.engine, tuning.THRESHOLD, visit.engine.params().activation_threshold)


def drawn(texts: Texts, engine: EngineControl, name: str, wanted: float, note: Html | None = None) -> Screen:
    """A tunable with a value in mind: the threshold as a dial, every other as a knob."""
    params, tunable = engine.params(), BY_NAME[name]
    wanted = min(max(wanted, tunable.low), tunable.high)
    if name == tuning.THRESHOLD:
        return tuning.dial(texts, params, tuning.rulings_of_all(engine), round(wanted, 4), note)
    return tuning.knob(texts, tunable, params, wanted, note)


async def _typed(tunable: Tunable, text: str, owner: Owner) -> Screen:
    """A value that was typed: read, checked, and asked about where something else was probably meant."""
    value = read_number(text)
    if value is None:
        return tuning.did_you_mean(owner.texts, tunable, text.strip(), None)
    if not is_allowed(tunable, value):
        return tuning.did_you_mean(owner.texts, tunable, text.strip(), meant(tunable, value))
    return await _wished(tunable.name, value, owner)


async def _wished(name: str, value: float, owner: Owner) -> Screen:
    """Change it, or ask first where that raises risk."""
    wish = Tune(name, value, owner.asked())
    if raises_risk(name, read(owner.engine.params(), name), value):
        return await hold_back(wish, owner)
    answer = await owner.engine.ask(wish)
    note = told(owner.texts, wish, answer)
    if answer.code in (ReplyCode.DONE, ReplyCode.ALREADY):
        return drawn(owner.texts, owner.engine, name, read(owner.engine.params(), name), note)
    return Screen(note)


def _no_such_name(texts: Texts, name: str) -> Screen:
    found = likest(name.lower(), BY_NAME)
    said = texts.say("There is no setting called {name}.", name=name)
    if not found:
        return Screen(texts.say("{said} All of them: /settings", said=said))
    shown = Html(", ".join(code(each) for each in found))
    return Screen(texts.say("{said} Closest: {names}.", said=said, names=shown))
