"""The engine's answers to wishes, in words with their numbers."""

from collections.abc import Callable, Mapping
from typing import Final

from engine.model.messages import Reply, ReplyCode
from handlers.ui.language import Texts, marked
from handlers.ui.markup import Html, lines
from handlers.ui.refusals import refusal

WORDING: Final = {
    ReplyCode.DONE: marked("✅ Done."),
    ReplyCode.ALREADY: marked("✅ Already so, nothing to do."),
    ReplyCode.SENT: marked("📤 Sent; the result follows."),
    ReplyCode.UNKNOWN_SYMBOL: marked("{symbol} is not traded here."),
    ReplyCode.UNKNOWN_NAME: marked("There is no setting called {name}."),
    ReplyCode.OUT_OF_RANGE: marked("⛔ Not changed: {name} cannot be that."),
    ReplyCode.NO_SUCH_POSITION: marked("This position is no longer open. Nothing was sent."),
    ReplyCode.NO_SUCH_PROPOSAL: marked("This proposal is over. Nothing was sent."),
    ReplyCode.NO_SUCH_QUESTION: marked("This question is over: it was answered, or its position is gone. Nothing was changed."),
    ReplyCode.NOT_OURS: marked("⛔ Not done: you said to leave this position alone."),
    ReplyCode.TOO_LATE: marked("⌛ Too late: the card has expired. Nothing was sent."),
    ReplyCode.PRICE_MOVED: marked(
        "⛔ Not entered: the price moved {seen} ATR to {price}, at most {needed} is allowed. Nothing is open."
    ),
    ReplyCode.CHECKS_FAILED: marked("⛔ Not entered: a check no longer holds. Nothing is open."),
    ReplyCode.WOULD_LOOSEN: marked("⛔ Not moved: at {price} the entry is no better stop than {stop}. Your stop stays."),
    ReplyCode.TOO_SMALL: marked("⛔ Not sent: too small, the smallest order here is {needed}."),
    ReplyCode.LATCHED: marked("🔒 The latch is set: no entries until you lift it with /latch."),
    ReplyCode.NOT_READY: marked("⏳ Not now: the engine is still busy with the exchange. Try again in a moment."),
    ReplyCode.STORE_DOWN: marked("⚠ The memory store is unreachable: entries are held, exits and stops go on."),
}
DONE_WITH: Final = {
    "latched": marked("Trading is on, but the latch still blocks entries: /latch"),
    "who": marked("It was answered by {who}."),
}
WRITERS: Final[Mapping[str, Callable[[Texts, float], str]]] = {
    "seen": lambda texts, value: texts.numbers.fixed(value, 2),
    "needed": lambda texts, value: texts.numbers.short(value, 4),
    "price": lambda texts, value: texts.numbers.price(value),
    "stop": lambda texts, value: texts.numbers.price(value),
    "entry": lambda texts, value: texts.numbers.price(value),
}
MISSING: Final = dict.fromkeys((*WRITERS, "symbol", "name"), "–")


def reply(texts: Texts, answer: Reply) -> Html:
    """What became of a wish, and why."""
    values = {**MISSING, **{name: _written(texts, name, value) for name, value in answer.values.items()}}
    return lines(
        texts.say(WORDING[answer.code], **values),
        *(f"⛔ {refusal(texts, refused)}" for refused in answer.refusals),
        *(texts.say(words, **values) for name, words in DONE_WITH.items() if answer.values.get(name)),
    )


def _written(texts: Texts, name: str, value: float | int | str) -> str:
    if isinstance(value, str):
        return value
    write = WRITERS.get(name)
    return write(texts, value) if write else texts.numbers.short(value, 4)
