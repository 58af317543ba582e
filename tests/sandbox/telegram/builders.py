"""A Bot API with a clock of its own, and aiogram as its client: the same client that the product uses."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from aiohttp import ClientSession

from sandbox.telegram.server import Addresses, BotApi, BotApiConfig

OWNER = 1


class QuickSession(AiohttpSession):
    """aiogram's session; closing it does not wait a quarter of a second for TLS that is not there."""

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


@dataclass
class HandClock:
    """A clock that moves when it is told to."""

    now_s: float = 1_767_225_600.0

    def __call__(self) -> float:
        return self.now_s


@dataclass
class Line:
    """Everything that a test needs: the Bot API, a bot on it, plain HTTP, and the clock."""

    api: BotApi
    bot: Bot
    http: ClientSession
    clock: HandClock
    addresses: Addresses

    def texts(self) -> list[str]:
        """Give the texts that the owner's screen shows now."""
        chat = self.api.desk.chats.chats[OWNER]
        return [message.get("text") or message.get("caption") or "" for message in chat.messages.values()]

    def kinds(self) -> list[str]:
        """Give what happened, in order."""
        return [str(event["kind"]) for event in self.api.transcript()]


@asynccontextmanager
async def a_line(*, is_started: bool = True, **changes: Any) -> AsyncIterator[Line]:
    """Open a Bot API whose owner has pressed START already, unless told otherwise."""
    clock = HandClock()
    api = BotApi(BotApiConfig(owner_has_started=is_started, **changes), clock)
    addresses = await api.start()
    http = ClientSession()
    bot = a_bot(addresses, addresses.token)
    try:
        yield Line(api, bot, http, clock, addresses)
    finally:
        await bot.session.close()
        await http.close()
        await api.close()


def a_bot(addresses: Addresses, token: str) -> Bot:
    """Make an unmodified aiogram bot that talks to the Bot API."""
    return Bot(token, session=QuickSession(api=TelegramAPIServer.from_base(addresses.api_root)))


def keys(*data: str) -> InlineKeyboardMarkup:
    """Make one row of buttons."""
    return InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text=one[:8], callback_data=one) for one in data]])
