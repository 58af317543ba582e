"""The store as the runner sees it, with an ear for one thing: that another process took the store over."""

import asyncio
from collections.abc import Sequence

from engine.adapters.redis_store import RedisStore
from engine.adapters.redis_writer import Fenced
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling


class WatchedStore:
    """Fulfils `Store`. `was_fenced` is set when a newer process writes: this one must stop at once."""

    def __init__(self, store: RedisStore) -> None:
        self.was_fenced = asyncio.Event()
        self._store = store

    async def load(self) -> SavedState | None:
        """Read the saved state."""
        return await self._store.load()

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Read closed trades."""
        return await self._store.trades(since_ms)

    async def save(
        self,
        state: SavedState | None,
        rulings: Sequence[Ruling],
        notices: Sequence[Notice],
        trades: Sequence[Trade],
    ) -> None:
        """Save, and notice a newer writer."""
        try:
            await self._store.save(state, rulings, notices, trades)
        except Fenced:
            self.was_fenced.set()
            raise
