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
    """The line's other end. `write` gives an owner's alert for a notice, `unworded` one where that fails."""

    def __init__(
        self,
        line: Line,
        owners: Owners,
        sender: Sender,
        write: Callable[[int, Notice], Awaitable[Alert]],
        unworded: Callable[[Notice], Alert],
    ) -> None:
        self.said = 0
        self._line = line
        self._owners = owners
        self._sender = sender
        self._write = write
        self._unworded = unworded

    async def run(self) -> None:
        """Say until cancelled: in each chat on its own, so that one which must be silent keeps nothing from the others."""
        await self._owners.are_known.wait()
        async with asyncio.TaskGroup() as group:
            for chat in sorted(self._owners.ids):
                group.create_task(self._tell(chat))

    async def _tell(self, chat: int) -> None:
        while True:
            notice = await self._line.next(chat)
            await self._say(chat, notice, await self._written(chat, notice))
            self._line.told(notice, chat, self._owners.ids)

    async def _written(self, chat: int, notice: Notice) -> Alert:
        try:
            alert = await self._write(chat, notice)
        except Exception:  # a fault in one text must not keep all others from the owner
            logger.exception("no words for %s", type(notice).__name__)
            return self._unworded(notice)
        return alert._replace(name="", edits="", follows="", outdates="")

    async def _say(self, chat: int, notice: Notice, alert: Alert) -> None:
        pause_s = FIRST_PAUSE_S
        while notice in self._line:  # the store may have taken it back
            try:
                await self._sender.send(chat, alert)
                self.said += 1
                return
            except PASSING as error:
                logger.warning("an alert waits for Telegram (%s)", type(error).__name__)
            except (TelegramAPIError, StoreDown) as error:
                logger.error("an alert was given up: %s", type(error).__name__)
                return
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
