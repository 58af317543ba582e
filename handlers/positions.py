"""Open positions: close, close half, stop to entry. Leaving is never delayed; a drawing's buttons act once."""

from typing import Final

from aiogram import F, Router
from aiogram.types import CallbackQuery

from engine.control import EngineControl
from engine.model.commands import Asked, ClosePosition, Command, MoveStopToEntry
from engine.model.messages import ReplyCode
from engine.model.view import DeskView
from handlers import places
from handlers.chat import redraw, show_below, toast
from handlers.owner import Owner
from handlers.places import Visit
from handlers.ui import positions as ui
from handlers.ui.callbacks import CloseAll, Hold, OnPosition, View
from handlers.ui.language import Texts
from handlers.ui.markup import Html, lines
from handlers.ui.replies import reply
from handlers.ui.screen import Screen

OLD_MS: Final = 300_000  # a half that was drawn longer ago may already have been taken: it is drawn anew first
WHOLE: Final = 1.0
HALF: Final = 0.5


def router() -> Router:
    """The command and the buttons."""
    own = Router(name="positions")
    own.callback_query.register(show_card, Hold.filter(F.act == OnPosition.CARD))
    own.callback_query.register(act, Hold.filter())
    own.callback_query.register(close_all, CloseAll.filter())
    places.register(own, {View.POSITIONS: positions_page}, {"positions": View.POSITIONS, "pos": View.POSITIONS})
    return own


async def positions_page(visit: Visit) -> Screen:
    """All open positions."""
    return ui.positions(visit.texts, visit.engine.view(), visit.now_ms)


async def show_card(callback: CallbackQuery, callback_data: Hold, owner: Owner) -> None:
    """One position's card."""
    await toast(callback)
    await redraw(callback, card(owner.texts, owner.engine, callback_data.intent_id))


async def act(callback: CallbackQuery, callback_data: Hold, owner: Owner) -> None:
    """Do it, then answer the tap and draw the card as it is now: the way out does not hang on Telegram."""
    if callback_data.act is OnPosition.HALF and owner.now_ms - callback_data.stamp > OLD_MS:
        await toast(callback, owner.texts.label("This card is old; here is the current one."))
        await show_below(callback, card(owner.texts, owner.engine, callback_data.intent_id))
        return
    answer = await owner.ask(_wish(callback_data, owner.asked()))
    await toast(callback, owner.texts.label("Sending…"))
    note = reply(owner.texts, answer)
    if answer.code is ReplyCode.NO_SUCH_POSITION:
        await redraw(callback, ui.gone(owner.texts, note))
        return
    await redraw(callback, card(owner.texts, owner.engine, callback_data.intent_id, note))


async def close_all(callback: CallbackQuery, callback_data: CloseAll, owner: Owner) -> None:
    """The first tap asks, the second one within its time closes everything."""
    now_ms = owner.now_ms
    if not callback_data.until_s:
        await toast(callback)
        await redraw(callback, ui.close_all(owner.texts, owner.engine.view(), now_ms))
        return
    if now_ms > callback_data.until_s * 1_000:
        await toast(callback, owner.texts.label("Too late; please ask again."))
        await redraw(callback, ui.positions(owner.texts, owner.engine.view(), now_ms))
        return
    held = [position.trade for position in ui.to_close(owner.engine.view())]
    said = []
    for trade in held:
        answer = await owner.ask(ClosePosition(trade.intent_id, WHOLE, owner.asked()))
        said.append(owner.texts.say("{symbol}: {said}", symbol=trade.symbol, said=reply(owner.texts, answer)))
    await toast(callback, owner.texts.label("Sending…"))
    await redraw(callback, ui.positions(owner.texts, owner.engine.view(), owner.now_ms, lines(*said) if said else None))


def card(texts: Texts, engine: EngineControl, intent_id: str, note: Html | None = None) -> Screen:
    """A position's card as it is now; that it is gone where it is."""
    desk = _desk(engine, intent_id)
    if desk is None or desk.position is None:
        return ui.gone(texts, note or texts.say("This position is no longer open."))
    return ui.card(texts, desk, desk.position, engine.asked("").seen_ms, note)


def _wish(data: Hold, asked: Asked) -> Command:
    if data.act is OnPosition.ENTRY_STOP:
        return MoveStopToEntry(data.intent_id, asked)
    return ClosePosition(data.intent_id, HALF if data.act is OnPosition.HALF else WHOLE, asked)


def _desk(engine: EngineControl, intent_id: str) -> DeskView | None:
    desks = engine.view().desks.values()
    return next((desk for desk in desks if desk.position is not None and desk.position.trade.intent_id == intent_id), None)
