"""The panel and the ways around it: /start, /panel, /help, /lang, /cancel, and an answer to whatever was not understood."""

from typing import Final

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message

from engine.control import EngineControl
from handlers import places
from handlers.chat import bare, redraw, show, show_below, toast
from handlers.consent import ASKED
from handlers.places import Visit
from handlers.ports import Users
from handlers.reading import called
from handlers.ui import commands, panel, steering
from handlers.ui.callbacks import Do, Go, Speak, Tell, Verb, View
from handlers.ui.language import Languages, Texts
from handlers.ui.screen import Screen

PANEL: Final = "panel"  # the user's value that holds the message id of the panel


def router() -> Router:
    """Everything but the last resort."""
    own = Router(name="menu")
    own.message.register(open_panel, called("start", "panel"))
    own.message.register(cancel, called("cancel"))
    own.callback_query.register(show_panel, Go.filter(F.view == View.PANEL))
    own.callback_query.register(new_panel, Tell.filter(F.view == View.PANEL))
    own.callback_query.register(cancelled, Do.filter(F.verb == Verb.CANCEL))
    own.callback_query.register(speak, Speak.filter())
    places.register(own, {View.HELP: help_page, View.LANGUAGE: languages_page}, {"help": View.HELP, "lang": View.LANGUAGE})
    return own


def last_resort() -> Router:
    """What no other router understood. Must be the last one."""
    own = Router(name="last_resort")
    own.message.register(not_understood)
    own.callback_query.register(spent)
    return own


async def open_panel(message: Message, texts: Texts, engine: EngineControl, users: Users) -> None:
    """A new panel at the bottom; the old one loses its buttons. Never starts trading."""
    await _remember(message, await show(message, drawn(texts, engine)), users, message.from_user.id if message.from_user else 0)


async def show_panel(callback: CallbackQuery, texts: Texts, engine: EngineControl, users: Users) -> None:
    """The panel in place of another screen, or itself drawn anew."""
    await toast(callback)
    message = await redraw(callback, drawn(texts, engine))
    if message is not None:
        await _remember(message, message, users, callback.from_user.id)


async def new_panel(callback: CallbackQuery, texts: Texts, engine: EngineControl, users: Users) -> None:
    """A panel below an alert."""
    await toast(callback)
    message = await show_below(callback, drawn(texts, engine))
    if message is not None:
        await _remember(message, message, users, callback.from_user.id)


def drawn(texts: Texts, engine: EngineControl) -> Screen:
    """The panel as of now."""
    return panel.panel(texts, engine.view(), engine.params(), engine.asked("").seen_ms)


async def help_page(visit: Visit) -> Screen:
    """All commands."""
    return commands.help_page(visit.texts)


async def languages_page(visit: Visit) -> Screen:
    """Which language to speak."""
    return steering.languages(visit.texts, visit.languages)


async def speak(callback: CallbackQuery, callback_data: Speak, users: Users, languages: Languages) -> None:
    """Speak another language from now on."""
    texts = languages.texts(callback_data.language)
    await callback.answer(texts.label("I speak English now."))
    await users.set_language(callback.from_user.id, texts.language)
    await redraw(callback, steering.languages(texts, languages))


async def cancel(message: Message, texts: Texts, users: Users) -> None:
    """Leave whatever question is open; always works."""
    if message.from_user is not None:
        await users.set_value(message.from_user.id, ASKED, "")
    await show(message, Screen(texts.say("Cancelled. Nothing was changed.")))


async def cancelled(callback: CallbackQuery, texts: Texts, users: Users) -> None:
    """The same by a button: the question goes away."""
    await callback.answer(texts.label("Cancelled. Nothing was changed."))
    await users.set_value(callback.from_user.id, ASKED, "")
    await redraw(callback, Screen(texts.say("Cancelled. Nothing was changed.")))


async def not_understood(message: Message, texts: Texts) -> None:
    """Name the closest commands."""
    await show(message, commands.not_understood(texts, message.text or ""))


async def spent(callback: CallbackQuery, texts: Texts, engine: EngineControl, users: Users) -> None:
    """A button that nobody knows any more: show where things stand now."""
    await callback.answer(texts.label("This card is old; here is the current one."))
    message = await show_below(callback, drawn(texts, engine))
    if message is not None:
        await _remember(message, message, users, callback.from_user.id)


async def _remember(anchor: Message, drawn_on: Message, users: Users, user: int) -> None:
    """Keep where the panel is; the one before it loses its buttons."""
    before = await users.get_value(user, PANEL)
    if before == str(drawn_on.message_id):
        return
    await users.set_value(user, PANEL, str(drawn_on.message_id))
    if before:
        await bare(anchor, int(before))
