"""Panic, the latch, locks on symbols. Panic takes two taps and nothing else; lifting the latch asks for the second factor."""

from aiogram import F, Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from engine.model.commands import LockSymbol, Panic, ResetLatch
from engine.model.market import HOUR_MS
from handlers import places
from handlers.chat import redraw, show, toast
from handlers.consent import hold_back
from handlers.owner import Owner
from handlers.places import Visit
from handlers.reading import MOST_HOURS, called, read_hours, read_symbol
from handlers.ui import keyboards as keys
from handlers.ui import steering
from handlers.ui.callbacks import Do, Lock, Verb, View
from handlers.ui.language import marked
from handlers.ui.markup import code, lines, row
from handlers.ui.replies import reply
from handlers.ui.screen import Screen, arranged


def router() -> Router:
    """Commands and their buttons."""
    own = Router(name="safety")
    own.message.register(lock, called("lock", "unlock"))
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


async def panic_pressed(callback: CallbackQuery, callback_data: Do, owner: Owner) -> None:
    """The second tap, while it counts."""
    now_ms = owner.now_ms
    if now_ms > callback_data.until_s * 1_000:
        await toast(callback, owner.texts.label("Too late; please ask again."))
        await redraw(callback, steering.panic(owner.texts, owner.engine.view(), now_ms))
        return
    answer = await owner.ask(Panic(owner.asked()))
    await toast(callback, owner.texts.label("Sending…"))
    text = lines(
        row(owner.texts.tag, owner.texts.say("🚨 Panic")),
        reply(owner.texts, answer),
        owner.texts.say("Everything is being closed; I report when all is flat."),
    )
    await redraw(callback, Screen(text, arranged([keys.go(owner.texts, marked("📍 Positions"), View.POSITIONS)])))


async def latch_page(visit: Visit) -> Screen:
    """The latch as it is."""
    return steering.latch(visit.texts, visit.engine.view())


async def lift_pressed(callback: CallbackQuery, owner: Owner) -> None:
    """Lift the latch: asked once more, always."""
    await callback.answer()
    view = owner.engine.view()
    if view.latch is None:
        await redraw(callback, steering.latch(owner.texts, view))
        return
    wish = ResetLatch(view.latch.set_ms, owner.asked())
    await redraw(callback, await hold_back(wish, owner))


async def symbols_page(visit: Visit) -> Screen:
    """All symbols and their locks."""
    return steering.symbols(visit.texts, visit.engine.view())


async def lock(message: Message, command: CommandObject, owner: Owner) -> None:
    """Lock a symbol for some hours, or unlock it."""
    words = (command.args or "").split()
    symbol = read_symbol(words[0], owner.engine.view().desks) if words else None
    hours = 0 if command.command.lower() == "unlock" else read_hours(words[1]) if len(words) > 1 else steering.LOCK_HOURS
    if symbol is None or hours is None:
        example = code("/lock ETHUSDT 4h")
        await show(
            message,
            steering.symbols(owner.texts, owner.engine.view(), owner.texts.say("Like this: {example}", example=example)),
        )
        return
    await show(message, await _locked(symbol, hours, owner))


async def lock_pressed(callback: CallbackQuery, callback_data: Lock, owner: Owner) -> None:
    """The same by a button. Only unlocking waits for Telegram, which refuses taps that are old."""
    if not 0 <= callback_data.hours <= MOST_HOURS:  # nobody drew it
        await callback.answer()
        return
    if not callback_data.hours:
        await callback.answer()
    screen = await _locked(callback_data.symbol, callback_data.hours, owner)
    if callback_data.hours:
        await toast(callback)
    await redraw(callback, screen)


async def _locked(symbol: str, hours: int, owner: Owner) -> Screen:
    asked = owner.asked()
    until_ms = asked.time_ms + hours * HOUR_MS if hours else 0
    answer = await owner.ask(LockSymbol(symbol, until_ms, asked))
    return steering.symbols(owner.texts, owner.engine.view(), reply(owner.texts, answer))
