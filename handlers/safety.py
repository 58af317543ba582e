"""Panic, the latch, locks on symbols. Panic takes two taps and nothing else; lifting the latch asks for the second factor."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from engine.control import EngineControl
from engine.model.commands import LockSymbol, Panic, ResetLatch
from handlers import places
from handlers.chat import chat_of, redraw, show
from handlers.consent import hold_back
from handlers.places import Visit
from handlers.ports import SecondFactor, Tokens, Users
from handlers.reading import HOUR_MS, read_hours, read_symbol
from handlers.ui import keyboards as keys
from handlers.ui import steering
from handlers.ui.callbacks import Do, Lock, Verb, View
from handlers.ui.language import Texts, marked
from handlers.ui.markup import code, lines, row
from handlers.ui.replies import reply
from handlers.ui.screen import Screen, arranged


def router() -> Router:
    """Commands and their buttons."""
    own = Router(name="safety")
    own.message.register(lock, Command("lock", "unlock"))
    own.callback_query.register(panic_pressed, Do.filter(F.verb == Verb.PANIC))
    own.callback_query.register(lift_pressed, Do.filter(F.verb == Verb.RESET_LATCH))
    own.callback_query.register(lock_pressed, Lock.filter())
    places.register(
        own,
        {View.PANIC: panic_page, View.LATCH: latch_page, View.SYMBOLS: symbols_page},
        {"panic": View.PANIC, "latch": View.LATCH, "symbols": View.SYMBOLS},
    )
    return own


async def panic_page(visit: Visit) -> Screen:
    """The first tap."""
    return steering.panic(visit.texts, visit.engine.view(), visit.now_ms)


async def panic_pressed(callback: CallbackQuery, callback_data: Do, texts: Texts, engine: EngineControl) -> None:
    """The second tap, while it counts."""
    now_ms = engine.asked("").seen_ms
    if now_ms > callback_data.until_s * 1_000:
        await callback.answer(texts.label("Too late; please ask again."))
        await redraw(callback, steering.panic(texts, engine.view(), now_ms))
        return
    await callback.answer(texts.label("Sending…"))
    answer = await engine.ask(Panic(engine.asked(str(callback.from_user.id))))
    text = lines(
        row(texts.tag, texts.say("🚨 Panic")),
        reply(texts, answer),
        texts.say("Everything is being closed; I report when all is flat."),
    )
    await redraw(callback, Screen(text, arranged([keys.go(texts, marked("📍 Positions"), View.POSITIONS)])))


async def latch_page(visit: Visit) -> Screen:
    """The latch as it is."""
    return steering.latch(visit.texts, visit.engine.view())


async def lift_pressed(
    callback: CallbackQuery, texts: Texts, engine: EngineControl, users: Users, tokens: Tokens, factor: SecondFactor
) -> None:
    """Lift the latch: asked once more, always."""
    await callback.answer()
    view = engine.view()
    if view.latch is None:
        await redraw(callback, steering.latch(texts, view))
        return
    user, chat = callback.from_user.id, chat_of(callback)
    wish = ResetLatch(engine.asked(str(user)))
    await redraw(callback, await hold_back(wish, user, chat, texts, engine, users, tokens, factor))


async def symbols_page(visit: Visit) -> Screen:
    """All symbols and their locks."""
    return steering.symbols(visit.texts, visit.engine.view())


async def lock(message: Message, command: CommandObject, texts: Texts, engine: EngineControl) -> None:
    """Lock a symbol for some hours, or unlock it."""
    words = (command.args or "").split()
    symbol = read_symbol(words[0], engine.view().desks) if words else None
    hours = 0 if command.command == "unlock" else read_hours(words[1]) if len(words) > 1 else steering.LOCK_HOURS
    if symbol is None or hours is None:
        example = code("/lock ETHUSDT 4h")
        await show(message, steering.symbols(texts, engine.view(), texts.say("Like this: {example}", example=example)))
        return
    await show(message, await _locked(symbol, hours, message.from_user.id if message.from_user else 0, texts, engine))


async def lock_pressed(callback: CallbackQuery, callback_data: Lock, texts: Texts, engine: EngineControl) -> None:
    """The same by a button."""
    await callback.answer()
    await redraw(callback, await _locked(callback_data.symbol, callback_data.hours, callback.from_user.id, texts, engine))


async def _locked(symbol: str, hours: int, user: int, texts: Texts, engine: EngineControl) -> Screen:
    asked = engine.asked(str(user))
    until_ms = asked.time_ms + hours * HOUR_MS if hours else 0
    answer = await engine.ask(LockSymbol(symbol, until_ms, asked))
    return steering.symbols(texts, engine.view(), reply(texts, answer))
