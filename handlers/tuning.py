"""The threshold's dial and every other tunable: looking changes nothing, lowering risk acts at once, raising it asks."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from aiogram import F, Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from engine.control import EngineControl
from engine.model.commands import Tune
from engine.model.messages import ReplyCode
from engine.params import BY_NAME, Tunable, raises_risk, read
from handlers import places
from handlers.chat import redraw, show, show_below
from handlers.consent import hold_back, told
from handlers.dialling import show_dial
from handlers.measuring import show_measured
from handlers.owner import Owner
from handlers.places import Visit
from handlers.reading import called, is_allowed, meant, read_number
from handlers.ui import tunables, tuning
from handlers.ui.callbacks import Go, Knob, Tell, View
from handlers.ui.commands import likest
from handlers.ui.counted import THRESHOLD
from handlers.ui.language import Texts
from handlers.ui.markup import Html, code
from handlers.ui.screen import Screen


def router() -> Router:
    """Commands and their buttons."""
    own = Router(name="tuning")
    own.message.register(threshold, called("threshold"))
    own.message.register(set_by_name, called("set"))
    own.callback_query.register(knob_set, Knob.filter(F.apply))
    own.callback_query.register(knob_turned, Knob.filter())
    own.callback_query.register(dial_opened, Go.filter(F.view == View.THRESHOLD))
    own.callback_query.register(dial_told, Tell.filter(F.view == View.THRESHOLD))
    places.register(own, {View.SETTINGS: settings_page}, {"settings": View.SETTINGS})
    return own


class Said(NamedTuple):
    """What is answered, and the change whose figures follow: `changes` against what holds now, but for `old`.

    With a `dial` the threshold's is drawn instead, its line there and `note` in it.
    """

    screen: Screen = Screen(Html(""))
    changes: Mapping[str, float] = MappingProxyType({})
    old: Mapping[str, float] = MappingProxyType({})
    dial: float | None = None
    note: Html | None = None


async def threshold(message: Message, command: CommandObject, owner: Owner) -> None:
    """Show the dial, or change how sure the engine must be before it acts."""
    if not command.args:
        await show_dial(partial(show, message), owner.engine.params().activation_threshold, owner)
        return
    await _answer(partial(show, message), await _typed(BY_NAME[THRESHOLD], command.args, owner), owner)


async def dial_opened(callback: CallbackQuery, owner: Owner) -> None:
    """The dial in place of another screen, or itself drawn anew."""
    await callback.answer()
    await show_dial(partial(redraw, callback), owner.engine.params().activation_threshold, owner)


async def dial_told(callback: CallbackQuery, owner: Owner) -> None:
    """The dial below an alert."""
    await callback.answer()
    await show_dial(partial(show_below, callback), owner.engine.params().activation_threshold, owner)


async def set_by_name(message: Message, command: CommandObject, owner: Owner) -> None:
    """Change any tunable by its name; without a value, show it."""
    name, _, value = (command.args or "").strip().replace("=", " ").partition(" ")
    tunable = BY_NAME.get(name.lower())
    if not name:
        await show(message, tuning.settings(owner.texts))
    elif tunable is None:
        await show(message, no_such_name(owner.texts, name))
    elif not value.strip():
        now = read(owner.engine.params(), tunable.name)
        await _answer(partial(show, message), _looked_at(tunable.name, now, owner), owner)
    else:
        await _answer(partial(show, message), await _typed(tunable, value, owner), owner)


async def knob_turned(callback: CallbackQuery, callback_data: Knob, owner: Owner) -> None:
    """Look at a tunable with another value in mind."""
    if not await _is_known(callback, callback_data, owner):
        return
    await _answer(partial(redraw, callback), _looked_at(callback_data.name, callback_data.value, owner), owner)


async def knob_set(callback: CallbackQuery, callback_data: Knob, owner: Owner) -> None:
    """Set it."""
    if not await _is_known(callback, callback_data, owner):
        return
    said = await _wished(callback_data.name, callback_data.value, owner)
    await _answer(partial(redraw, callback), said._replace(changes={}, old={}) if said.old else said, owner)


async def _is_known(callback: CallbackQuery, knob: Knob, owner: Owner) -> bool:
    if knob.name in BY_NAME:
        await callback.answer()
        return True
    await callback.answer(owner.texts.label("This card is old; here is the current one."))
    await redraw(callback, tuning.settings(owner.texts))
    return False


async def _answer(shown: Callable[[Screen], Awaitable[Message | None]], said: Said, owner: Owner) -> None:
    """Show it at once; the figures follow where something would change."""
    if said.dial is not None:
        await show_dial(shown, said.dial, owner, said.note, said.old.get(THRESHOLD))
    elif said.changes:
        await show_measured(shown, said.screen, said.changes, owner, said.old)
    else:
        await shown(said.screen)


async def settings_page(visit: Visit) -> Screen:
    """The groups, or one of them."""
    if visit.about in tunables.GROUPS:
        return tuning.group(visit.texts, visit.about, visit.engine.params())
    return tuning.settings(visit.texts)


def drawn(texts: Texts, engine: EngineControl, name: str, wanted: float, note: Html | None = None) -> Screen:
    """A tunable with a value in mind."""
    tunable = BY_NAME[name]
    return tuning.knob(texts, tunable, engine.params(), min(max(wanted, tunable.low), tunable.high), note)


async def _typed(tunable: Tunable, text: str, owner: Owner) -> Said:
    """A value that was typed: read, checked, and asked about where something else was probably meant.

    What neither raises nor lowers risk is shown first: nothing is lost by a look at what it would have done.
    """
    value = read_number(text)
    if value is None:
        return Said(tuning.did_you_mean(owner.texts, tunable, text.strip(), None))
    if not is_allowed(tunable, value):
        return Said(tuning.did_you_mean(owner.texts, tunable, text.strip(), meant(tunable, value)))
    if tunable.riskier == "none":
        return _looked_at(tunable.name, value, owner)
    return await _wished(tunable.name, value, owner)


def _looked_at(name: str, wanted: float, owner: Owner) -> Said:
    """A tunable with a value in mind; nothing changes."""
    if name == THRESHOLD:
        return Said(dial=wanted)
    screen = drawn(owner.texts, owner.engine, name, wanted)
    is_same = wanted == read(owner.engine.params(), name)
    return Said(screen) if is_same else Said(screen, {name: wanted})


async def _wished(name: str, value: float, owner: Owner) -> Said:
    """Change it, or ask first where that raises risk."""
    wish, before = Tune(name, value, owner.asked()), read(owner.engine.params(), name)
    if raises_risk(name, before, value):
        return Said(await hold_back(wish, owner), {name: value})
    answer = await owner.ask(wish)
    note = told(owner, wish, answer)
    if answer.code not in (ReplyCode.DONE, ReplyCode.ALREADY):
        return Said(Screen(note))
    if name == THRESHOLD:
        old = {name: before} if answer.code is ReplyCode.DONE else {}
        return Said(dial=owner.engine.params().activation_threshold, note=note, old=old)
    screen = drawn(owner.texts, owner.engine, name, read(owner.engine.params(), name), note)
    return Said(screen, {name: value}, {name: before}) if answer.code is ReplyCode.DONE else Said(screen)


def no_such_name(texts: Texts, name: str) -> Screen:
    """A name that is no setting's, with the closest that are."""
    found = likest(name.lower(), BY_NAME)
    said = texts.say("There is no setting called {name}.", name=name)
    if not found:
        return Screen(texts.say("{said} All of them: /settings", said=said))
    shown = Html(", ".join(code(each) for each in found))
    return Screen(texts.say("{said} Closest: {names}.", said=said, names=shown))
