"""Start, pause, stop; which sides are allowed; who decides. What lowers risk acts at once."""

from typing import Final

from aiogram import F, Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from engine.model.commands import AllowSides, DecisionMode, PauseTrading, SetMode, StartTrading, StopHow, StopTrading
from engine.model.signals import Sides
from engine.model.view import Running
from handlers import places
from handlers.chat import redraw, show, toast
from handlers.consent import hold_back
from handlers.owner import Owner
from handlers.places import Visit
from handlers.reading import called, read_symbol
from handlers.ui import keyboards as keys
from handlers.ui import steering
from handlers.ui.callbacks import Allow, ChooseMode, Do, Verb, View
from handlers.ui.markup import Html, lines, row
from handlers.ui.positions import to_close
from handlers.ui.replies import reply
from handlers.ui.screen import Screen, arranged

SIDES_BY_NAME: Final = {"long": Sides.LONG, "short": Sides.SHORT, "both": Sides.BOTH}
STOPS: Final = {Verb.STOP_KEEP: StopHow.KEEP, Verb.STOP_CLOSE: StopHow.CLOSE}


def router() -> Router:
    """Commands and their buttons."""
    own = Router(name="trading")
    own.message.register(run, called("run"))
    own.message.register(pause, called("pause"))
    own.message.register(stop, called("stop"))
    own.message.register(allow, called(*SIDES_BY_NAME))
    own.message.register(choose_mode, called("mode"))
    own.callback_query.register(run_pressed, Do.filter(F.verb == Verb.RUN))
    own.callback_query.register(pause_pressed, Do.filter(F.verb == Verb.PAUSE))
    own.callback_query.register(stop_pressed, Do.filter(F.verb.in_(set(STOPS))))
    own.callback_query.register(allow_pressed, Allow.filter())
    own.callback_query.register(mode_pressed, ChooseMode.filter())
    places.register(own, {View.SIDES: sides_page, View.MODE: mode_page, View.STOP: stop_page}, {})
    return own


async def run(message: Message, owner: Owner) -> None:
    """Allow entries. With real money this asks for the motto and the code."""
    if owner.is_late(message):
        await show(
            message, Screen(lines(owner.texts.tag, owner.texts.say("This /run is old, so I did not start. Send it again.")), ())
        )
        return
    await show(message, await _started(owner))


async def run_pressed(callback: CallbackQuery, owner: Owner) -> None:
    """The same by the button."""
    await callback.answer()
    screen = await _started(owner)
    await redraw(callback, screen)


async def _started(owner: Owner) -> Screen:
    wish, view = StartTrading(owner.asked()), owner.engine.view()
    if owner.texts.is_live and (view.running is not Running.RUNNING or view.is_guarded):
        return await hold_back(wish, owner)
    return _answer(owner, reply(owner.texts, await owner.ask(wish)))


async def pause(message: Message, owner: Owner) -> None:
    """No new entries."""
    await show(message, await _paused(owner))


async def pause_pressed(callback: CallbackQuery, owner: Owner) -> None:
    """The same by the button."""
    screen = await _paused(owner)
    await toast(callback)
    await redraw(callback, screen)


async def _paused(owner: Owner) -> Screen:
    answer = await owner.ask(PauseTrading(owner.asked()))
    return _answer(owner, reply(owner.texts, answer), owner.texts.say("⏸ No new entries; stops and exits go on."))


async def stop(message: Message, owner: Owner) -> None:
    """Stop; with open positions ask what becomes of them."""
    held = len(to_close(owner.engine.view()))
    if held:
        await show(message, steering.stop(owner.texts, held))
        return
    await show(message, await _stopped(StopHow.KEEP, owner))


async def stop_page(visit: Visit) -> Screen:
    """What to do with open positions."""
    return steering.stop(visit.texts, len(to_close(visit.engine.view())))


async def stop_pressed(callback: CallbackQuery, callback_data: Do, owner: Owner) -> None:
    """The choice was made."""
    screen = await _stopped(STOPS[callback_data.verb], owner)
    await toast(callback)
    await redraw(callback, screen)


async def _stopped(how: StopHow, owner: Owner) -> Screen:
    held = len(to_close(owner.engine.view()))
    answer = await owner.ask(StopTrading(how, owner.asked()))
    kept = owner.texts.plural(
        "{count} position stays, guarded only by its orders on the exchange.",
        "{count} positions stay, guarded only by their orders on the exchange.",
        held,
    )
    closing = owner.texts.plural("{count} position is being closed.", "{count} positions are being closed.", held)
    note = (kept if how is StopHow.KEEP else closing) if held else None
    return _answer(owner, reply(owner.texts, answer), owner.texts.say("⏹ Stopped."), note)


async def allow(message: Message, command: CommandObject, owner: Owner) -> None:
    """Allow sides, of one symbol or of all."""
    view, wanted = owner.engine.view(), (command.args or "").strip()
    symbol = read_symbol(wanted, view.desks) if wanted else ""
    if symbol is None:
        known = ", ".join(view.desks)
        await show(message, Screen(owner.texts.say("{symbol} is not traded here. Traded: {known}", symbol=wanted, known=known)))
        return
    await show(message, await _allowed(SIDES_BY_NAME[command.command.lower()], symbol, owner))


async def allow_pressed(callback: CallbackQuery, callback_data: Allow, owner: Owner) -> None:
    """The same by a button."""
    await callback.answer()
    sides = Sides(callback_data.sides)
    await redraw(callback, await _allowed(sides, callback_data.symbol, owner))


async def _allowed(sides: Sides, symbol: str, owner: Owner) -> Screen:
    answer = await owner.ask(AllowSides(sides, symbol, owner.asked()))
    return steering.sides(owner.texts, owner.engine.view(), symbol, reply(owner.texts, answer))


async def sides_page(visit: Visit) -> Screen:
    """Which sides are allowed."""
    view = visit.engine.view()
    return steering.sides(visit.texts, view, visit.about if visit.about in view.desks else "")


async def choose_mode(message: Message, command: CommandObject, owner: Owner) -> None:
    """Choose who decides, or look."""
    wanted = (command.args or "").strip().lower()
    if wanted not in set(DecisionMode):
        note = owner.texts.say("I do not know the mode {mode}.", mode=wanted) if wanted else None
        await show(message, steering.mode(owner.texts, owner.engine.view().mode, note))
        return
    chosen = DecisionMode(wanted)
    await show(message, await _mode_chosen(chosen, owner))


async def mode_pressed(callback: CallbackQuery, callback_data: ChooseMode, owner: Owner) -> None:
    """The same by a button."""
    await callback.answer()
    await redraw(callback, await _mode_chosen(callback_data.mode, owner))


async def _mode_chosen(mode: DecisionMode, owner: Owner) -> Screen:
    wish = SetMode(mode, owner.asked())
    if mode is DecisionMode.AUTO and owner.engine.view().mode is not mode:
        return await hold_back(wish, owner)
    return steering.mode(owner.texts, mode, reply(owner.texts, await owner.ask(wish)))


async def mode_page(visit: Visit) -> Screen:
    """Who decides."""
    return steering.mode(visit.texts, visit.engine.view().mode)


def _answer(owner: Owner, said: Html, *notes: Html | None) -> Screen:
    """What came of it, under the environment's name, with the way on."""
    is_running = owner.engine.view().running is Running.RUNNING
    way_on = [keys.back(owner.texts)] if is_running else [keys.run(owner.texts), keys.back(owner.texts)]
    return Screen(lines(row(owner.texts.tag, said), *notes), arranged(way_on))
