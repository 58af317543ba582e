"""The card's buttons: Enter, Half, Skip. A card is taken once, by whom it was drawn for, before its deadline.

A tap that enters is answered first, since Telegram refuses taps that are old; the engine then looks again at deadline, price
and every check, and the card becomes its receipt. Skipping does not hang on that answer.
"""

from typing import Any, Final

from aiogram import Router
from aiogram.types import CallbackQuery

from engine.control import EngineControl
from engine.model.commands import ApproveEntry, Asked, DeclineEntry
from engine.model.messages import Reply, ReplyCode
from engine.model.proposals import ProposalEnd, Proposed
from handlers.chat import redraw, show_below, toast
from handlers.owner import Owner
from handlers.ui import cards, panel
from handlers.ui.callbacks import Card, Choice
from handlers.ui.language import Texts
from handlers.ui.markup import lines
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


async def issued(card: Proposed, owner: Owner) -> str:
    """A new token for a card that can still be taken; "" where it is too late."""
    left_s = (card.deadline_ms - owner.now_ms) // 1_000
    if left_s <= 0:
        return ""
    return await owner.tokens.issue({"intent_id": card.intent_id, "user": owner.user, "chat": owner.chat}, left_s)


async def answered(callback: CallbackQuery, callback_data: Card, owner: Owner) -> None:
    """Take or skip a proposal."""
    record = await owner.tokens.peek(callback_data.token)
    if record is None or not _is_theirs(record, owner):
        await _is_old(callback, owner)
        return
    is_skip = callback_data.choice is Choice.SKIP
    if not is_skip:
        await callback.answer(owner.texts.label("Sending…"))
    if await owner.tokens.claim(callback_data.token) is None:
        return
    intent, asked = record["intent_id"], owner.asked()
    card = open_card(owner.engine, intent)
    wish = DeclineEntry(intent, asked) if is_skip else ApproveEntry(intent, FRACTION[callback_data.choice], asked)
    answer = await owner.ask(wish)
    if is_skip:
        await toast(callback, owner.texts.label("Skipped."))
    if card is None:
        await redraw(callback, Screen(lines(owner.texts.tag, reply(owner.texts, answer))))
    elif not answer.is_ok and open_card(owner.engine, intent) is not None:
        note = reply(owner.texts, answer)
        token = await issued(card, owner)
        await redraw(callback, cards.proposal(owner.texts, card, owner.engine.params(), token, owner.now_ms, note))
    else:
        await redraw(callback, _receipt(card, answer, asked, owner.texts))


async def _is_old(callback: CallbackQuery, owner: Owner) -> None:
    """A spent, expired or foreign card: say so, and show the one that is open now, or else where things stand."""
    await toast(callback, owner.texts.label("This card is old; here is the current one."))
    engine = owner.engine
    opened = next((desk.proposal for desk in engine.view().desks.values() if desk.proposal is not None), None)
    token = await issued(opened, owner) if opened is not None else ""
    if opened is not None and token:
        await show_below(callback, cards.proposal(owner.texts, opened, engine.params(), token, owner.now_ms))
    else:
        await show_below(callback, panel.panel(owner.texts, engine.view(), engine.params(), owner.now_ms))


def _receipt(card: Proposed, answer: Reply, asked: Asked, texts: Texts) -> Screen:
    """What the card becomes; the engine's notice of its end says the same."""
    end = ENDS.get(answer.code, ProposalEnd.EXPIRED)
    note = reply(texts, answer) if answer.code is ReplyCode.PRICE_MOVED else None
    who = "" if end is ProposalEnd.EXPIRED else asked.who
    return cards.receipt(texts, card.symbol, end, card.ruling, answer.refusals, asked.time_ms, note, who=who)


def _is_theirs(record: dict[str, Any], owner: Owner) -> bool:
    return "intent_id" in record and record["user"] == owner.user and record["chat"] == owner.chat


def open_card(engine: EngineControl, intent_id: str) -> Proposed | None:
    """A proposal that still waits, by its intent."""
    cards_open = (desk.proposal for desk in engine.view().desks.values())
    return next((card for card in cards_open if card is not None and card.intent_id == intent_id), None)
