"""What raises risk is asked twice: a second tap, or a code where one is set or real money is traded. Lowering risk never is.

A wish that is held back waits under a token, for this user in this chat, for two minutes. Codes are deleted once read.
"""

from typing import Any, Final

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from engine.model.commands import (
    AnswerOutside,
    Asked,
    Command,
    DecisionMode,
    OutsideChoice,
    ResetLatch,
    SetMode,
    StartTrading,
    Tune,
    TuneAll,
)
from engine.model.messages import Reply, ReplyCode
from engine.params import read
from handlers.chat import delete, redraw, show
from handlers.owner import Owner
from handlers.ports import Users
from handlers.ui import outside, shadows, steering, tuning
from handlers.ui.callbacks import Agree
from handlers.ui.counted import rulings_of_all
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, lines
from handlers.ui.replies import reply
from handlers.ui.screen import Screen

WAIT_S: Final = 120
ASKED: Final = "asked"  # the user's value that holds the token of the wish waiting for a code
QUESTION: Final = {
    "run": marked("▶ Start trading?"),
    "unlatch": marked("🔓 Lift the latch, so that entries are possible again?"),
    "mode": marked("🤝 Let the bot enter by itself, without asking you?"),
}

type Wish = StartTrading | ResetLatch | SetMode | Tune | TuneAll | AnswerOutside
type Record = dict[str, Any]


class AwaitsCode(Filter):
    """A plain text while a wish of this user waits for its code."""

    async def __call__(self, message: Message, users: Users) -> bool | dict[str, Any]:
        """Give the handler the token."""
        if message.from_user is None or not message.text or message.text.startswith("/"):
            return False
        token = await users.get_value(message.from_user.id, ASKED)
        return {"token": token} if token else False


def router() -> Router:
    """Agreeing by a tap, and by a code."""
    own = Router(name="consent")
    own.callback_query.register(agreed, Agree.filter())
    own.message.register(code_read, AwaitsCode())
    return own


async def hold_back(wish: Wish, owner: Owner) -> Screen:
    """Ask before a wish is granted: for a second tap, or for the code."""
    question = _question(wish, owner)
    if owner.texts.is_live and not owner.factor.is_configured:
        return steering.no_code_set(owner.texts, question)
    record = _record(wish) | {"user": owner.user, "chat": owner.chat}
    is_fresh = not owner.factor.is_configured or await owner.factor.is_fresh(owner.user)
    with_motto = owner.texts.is_live and isinstance(wish, StartTrading)
    if is_fresh and not with_motto:
        return steering.second_tap(owner.texts, question, await owner.tokens.issue(record | {"by": "tap"}, WAIT_S))
    by = "motto" if with_motto and is_fresh else "motto and code" if with_motto else "code"
    await owner.users.set_value(owner.user, ASKED, await owner.tokens.issue(record | {"by": by}, WAIT_S))
    return steering.code_wanted(owner.texts, question, with_motto, is_fresh)


async def agreed(callback: CallbackQuery, callback_data: Agree, owner: Owner) -> None:
    """The second tap."""
    record = await owner.tokens.peek(callback_data.token)
    if record is None or record.get("by") != "tap" or not _is_of(record, owner):
        await callback.answer(owner.texts.label("This question is over. Please ask again."))
        return
    await callback.answer()
    if await owner.tokens.claim(callback_data.token) is None:
        return
    await redraw(callback, Screen(await granted(record, owner)))


async def code_read(message: Message, token: str, owner: Owner) -> None:
    """The code, and before real money the motto. A wrong one may be tried again until the wish expires."""
    assert message.text is not None, "the filter looked"
    await delete(message)
    record = await owner.tokens.peek(token)
    if record is None or not _is_of(record, owner):
        await owner.users.set_value(owner.user, ASKED, "")
        await show(message, Screen(owner.texts.say("This question is over. Please ask again.")))
        return
    if owner.is_late(message):
        await show(message, Screen(owner.texts.say("⛔ This came late, so it does not count. Send it again, or /cancel.")))
        return
    if not await _is_proved(record.get("by", ""), message.text.split(), owner):
        await show(message, Screen(owner.texts.say("⛔ That is not it. Try again, or /cancel.")))
        return
    await owner.users.set_value(owner.user, ASKED, "")
    if await owner.tokens.claim(token) is not None:
        await show(message, Screen(await granted(record, owner)))


async def granted(record: Record, owner: Owner) -> Html:
    """Ask the engine for the wish, and say what came of it."""
    wish = _wish(record, owner.asked())
    return lines(owner.texts.tag, told(owner, wish, await owner.ask(wish)))


def told(owner: Owner, wish: Command, answer: Reply) -> Html:
    """The engine's answer; a change of a tunable with both values, and what it means for the shadow."""
    said = _answered(owner.texts, wish, answer)
    if not isinstance(wish, Tune | TuneAll) or answer.code is not ReplyCode.DONE:
        return said
    names = {wish.name} if isinstance(wish, Tune) else {name for name, _ in wish.changes}
    plan, params = owner.engine.shadow.plan, owner.engine.params()
    is_promoted = (
        plan is not None
        and not names.isdisjoint(dict(plan.changes))
        and all(read(params, name) == value for name, value in plan.changes)
    )
    return lines(said, shadows.is_real(owner.texts) if is_promoted else None)


def _answered(texts: Texts, wish: Command, answer: Reply) -> Html:
    if isinstance(wish, Tune) and answer.code is ReplyCode.DONE and "before" in answer.values:
        return tuning.changed(texts, wish.name, float(answer.values["before"]), float(answer.values["after"]))
    if isinstance(wish, TuneAll) and answer.code is ReplyCode.DONE:
        return lines(*(tuning.set_to(texts, name, value) for name, value in wish.changes))
    return reply(texts, answer)


def _question(wish: Wish, owner: Owner) -> Html:
    if isinstance(wish, Tune):
        before, rulings = read(owner.engine.params(), wish.name), rulings_of_all(owner.engine)
        return tuning.question(owner.texts, wish.name, before, wish.value, rulings)
    if isinstance(wish, TuneAll):
        params = owner.engine.params()
        return lines(*(tuning.question(owner.texts, name, read(params, name), value, ()) for name, value in wish.changes))
    if isinstance(wish, AnswerOutside):
        desks = owner.engine.view().desks.values()
        asked = (desk.symbol for desk in desks if desk.position and desk.position.question_id == wish.question_id)
        return outside.forget_question(owner.texts, next(asked, ""))
    return owner.texts.say(QUESTION[_record(wish)["wish"]])


async def _is_proved(by: str, words: list[str], owner: Owner) -> bool:
    if by.startswith("motto"):
        if not words or words[0].upper() != steering.MOTTO:
            return False
        words = words[1:]
    return by == "motto" or (len(words) == 1 and await owner.factor.verify(owner.user, words[0]))


def _is_of(record: Record, owner: Owner) -> bool:
    return bool(record["user"] == owner.user and record["chat"] == owner.chat)


def _record(wish: Wish) -> Record:
    match wish:
        case StartTrading():
            return {"wish": "run"}
        case ResetLatch():
            return {"wish": "unlatch", "set_ms": wish.set_ms}
        case SetMode():
            return {"wish": "mode", "mode": wish.mode.value}
        case AnswerOutside():
            return {"wish": "outside", "choice": wish.choice.value, "question_id": wish.question_id}
        case Tune():
            return {"wish": "tune", "name": wish.name, "value": wish.value}
        case TuneAll():
            return {"wish": "tunes", "changes": [list(change) for change in wish.changes]}


def _wish(record: Record, asked: Asked) -> Wish:
    match record["wish"]:
        case "run":
            return StartTrading(asked)
        case "unlatch":
            return ResetLatch(record.get("set_ms", 0), asked)
        case "mode":
            return SetMode(DecisionMode(record["mode"]), asked)
        case "outside":
            return AnswerOutside(record["question_id"], OutsideChoice(record["choice"]), asked)
        case "tunes":
            return TuneAll(tuple((name, float(value)) for name, value in record["changes"]), asked)
        case _:
            return Tune(record["name"], float(record["value"]), asked)
