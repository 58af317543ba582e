"""Start, pause, stop; which sides are allowed; who decides. What lowers risk acts at once."""

from typing import Final

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message

from engine.control import EngineControl
from engine.model.commands import AllowSides, DecisionMode, PauseTrading, SetMode, StartTrading, StopHow, StopTrading
from engine.model.signals import Sides
from engine.model.view import EngineView, Running
from handlers import places
from handlers.chat import chat_of, redraw, show
from handlers.consent import hold_back
from handlers.places import Visit
from handlers.ports import SecondFactor, Tokens, Users
from handlers.reading import read_symbol
from handlers.ui import keyboards as keys
from handlers.ui import steering
from handlers.ui.callbacks import Allow, ChooseMode, Do, Verb, View
from handlers.ui.language import Texts
from handlers.ui.markup import Html, lines, row
from handlers.ui.replies import reply
from handlers.ui.screen import Button, Screen, arranged

LATE_S: Final = 30  # a start that waited this long for us was meant for another moment
SIDES_BY_NAME: Final = {"long": Sides.LONG, "short": Sides.SHORT, "both": Sides.BOTH}
STOPS: Final = {Verb.STOP_KEEP: StopHow.KEEP, Verb.STOP_CLOSE: StopHow.CLOSE}


def router() -> Router:
    """Commands and their buttons."""
    own = Router(name="trading")
    own.message.register(run, Command("run"))
    own.message.register(pause, Command("pause"))
    own.message.register(stop, Command("stop"))
    own.message.register(allow, Command(*SIDES_BY_NAME))
    own.message.register(choose_mode, Command("mode"))
    own.callback_query.register(run_pressed, Do.filter(F.verb == Verb.RUN))
    own.callback_query.register(pause_pressed, Do.filter(F.verb == Verb.PAUSE))
    own.callback_query.register(stop_pressed, Do.filter(F.verb.in_(set(STOPS))))
    own.callback_query.register(allow_pressed, Allow.filter())
    own.callback_query.register(mode_pressed, ChooseMode.filter())
    places.register(own, {View.SIDES: sides_page, View.MODE: mode_page, View.STOP: stop_page}, {})
    return own


async def run(
    message: Message, texts: Texts, engine: EngineControl, users: Users, tokens: Tokens, factor: SecondFactor
) -> None:
    """Allow entries. With real money this asks for the motto and the code."""
    asked = engine.asked("")
    if asked.seen_ms - round(message.date.timestamp() * 1_000) > LATE_S * 1_000:
        await show(message, Screen(lines(texts.tag, texts.say("This /run is old, so I did not start. Send it again.")), ()))
        return
    user = message.from_user.id if message.from_user else 0
    await show(message, await _started(user, message.chat.id, texts, engine, users, tokens, factor))


async def run_pressed(
    callback: CallbackQuery, texts: Texts, engine: EngineControl, users: Users, tokens: Tokens, factor: SecondFactor
) -> None:
    """The same by the button."""
    await callback.answer()
    screen = await _started(callback.from_user.id, chat_of(callback), texts, engine, users, tokens, factor)
    await redraw(callback, screen)


async def _started(
    user: int, chat: int, texts: Texts, engine: EngineControl, users: Users, tokens: Tokens, factor: SecondFactor
) -> Screen:
    wish = StartTrading(engine.asked(str(user)))
    needs_factor = texts.is_live or factor.is_configured
    if needs_factor and engine.view().running is not Running.RUNNING:
        return await hold_back(wish, user, chat, texts, engine, users, tokens, factor)
    return _answer(texts, engine, reply(texts, await engine.ask(wish)))


async def pause(message: Message, texts: Texts, engine: EngineControl) -> None:
    """No new entries."""
    await show(message, await _paused(message.from_user.id if message.from_user else 0, texts, engine))


async def pause_pressed(callback: CallbackQuery, texts: Texts, engine: EngineControl) -> None:
    """The same by the button."""
    await callback.answer()
    await redraw(callback, await _paused(callback.from_user.id, texts, engine))


async def _paused(user: int, texts: Texts, engine: EngineControl) -> Screen:
    answer = await engine.ask(PauseTrading(engine.asked(str(user))))
    return _answer(texts, engine, reply(texts, answer), texts.say("⏸ No new entries; stops and exits go on."))


async def stop(message: Message, texts: Texts, engine: EngineControl) -> None:
    """Stop; with open positions ask what becomes of them."""
    held = _held(engine.view())
    if held:
        await show(message, steering.stop(texts, held))
        return
    user = message.from_user.id if message.from_user else 0
    await show(message, await _stopped(StopHow.KEEP, user, texts, engine))


async def stop_page(visit: Visit) -> Screen:
    """What to do with open positions."""
    return steering.stop(visit.texts, _held(visit.engine.view()))


async def stop_pressed(callback: CallbackQuery, callback_data: Do, texts: Texts, engine: EngineControl) -> None:
    """The choice was made."""
    await callback.answer()
    await redraw(callback, await _stopped(STOPS[callback_data.verb], callback.from_user.id, texts, engine))


async def _stopped(how: StopHow, user: int, texts: Texts, engine: EngineControl) -> Screen:
    held = _held(engine.view())
    answer = await engine.ask(StopTrading(how, engine.asked(str(user))))
    kept = texts.plural(
        "{count} position stays, guarded only by its orders on the exchange.",
        "{count} positions stay, guarded only by their orders on the exchange.",
        held,
    )
    closing = texts.plural("{count} position is being closed.", "{count} positions are being closed.", held)
    note = (kept if how is StopHow.KEEP else closing) if held else None
    return _answer(texts, engine, reply(texts, answer), texts.say("⏹ Stopped."), note)


async def allow(message: Message, command: CommandObject, texts: Texts, engine: EngineControl) -> None:
    """Allow sides, of one symbol or of all."""
    view, wanted = engine.view(), (command.args or "").strip()
    symbol = read_symbol(wanted, view.desks) if wanted else ""
    if symbol is None:
        known = ", ".join(view.desks)
        await show(message, Screen(texts.say("{symbol} is not traded here. Traded: {known}", symbol=wanted, known=known)))
        return
    user = message.from_user.id if message.from_user else 0
    await show(message, await _allowed(SIDES_BY_NAME[command.command], symbol, user, texts, engine))


async def allow_pressed(callback: CallbackQuery, callback_data: Allow, texts: Texts, engine: EngineControl) -> None:
    """The same by a button."""
    await callback.answer()
    sides = Sides(callback_data.sides)
    await redraw(callback, await _allowed(sides, callback_data.symbol, callback.from_user.id, texts, engine))


async def _allowed(sides: Sides, symbol: str, user: int, texts: Texts, engine: EngineControl) -> Screen:
    answer = await engine.ask(AllowSides(sides, symbol, engine.asked(str(user))))
    return steering.sides(texts, engine.view(), symbol, reply(texts, answer))


async def sides_page(visit: Visit) -> Screen:
    """Which sides are allowed."""
    view = visit.engine.view()
    return steering.sides(visit.texts, view, visit.about if visit.about in view.desks else "")


async def choose_mode(
    message: Message,
    command: CommandObject,
    texts: Texts,
    engine: EngineControl,
    users: Users,
    tokens: Tokens,
    factor: SecondFactor,
) -> None:
    """Choose who decides, or look."""
    wanted = (command.args or "").strip().lower()
    if wanted not in set(DecisionMode):
        note = texts.say("I do not know the mode {mode}.", mode=wanted) if wanted else None
        await show(message, steering.mode(texts, engine.view().mode, note))
        return
    user = message.from_user.id if message.from_user else 0
    chosen = DecisionMode(wanted)
    await show(message, await _mode_chosen(chosen, user, message.chat.id, texts, engine, users, tokens, factor))


async def mode_pressed(
    callback: CallbackQuery,
    callback_data: ChooseMode,
    texts: Texts,
    engine: EngineControl,
    users: Users,
    tokens: Tokens,
    factor: SecondFactor,
) -> None:
    """The same by a button."""
    await callback.answer()
    user, chat = callback.from_user.id, chat_of(callback)
    await redraw(callback, await _mode_chosen(callback_data.mode, user, chat, texts, engine, users, tokens, factor))


async def _mode_chosen(
    mode: DecisionMode,
    user: int,
    chat: int,
    texts: Texts,
    engine: EngineControl,
    users: Users,
    tokens: Tokens,
    factor: SecondFactor,
) -> Screen:
    wish = SetMode(mode, engine.asked(str(user)))
    if mode is DecisionMode.AUTO and engine.view().mode is not mode:
        return await hold_back(wish, user, chat, texts, engine, users, tokens, factor)
    return steering.mode(texts, mode, reply(texts, await engine.ask(wish)))


async def mode_page(visit: Visit) -> Screen:
    """Who decides."""
    return steering.mode(visit.texts, visit.engine.view().mode)


def _held(view: EngineView) -> int:
    return sum(desk.position is not None for desk in view.desks.values())


def _answer(texts: Texts, engine: EngineControl, said: Html, *notes: Html | None) -> Screen:
    """What came of it, under the environment's name, with the way on."""
    return Screen(lines(row(texts.tag, said), *notes), arranged(_way_on(texts, engine)))


def _way_on(texts: Texts, engine: EngineControl) -> list[Button]:
    return [keys.back(texts)] if engine.view().running is Running.RUNNING else [keys.run(texts), keys.back(texts)]
