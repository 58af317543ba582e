"""How fast the bot may speak in one chat: about a message a second with a small burst, and silence while Telegram asks for it.

Every call to Telegram passes here, so answers and alerts share one budget; a 429 is waited out and the call repeated. An
edit that would change nothing is not sent at all.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final, cast

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramRetryAfter
from aiogram.methods import EditMessageText, Response, SendChatAction, SendMessage, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Message

PER_S: Final = 0.95  # a little slower than Telegram's own clock
BURST: Final = 4.0
LONGEST_ATTEMPTS: Final = 5
ROOM_FOR_ALERTS: Final = 2.0
REMEMBERED: Final = 500  # messages
FREE: Final = ("GetUpdates", "AnswerCallbackQuery", "SetMyCommands", "GetMe", "DeleteWebhook")


class Bucket:
    """What may still be said in one chat."""

    def __init__(self, now_s: float) -> None:
        self.left = BURST
        self.filled_s = now_s
        self.closed_until_s = 0.0

    def wait_s(self, now_s: float, room: float = 1.0) -> float:
        """How long until there is room for so many."""
        self.left = min(BURST, self.left + (now_s - self.filled_s) * PER_S)
        self.filled_s = now_s
        closed_s = max(0.0, self.closed_until_s - now_s)
        return max(closed_s, (room - self.left) / PER_S if self.left < room else 0.0)

    def take(self) -> None:
        self.left -= 1.0


class Pace(BaseRequestMiddleware):
    """The budget of every chat, as a middleware of the bot's session."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[int, Bucket] = {}
        self._shown: dict[tuple[int, int], int] = {}  # chat and message -> what was last drawn there, as a hash
        self.waits = 0

    def wait_s(self, chat: int) -> float:
        """How long an alert has to wait in this chat; room for an answer to the owner's next word is left."""
        return self._bucket(chat).wait_s(self._clock(), ROOM_FOR_ALERTS)

    async def __call__(
        self, make_request: NextRequestMiddlewareType[TelegramType], bot: Bot, method: TelegramMethod[TelegramType]
    ) -> Response[TelegramType]:
        """Wait for room, call, and wait again where Telegram says so."""
        chat: Any = getattr(method, "chat_id", None)
        if not isinstance(chat, int) or isinstance(method, SendChatAction) or type(method).__name__ in FREE:
            return await make_request(bot, method)
        if isinstance(method, EditMessageText) and self._shown.get((chat, method.message_id or 0)) == look(method):
            return cast(Response[TelegramType], True)
        if isinstance(message := getattr(method, "message_id", None), int):
            self._shown.pop((chat, message), None)  # until the answer is here nobody knows what it shows
        answer = await self._in_turn(make_request, bot, method, self._bucket(chat))
        self._remember(chat, method, answer)
        return answer

    async def _in_turn(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
        bucket: Bucket,
    ) -> Response[TelegramType]:
        for attempt in range(1, LONGEST_ATTEMPTS + 1):
            while (wait_s := bucket.wait_s(self._clock())) > 0:  # noqa: ASYNC110  # time alone makes room
                await asyncio.sleep(wait_s)
            bucket.take()
            try:
                return await make_request(bot, method)
            except TelegramRetryAfter as too_fast:
                self.waits += 1
                bucket.closed_until_s = self._clock() + too_fast.retry_after
                if attempt == LONGEST_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _remember(self, chat: int, method: object, answer: object) -> None:
        """Keep what a message shows now."""
        if isinstance(method, EditMessageText) and method.message_id:
            self._shown[chat, method.message_id] = look(method)
        elif isinstance(method, SendMessage) and isinstance(answer, Message):
            self._shown[chat, answer.message_id] = look(method)
        while len(self._shown) > REMEMBERED:
            del self._shown[next(iter(self._shown))]

    def _bucket(self, chat: int) -> Bucket:
        return self._buckets.setdefault(chat, Bucket(self._clock()))


def look(method: SendMessage | EditMessageText) -> int:
    """What a message looks like: its words and its buttons."""
    buttons = method.reply_markup.model_dump_json() if method.reply_markup is not None else ""
    return hash((method.text, buttons))
