"""Delivers alerts: read from the store's stream, kept there until Telegram took them, the most urgent first.

Telegram's absence only lets the stream grow. What Telegram refuses for its form is sent as plain text, then given up.
Who was told before the other owners is noted in the store: an owner who cannot be reached must not make it be told twice.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from bot.alerts import Alerts
from bot.owners import Owners
from bot.polling import TOKEN_REFUSED
from bot.queue_of_chat import QueueOfChat, Waiting
from bot.sending import Sender
from engine.adapters.redis_outbox import FROM_START, Outbox, Told
from engine.model.notices import Notice
from engine.ports import StoreDown
from handlers.ui.alerts import Alert

BLOCK_MS: Final = 5_000
STORE_PAUSE_S: Final = 1.0
CHAT_PAUSE_S: Final = 60.0
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
OLD_MS: Final = 600_000  # a silent alert that waited longer is history
PASSING: Final = (TelegramNetworkError, TelegramServerError, TelegramRetryAfter, *TOKEN_REFUSED)

logger = logging.getLogger(__name__)


class Delivery:
    """Delivers to all owners. `heard` wakes up a chat that could not be written to."""

    def __init__(self, outbox: Outbox, alerts: Alerts, owners: Owners, sender: Sender, wait_s: Callable[[int], float]) -> None:
        self.delivered = 0
        self._outbox = outbox
        self._alerts = alerts
        self._owners = owners
        self._sender = sender
        self._wait_s = wait_s
        self._queues: dict[int, QueueOfChat] = {}
        self._open: Counter[str] = Counter()  # notice -> chats that were not told yet
        self._known: list[str] = []  # told to all, not yet forgotten by the store
        self._ahead: list[Told] = []  # told to one before the others, not yet noted in the store
        self._before: frozenset[Told] | None = None  # told by the processes before this one
        self._awake: dict[int, asyncio.Event] = {}
        self._arrived: dict[int, asyncio.Event] = {}

    def heard(self, chat: int) -> None:
        """Somebody spoke: their chat can be written to."""
        if chat in self._awake:
            self._awake[chat].set()

    def waiting(self, chat: int) -> int:
        """How many alerts wait for a chat."""
        return len(self._queues.get(chat, ()))

    async def run(self) -> None:
        """Deliver until cancelled."""
        await self._owners.are_known.wait()
        async with asyncio.TaskGroup() as group:
            for chat in self._owners.ids:
                self._queues[chat] = QueueOfChat()
                self._awake[chat], self._arrived[chat] = asyncio.Event(), asyncio.Event()
                group.create_task(self._deliver(chat))
            await self._read()

    # --- reading ----------------------------------------------------------------------------------------------------

    async def _read(self) -> None:
        after = FROM_START
        while True:
            try:
                await self._told()  # what was told while the store was away would be told again after a restart
                if self._before is None:
                    self._before = await self._outbox.told()
                notices = await self._outbox.next_notices(after, BLOCK_MS)
                if not notices and await self._outbox.is_behind(after):
                    logger.warning("the outbox was begun anew: it is read from its start")
                    after = FROM_START
                for notice_id, notice in notices:
                    needless = [] if self._has(notice_id) else await self._take(notice_id, notice, self._before)
                    after = notice_id  # it is queued: whatever the store does from here on, it is not taken again
                    await self._told(*needless)
            except StoreDown as error:
                logger.warning("the outbox cannot be read: %s", error)
                await asyncio.sleep(STORE_PAUSE_S)

    def _has(self, notice_id: str) -> bool:
        """Whether it is queued, or told and not yet forgotten by the store."""
        return notice_id in self._open or notice_id in self._known

    async def _take(self, notice_id: str, notice: Notice, before: frozenset[Told]) -> list[Told]:
        """Write the alert for each owner who was not told before, and queue it. Returns what need not be told any more."""
        chats = [chat for chat in self._queues if Told(notice_id, chat) not in before]
        written = [(chat, alert) for chat in chats if (alert := await self._written(chat, notice_id, notice)) is not None]
        if not written:
            self._known.append(notice_id)
            return []
        self._open[notice_id] = len(written)
        needless: list[Told] = []
        for chat, alert in written:
            needless += [Told(outdone, chat) for outdone in self._queues[chat].put(alert, notice_id)]
            self._arrived[chat].set()
        return needless

    async def _written(self, chat: int, notice_id: str, notice: Notice) -> Alert | None:
        try:
            alert = await self._alerts.write(chat, notice)
        except StoreDown:
            raise
        except Exception:  # a fault in one text must not keep all others from the owner
            logger.exception("no words for %s", type(notice).__name__)
            alert = self._alerts.unworded(notice)
        age_ms = time.time() * 1_000 - int(notice_id.split("-")[0])
        return None if alert.loudness.is_silent and not alert.name and age_ms > OLD_MS else alert

    async def _told(self, *told: Told) -> None:
        """Count a chat that knows, and note it where others do not; forget a notice that all know."""
        for one in told:
            self._open[one.notice] -= 1
            if self._open[one.notice] > 0:
                self._ahead.append(one)
            else:
                del self._open[one.notice]
                self._known.append(one.notice)
        ahead, known = list(self._ahead), list(self._known)
        await self._outbox.note(ahead)  # first, for a note goes with its notice
        await self._outbox.delivered(known)
        self._ahead = [one for one in self._ahead if one not in ahead]
        self._known = [notice for notice in self._known if notice not in known]

    # --- delivering -------------------------------------------------------------------------------------------------

    async def _deliver(self, chat: int) -> None:
        queue, pause_s = self._queues[chat], FIRST_PAUSE_S
        while True:
            if queue.first() is None:
                self._arrived[chat].clear()
                await self._arrived[chat].wait()
            await asyncio.sleep(self._wait_s(chat))  # what is more urgent may still arrive meanwhile
            one = queue.first()
            if one is None:
                continue
            try:
                await self._sent(chat, one)
                pause_s = FIRST_PAUSE_S
            except StoreDown as error:
                logger.warning("an alert waits for the store: %s", error)
                await asyncio.sleep(STORE_PAUSE_S)
            except PASSING as error:
                logger.warning("Telegram does not take alerts (%s); next attempt in %g s", type(error).__name__, pause_s)
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            except (TelegramForbiddenError, TelegramBadRequest):  # blocked, or no such chat
                await self._sleep_until_heard(chat)

    async def _sent(self, chat: int, one: Waiting) -> None:
        alert, one.is_on_its_way = one.alert, True
        try:
            await self._taken(chat, alert)
        except (TelegramAPIError, StoreDown):
            if one.is_outdated:  # what made it stale tells more: sent again, it would come after that
                await self._done(chat, one)
            raise
        finally:
            one.is_on_its_way = False
        if one.alert is alert or one.is_outdated:
            self.delivered += 1
            await self._done(chat, one)
            return
        one.alert = one.alert._replace(edits=alert.name)  # it changed on its way: now there is something to edit

    async def _taken(self, chat: int, alert: Alert) -> None:
        """Have Telegram take an alert; what it refuses for good is given up."""
        try:
            await self._sender.send(chat, alert)
        except TelegramBadRequest as error:
            if "chat not found" in error.message.lower():
                raise
            logger.error("Telegram refuses an alert for its form; it is given up: %s", error.message)
        except (*PASSING, TelegramForbiddenError):
            raise
        except TelegramAPIError as error:
            logger.error("Telegram refuses an alert; it is given up: %s", type(error).__name__)

    async def _done(self, chat: int, one: Waiting) -> None:
        self._queues[chat].done(one)
        await self._told(*(Told(notice, chat) for notice in one.notices))

    async def _sleep_until_heard(self, chat: int) -> None:
        """The owner has not opened the chat, or blocked the bot: wait until they speak, and look now and then."""
        self._awake[chat].clear()
        try:
            async with asyncio.timeout(CHAT_PAUSE_S):
                await self._awake[chat].wait()
        except TimeoutError:
            return
