"""Lets the market wait for the bot: it goes on only when the bot's health page says that everything sent has settled.

A bot that is dead, or that has a card open, holds the market, unless told otherwise. Heartbeats go on.
"""

import asyncio
import time
from typing import Any, Final

import aiohttp

from sandbox.exchange.config import VenueConfig
from sandbox.exchange.hub import Hub
from sandbox.exchange.ledger import Ledger

WAIT_MS: Final = 2_000
ASK_TIMEOUT_S: Final = 10.0
ASK_AGAIN_S: Final = 0.05
DEAD_PAUSE_S: Final = 0.2


class Follower:
    """Asks the health page. `holding` says in a few words why the market stands, empty while it runs."""

    def __init__(self, config: VenueConfig, hub: Hub, ledger: Ledger) -> None:
        self._config = config
        self._hub = hub
        self._ledger = ledger
        self._session: aiohttp.ClientSession | None = None
        self._released = asyncio.Event()
        self._released.set()
        self._reached_s = time.monotonic()
        self.holding = ""
        self.rounds = 0

    def hold(self) -> None:
        """Stop the market by hand before its next step."""
        self._released.clear()

    def resume(self) -> None:
        """Let it go on."""
        self._released.set()

    @property
    def is_held(self) -> bool:
        """Whether somebody holds the market by hand."""
        return not self._released.is_set()

    async def close(self) -> None:
        """Let go of the connection to the page."""
        if self._session is not None:
            await self._session.close()

    async def released(self, reason: str) -> None:
        """Wait while the market is held by hand."""
        if self.is_held:
            self.holding = reason
            await self._released.wait()
            self.holding = ""

    async def settled(self) -> None:
        """Wait until the bot has settled all that was sent, and nothing new came from it meanwhile."""
        await self.released("held by hand")
        if not self._config.follow_url:
            await asyncio.sleep(0)
            return
        self._reached_s = time.monotonic()
        while True:
            marks, writes = self._hub.event_marks(), self._writes()
            answer = await self._ask(marks)
            self.rounds += 1
            if answer is not None:
                self._reached_s = time.monotonic()
                self.holding = self._reason(answer)
                if not self.holding and (marks, writes) == (self._hub.event_marks(), self._writes()):
                    break
            elif self._has_given_up():
                break
            if self.holding:
                await asyncio.sleep(ASK_AGAIN_S if answer is not None else DEAD_PAUSE_S)
        self.holding = ""
        await self.released("held by hand")

    def _reason(self, answer: dict[str, Any]) -> str:
        if not answer.get("ready"):
            return f"the bot is not ready ({answer.get('phase', '?')})"
        if not answer.get("settled"):
            return "the bot has not settled"
        if self._config.wait_for_cards and answer.get("cards_open"):
            return "a card is open"
        return ""

    def _has_given_up(self) -> bool:
        self.holding = "the bot does not answer"
        limit = self._config.dead_bot_timeout_s
        return limit is not None and time.monotonic() - self._reached_s > limit

    def _writes(self) -> int:
        """Count the requests that changed something: an order in flight will bring news that is not here yet."""
        return self._ledger.writes

    async def _ask(self, marks: dict[str, int]) -> dict[str, Any] | None:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ASK_TIMEOUT_S))
        params = {"wait_ms": WAIT_MS, **marks}
        try:
            async with self._session.get(self._config.follow_url, params=params) as response:
                answer = await response.json(content_type=None)
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return None
        return answer if isinstance(answer, dict) else None
