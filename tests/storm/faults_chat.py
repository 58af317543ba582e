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


def _refusing(error: type[TelegramAPIError], text: str, *kinds: type[Method], **more: int) -> OnChat:
    """Telegram does not take some kinds of request; without kinds, any."""

    def refused(_: "World", method: Method, __: random.Random) -> ChatFate | None:
        is_hit = not kinds or isinstance(method, kinds)
        return ChatFate(error=error(method=method, message=text, **more)) if is_hit else None

    return refused


def _slow(_: "World", __: Method, chance: random.Random) -> ChatFate:
    return ChatFate(delay_s=chance.choice((0.5, 3.0, 20.0)))


def _by(what: Callable[[Owner], bool]) -> Act:
    return lambda world, _: what(world.owner)


AWAY: Final = _refusing(TelegramNetworkError, "away")
PAUSE: Final = _refusing(TelegramRetryAfter, "Too Many Requests", retry_after=2)
BLOCKED: Final = _refusing(TelegramForbiddenError, "bot was blocked by the user")
TOO_OLD: Final = _refusing(TelegramBadRequest, "query is too old", AnswerCallbackQuery)
BAD_FORM: Final = _refusing(TelegramBadRequest, "can't parse entities", SendMessage)
REVOKED: Final = _refusing(TelegramUnauthorizedError, "Unauthorized")
GONE: Final = _refusing(TelegramBadRequest, "message to edit not found", EditMessageText, EditMessageReplyMarkup)

CHAT: Final = [
    Fault("E1", "Telegram is away", on_chat=AWAY, odds=1.0, is_dry=True),
    Fault("E1b", "Telegram is slow", on_chat=_slow, odds=0.5, is_dry=True),
    Fault("E2", "Telegram asks for a pause", on_chat=PAUSE, is_dry=True),
    Fault("E3", "the owner blocked the bot", on_chat=BLOCKED, odds=1.0, is_dry=True),
    Fault("E5", "the newest updates are delivered again", act=_by(Owner.is_heard_again), is_dry=True),
    Fault("E7", "a wish arrives minutes late", act=_by(Owner.says_late), is_dry=True),
    Fault("E11", "a tap cannot be answered any more", on_chat=TOO_OLD, odds=0.7, is_dry=True),
    Fault("E13", "a text is refused for its form", on_chat=BAD_FORM, is_dry=True),
    Fault("E14", "a stranger writes, and presses the owner's button", act=_by(Owner.stranger), is_dry=True),
    Fault("E16", "a stranger writes again and again", act=_by(Owner.flood), is_dry=True),
    Fault("E19", "several wishes in one moment", act=_by(Owner.overtakes), is_dry=True),
    Fault("E20", "the bot's token was revoked", on_chat=REVOKED, odds=1.0, is_dry=True),
    Fault("E21", "a message is gone that is to be edited", on_chat=GONE, odds=0.7, is_dry=True),
]
