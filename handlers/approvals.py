"""The card's buttons: Enter, Half, Skip. A card is taken once, by whom it was drawn for, before its deadline.

The tap is answered first; the engine then looks again at deadline, price and every check, and the card becomes its receipt.
"""

from typing import Any, Final

from aiogram import Router
from aiogram.types import CallbackQuery

from engine.control import EngineControl
from engine.model.commands import ApproveEntry, DeclineEntry
from engine.model.messages import Reply, ReplyCode
from engine.model.notices import EntryProposed, Notice, ProposalEnd, Proposed
from handlers.chat import chat_of, redraw, show_below
from handlers.ports import Tokens
from handlers.ui import cards, panel
from handlers.ui.alerts import Alert
from handlers.ui.callbacks import Card, Choice
from handlers.ui.language import Texts
from handlers.ui.markup import Html
from handlers.ui.news import find_ruling
from handlers.ui.notices import alert
from handlers.ui.replies import reply
from handlers.ui.screen import Screen

FRACTION: Final = {Choice.ENTER: 1.0, Choice.HALF: 0.5}
ENDS: Final = {
    ReplyCode.SENT: ProposalEnd.TAKEN,
    ReplyCode.DONE: ProposalEnd.DECLINED,
    ReplyCode.TOO_LATE: ProposalEnd.EXPIRED,
    ReplyCode.PRICE_MOVED: ProposalEnd.REFUSED,
    ReplyCode.CHECKS_FAILED: ProposalEnd.REFUSED,
}


def router() -> Router:
    """The buttons of cards."""
    own = Router(name="approvals")
    own.callback_query.register(answered, Card.filter())
    return own


async def drawn(notice: Notice, texts: Texts, engine: EngineControl, tokens: Tokens, user: int, chat: int) -> Alert:
    """A notice as an alert for one reader; a proposal gets the token that its buttons need."""
    token = ""
    if isinstance(notice, EntryProposed):
        token = await issued(notice.proposal, engine, tokens, user, chat)
    return alert(texts, notice, engine, token)


async def issued(card: Proposed, engine: EngineControl, tokens: Tokens, user: int, chat: int) -> str:
    """A token for a card that can still be taken; "" where it is too late."""
    left_s = (card.deadline_ms - engine.asked("").seen_ms) // 1_000
    if left_s <= 0:
        return ""
    record = {
        "act": "enter",
        "intent_id": card.intent_id,
        "symbol": card.symbol,
        "user": user,
        "chat": chat,
        "deadline_ms": card.deadline_ms,
    }
    return await tokens.issue(record, left_s + 1)


async def answered(callback: CallbackQuery, callback_data: Card, texts: Texts, engine: EngineControl, tokens: Tokens) -> None:
    """Take or skip a proposal."""
    record = await tokens.peek(callback_data.token)
    if record is None or not _is_theirs(record, callback):
        await _is_old(callback, texts, engine)
        return
    is_skip = callback_data.choice is Choice.SKIP
    await callback.answer(texts.label("Skipped.") if is_skip else texts.label("Sending…"))
    if await tokens.claim(callback_data.token) is None:
        return
    intent, asked = record["intent_id"], engine.asked(str(callback.from_user.id))
    card = _open_card(engine, record)
    wish = DeclineEntry(intent, asked) if is_skip else ApproveEntry(intent, FRACTION[callback_data.choice], asked)
    answer = await engine.ask(wish)
    if card is not None and _open_card(engine, record) is not None:
        await _drawn_again(callback, card, reply(texts, answer), texts, engine, tokens)
        return
    await redraw(callback, _receipt(texts, engine, record, answer, asked.time_ms))


async def _is_old(callback: CallbackQuery, texts: Texts, engine: EngineControl) -> None:
    """A spent, expired or foreign card: say so, and show where things stand."""
    await callback.answer(texts.label("This card is old; here is the current one."))
    screen = panel.panel(texts, engine.view(), engine.params(), engine.asked("").seen_ms)
    await show_below(callback, screen)


async def _drawn_again(
    callback: CallbackQuery, card: Proposed, note: Html, texts: Texts, engine: EngineControl, tokens: Tokens
) -> None:
    """The proposal is still open (half of it was too small): the card says why, and gets a new token."""
    token = await issued(card, engine, tokens, callback.from_user.id, chat_of(callback))
    await redraw(callback, cards.proposal(texts, card, engine.params(), token, note))


def _receipt(texts: Texts, engine: EngineControl, record: dict[str, Any], answer: Reply, time_ms: int) -> Screen:
    ruling = find_ruling(engine, record["symbol"], record["intent_id"])
    end = ENDS.get(answer.code, ProposalEnd.EXPIRED)
    note = reply(texts, Reply(answer.code, answer.values)) if answer.code is ReplyCode.PRICE_MOVED else None
    return cards.receipt(texts, record["symbol"], end, ruling, answer.refusals, time_ms, note)


def _is_theirs(record: dict[str, Any], callback: CallbackQuery) -> bool:
    is_card = record.get("act") == "enter"
    return is_card and record["user"] == callback.from_user.id and record["chat"] == chat_of(callback)


def _open_card(engine: EngineControl, record: dict[str, Any]) -> Proposed | None:
    desk = engine.view().desks.get(record["symbol"])
    card = desk.proposal if desk is not None else None
    return card if card is not None and card.intent_id == record["intent_id"] else None
