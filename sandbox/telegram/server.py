"""The Bot API: opens one port on loopback for the bot (`/bot<token>/...`) and for the people (the chat page, /chat/...)."""

import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from sandbox.telegram.call import MAX_BODY
from sandbox.telegram.chat_api import ChatApi, only_loopback, totals
from sandbox.telegram.config import OWNER_ID, Addresses, BotApiConfig
from sandbox.telegram.desk import Desk
from sandbox.telegram.person import Person
from sandbox.telegram.transcript import Event
from sandbox.telegram.wire import Wire

__all__ = ["OWNER_ID", "Addresses", "BotApi", "BotApiConfig"]

CLOSING_S = 0.1  # polls that wait are simply ended


class BotApi:
    """A Bot API for one bot. Its people can be played from here, over HTTP, or by hand on the page."""

    def __init__(self, config: BotApiConfig, clock: Callable[[], float] = time.time) -> None:
        self.config = config
        self.desk = Desk(config, clock)
        self.person = Person(self.desk)
        self._runner: web.AppRunner | None = None

    async def start(self) -> Addresses:
        """Open the port. Raises `OSError` where it is taken."""
        app = web.Application(client_max_size=MAX_BODY, middlewares=[only_loopback])
        app.router.add_route("*", "/bot{token:[^/]+}/{method}", Wire(self.desk).serve)
        app.add_routes(ChatApi(self.desk, self.person).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=CLOSING_S)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.config.host, self.config.port)
        await site.start()
        root = f"http://{self.config.host}:{self._runner.addresses[0][1]}"
        return Addresses(root, f"{root}/", self.config.token)

    async def close(self) -> None:
        """Close the port; the transcript stays readable."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def counts(self) -> dict[str, int]:
        """Count messages, edits, callbacks, texts of people, and errors (every answer that was a refusal)."""
        return totals(self.desk)

    def errors(self) -> dict[str, int]:
        """Count refusals by method."""
        return dict(self.desk.errors)

    def transcript(self, since: int = 0, user_id: int | None = None) -> list[Event]:
        """Give what happened after a sequence number, in one user's chat or in all."""
        return self.desk.transcript.since(since, user_id)

    async def news(self, since: int, user_id: int | None, wait_s: float) -> list[Event]:
        """Give what happened after a sequence number; wait a while for the first where that is nothing."""
        return await self.desk.transcript.wait(since, user_id, wait_s)

    def send(self, text: str, *, user_id: int = OWNER_ID, reply_to: int | None = None) -> dict[str, Any]:
        """Write as a user."""
        return self.person.send(user_id, text, reply_to)

    async def press(
        self, message_id: int, data: str, *, user_id: int = OWNER_ID, wait_s: float = 0.0, stale: bool = False
    ) -> dict[str, Any] | None:
        """Press a button as a user; give the bot's answer where it comes in time. Raises `Impossible`."""
        query = self.person.press(user_id, message_id, data, stale=stale)
        return await self.person.answer_to(query, wait_s) if wait_s > 0 else None
