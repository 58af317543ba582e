"""What one person says is handled in its order, but nobody waits long for an answer that Telegram makes slow.

A panic must not stand behind a receipt that waits for room in the chat.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from aiogram.fsm.storage.base import BaseEventIsolation, StorageKey

PATIENCE_S: Final = 0.5
MOST_PEOPLE: Final = 1_000


class Turns(BaseEventIsolation):
    """One turn per person; who waited long enough goes ahead."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._turns: dict[StorageKey, asyncio.Lock] = {}

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncGenerator[None, None]:
        """Wait for the turn, a while at most."""
        turn = self._turns.setdefault(key, asyncio.Lock())
        is_mine = await self._taken(turn)
        try:
            yield
        finally:
            if is_mine:
                turn.release()
            if len(self._turns) > MOST_PEOPLE and not turn.locked():
                self._turns.pop(key, None)

    async def close(self) -> None:
        """Forget everybody."""
        self._turns.clear()

    async def _taken(self, turn: asyncio.Lock) -> bool:
        try:
            async with asyncio.timeout(self._patience_s):
                return await turn.acquire()
        except TimeoutError:
            return False
