"""Faults of Telegram and of who writes there: 2E."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import AnswerCallbackQuery, EditMessageReplyMarkup, EditMessageText, SendMessage, TelegramMethod

from tests.storm.owner import Owner
from tests.storm.weather import Act, ChatFate, Fault, OnChat

if TYPE_CHECKING:
    from tests.storm.world import World

type Method = TelegramMethod[Any]


def _refusing(make: Callable[[Method], TelegramAPIError], *kinds: type[Method]) -> OnChat:
    """Telegram does not take some kinds of request; without kinds, any."""

    def refused(_: "World", method: Method, __: random.Random) -> ChatFate | None:
        return ChatFate(error=make(method)) if not kinds or isinstance(method, kinds) else None

    return refused


def _slow(_: "World", __: Method, chance: random.Random) -> ChatFate:
    return ChatFate(delay_s=chance.choice((0.5, 3.0, 20.0)))


def _by(what: Callable[[Owner], bool]) -> Act:
    return lambda world, _: what(world.owner)


CHAT: Final = [
    Fault(
        "E1",
        "Telegram is away",
        on_chat=_refusing(lambda method: TelegramNetworkError(method=method, message="away")),
        odds=1.0,
        is_dry=True,
    ),
    Fault("E1b", "Telegram is slow", on_chat=_slow, odds=0.5, is_dry=True),
    Fault(
        "E2",
        "Telegram asks for a pause",
        on_chat=_refusing(lambda method: TelegramRetryAfter(method=method, message="Too Many Requests", retry_after=2)),
        is_dry=True,
    ),
    Fault(
        "E3",
        "the owner blocked the bot",
        on_chat=_refusing(lambda method: TelegramForbiddenError(method=method, message="bot was blocked by the user")),
        odds=1.0,
        is_dry=True,
    ),
    Fault("E5", "the newest updates are delivered again", act=_by(Owner.is_heard_again), is_dry=True),
    Fault("E7", "a wish arrives minutes late", act=_by(Owner.says_late), is_dry=True),
    Fault(
        "E11",
        "a tap cannot be answered any more",
        on_chat=_refusing(lambda method: TelegramBadRequest(method=method, message="query is too old"), AnswerCallbackQuery),
        odds=0.7,
        is_dry=True,
    ),
    Fault(
        "E13",
        "a text is refused for its form",
        on_chat=_refusing(lambda method: TelegramBadRequest(method=method, message="can't parse entities"), SendMessage),
        is_dry=True,
    ),
    Fault("E14", "a stranger writes, and presses the owner's button", act=_by(Owner.stranger), is_dry=True),
    Fault("E16", "a stranger writes again and again", act=_by(Owner.flood), is_dry=True),
    Fault("E19", "several wishes in one moment", act=_by(Owner.overtakes), is_dry=True),
    Fault(
        "E20",
        "the bot's token was revoked",
        on_chat=_refusing(lambda method: TelegramUnauthorizedError(method=method, message="Unauthorized")),
        odds=1.0,
        is_dry=True,
    ),
    Fault(
        "E21",
        "a message is gone that is to be edited",
        on_chat=_refusing(
            lambda method: TelegramBadRequest(method=method, message="message to edit not found"),
            EditMessageText,
            EditMessageReplyMarkup,
        ),
        odds=0.7,
        is_dry=True,
    ),
]
