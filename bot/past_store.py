"""Says what came over the line to every owner, with nothing but Telegram: no store, no names of messages."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from aiogram.exceptions import TelegramAPIError

from bot.line import Line
from bot.outbox import PASSING
from bot.owners import Owners
from bot.sending import Sender
from engine.model.notices import Notice
from engine.ports import StoreDown
from handlers.ui.alerts import Alert

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0

logger = logging.getLogger(__name__)


class PastStore:
    """The line's other end. `write` gives an owner's alert for a notice."""

    def __init__(self, line: Line, owners: Owners, sender: Sender, write: Callable[[int, Notice], Awaitable[Alert]]) -> None:
        self.said = 0
        self._line = line
        self._owners = owners
        self._sender = sender
        self._write = write

    async def run(self) -> None:
        """Say until cancelled."""
        await self._owners.are_known.wait()
        while True:
            notice = await self._line.next()
            for chat in sorted(self._owners.ids):
                await self._say(chat, notice)
            self._line.done(notice)

    async def _say(self, chat: int, notice: Notice) -> None:
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                alert = await self._write(chat, notice)
                await self._sender.send(chat, alert._replace(name="", edits="", follows="", outdates=""))
                self.said += 1
                return
            except PASSING as error:
                logger.warning("an alert waits for Telegram (%s)", type(error).__name__)
            except (TelegramAPIError, StoreDown) as error:
                logger.error("an alert was given up: %s", type(error).__name__)
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
