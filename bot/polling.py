"""Fetches updates and has them handled. Each is confirmed once it was handled, or after a short while where answers are slow.

Another program with the same token is told apart from a network that fails: the engine trades on in both cases.
"""

import asyncio
import logging
from typing import Any, Final, Protocol

from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import GetUpdates
from aiogram.types import Update
from pydantic import ValidationError

TOKEN_REFUSED: Final = (TelegramUnauthorizedError, TelegramNotFound)  # the latter is what a token of a wrong shape gets
WANTED: Final = ["message", "callback_query"]
LONG_POLL_S: Final = 20
ANSWER_WITHIN_S: Final = 35
HANDLED_WITHIN_S: Final = 0.5  # then the next words are fetched: a panic does not wait for slow answers
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 30.0
CONFLICT_PAUSE_S: Final = 15.0
CONFLICTS_BEARABLE: Final = 3  # our own last question, of before a restart, may conflict once
WEBHOOKS_BEARABLE: Final = 2  # taken off since the start: whoever sets a third one is at work, and goes on setting them
REFUSED_PAUSE_S: Final = 60.0

logger = logging.getLogger(__name__)


class Keeper(Protocol):
    """Who is told how the chat stands: open, refused (the token), away, taken (somebody else listens)."""

    chat: str

    async def other_poller(self, conflicts: int) -> None:
        """Another program listens with this token, and goes on doing so."""


class Polling:
    """The ear."""

    def __init__(self, bot: Bot, dispatcher: Dispatcher, keeper: Keeper) -> None:
        self._keeper = keeper
        self._conflicts = 0
        self._webhooks_taken_off = 0
        self._pause_s = FIRST_PAUSE_S
        self._bot = bot
        self._dispatcher = dispatcher
        self._offset: int | None = None
        self._at_work = set[asyncio.Task[None]]()

    async def run(self) -> None:
        """Listen until cancelled."""
        try:
            while True:
                try:
                    updates = await self._fetched()
                    self._pause_s, self._conflicts, self._keeper.chat = FIRST_PAUSE_S, 0, "open"
                except TelegramConflictError as conflict:
                    await (self._met_webhook() if "webhook" in (conflict.message or "").lower() else self._met_another())
                    continue
                except TOKEN_REFUSED:
                    self._keeper.chat = "refused"
                    logger.error("Telegram refuses the token: it was revoked or mistyped (TELEGRAM_BOT_TOKEN)")
                    await asyncio.sleep(REFUSED_PAUSE_S)
                    continue
                except TelegramRetryAfter as too_fast:
                    await asyncio.sleep(too_fast.retry_after)
                    continue
                except TelegramAPIError as error:
                    self._keeper.chat = "away"
                    logger.warning("Telegram cannot be reached (%s); next attempt in %g s", type(error).__name__, self._pause_s)
                    await self._rest()
                    continue
                await self._handle_all(updates)
        finally:
            for task in self._at_work:
                task.cancel()

    async def _met_another(self) -> None:
        """Two that listen take the owner's words from each other: this one gives way, and says so."""
        self._conflicts += 1
        logger.error("another program uses this bot's token: it may take what you write")
        if self._conflicts >= CONFLICTS_BEARABLE:
            await self._keeper.other_poller(self._conflicts)
            await asyncio.Event().wait()
        await asyncio.sleep(CONFLICT_PAUSE_S)

    async def _met_webhook(self) -> None:
        """The token served a program that Telegram calls by itself: while that stands, nobody can ask for updates.

        One that keeps coming back is another program's: what is heard between two of them is no sign that it went away.
        """
        if self._webhooks_taken_off >= WEBHOOKS_BEARABLE:
            self._conflicts = max(self._conflicts, self._webhooks_taken_off)
            await self._met_another()
            return
        self._keeper.chat = "away"
        logger.warning("a webhook takes what you write: it is taken off this token, and what waits is read here")
        try:
            await self._bot.delete_webhook(drop_pending_updates=False)
            self._webhooks_taken_off += 1
        except TelegramAPIError as error:
            logger.warning("the webhook could not be taken away (%s)", type(error).__name__)
        await self._rest()

    async def _rest(self) -> None:
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    async def _fetched(self) -> list[Update]:
        """The next updates. The question for those after them confirms them, so nothing is asked before they were handled."""
        try:
            updates = await self._bot.get_updates(
                offset=self._offset, timeout=LONG_POLL_S, allowed_updates=WANTED, request_timeout=ANSWER_WITHIN_S
            )
            numbers = [update.update_id for update in updates]
        except ClientDecodeError as error:  # one that the library does not know fails the whole batch
            batch = numbered(error.data)
            if not batch:  # `from None`: the error holds what people wrote
                raise TelegramNetworkError(GetUpdates(), "an answer that cannot be read") from None
            read = (self._read(number, raw) for number, raw in batch.items())
            updates, numbers = [update for update in read if update is not None], list(batch)
        if numbers:
            self._offset = max(numbers) + 1
        return updates

    def _read(self, number: int, raw: dict[str, Any]) -> Update | None:
        try:
            return Update.model_validate(raw, context={"bot": self._bot})
        except ValidationError:
            logger.warning("update %d is of a kind that is not known here: it is left out", number)
            return None

    async def _handle_all(self, updates: list[Update]) -> None:
        """Handle a batch side by side; one that takes long does not hold up the others for ever."""
        tasks = [asyncio.create_task(self._handle(update)) for update in updates]
        for task in tasks:
            self._at_work.add(task)
            task.add_done_callback(self._at_work.discard)
        if tasks:
            await asyncio.wait(tasks, timeout=HANDLED_WITHIN_S)

    async def _handle(self, update: Update) -> None:
        try:
            await self._dispatcher.feed_update(self._bot, update)
        except Exception:  # one of the two places: a fault in one answer is not the end of the conversation
            logger.exception("update %d was not answered", update.update_id)


def numbered(answer: object) -> dict[int, dict[str, Any]]:
    """The updates in an answer, by their numbers, as they came; none where it is no such answer."""
    updates = answer.get("result") if isinstance(answer, dict) else None
    known = updates if isinstance(updates, list) else []
    return {one["update_id"]: one for one in known if isinstance(one, dict) and isinstance(one.get("update_id"), int)}
