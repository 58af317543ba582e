"""What is still to be saved, and whether the store takes it. Nothing that was owed is forgotten while the store is away.

Saving has a turn of its own: the loop adds and goes on, whoever needs a confirmation waits for it. What a long outage
left goes in portions that fit through a slow link in time: in one piece it would be given up for ever.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final, NamedTuple

from engine.model.messages import Outcome
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.ports import Store, StoreDown

NOTICES_LIMIT: Final = 10_000
RULINGS_LIMIT: Final = 10_000
PORTION: Final = 100  # rulings, and as many notices, that one save takes along: 0.1 MB, in time also at 1 MB/s
RETRY_S: Final = 0.5  # between attempts while the store is away

logger = logging.getLogger(__name__)


class _Batch(NamedTuple):
    """What one save takes along."""

    is_changed: bool
    rulings: list[Ruling]
    notices: list[Notice]
    trades: list[Trade]

    @property
    def is_empty(self) -> bool:
        return not (self.is_changed or self.rulings or self.notices or self.trades)

    @property
    def portions(self) -> int:
        """How many saves it takes."""
        return -(-max(len(self.rulings), len(self.notices), 1) // PORTION)

    def split(self) -> tuple["_Batch", "_Batch"]:
        """What the next save takes along, the oldest first, and the rest. The memory and the trades never wait."""
        now = self._replace(rulings=self.rulings[:PORTION], notices=self.notices[:PORTION])
        return now, _Batch(False, self.rulings[PORTION:], self.notices[PORTION:], [])


class Owed:
    """Collects outcomes and saves them whole. `changed` hears when the store goes and comes, with what it said."""

    def __init__(self, store: Store, state: Callable[[], SavedState], changed: Callable[[bool, str], None]) -> None:
        self.store_is_up = True
        self.is_apart = False  # the memory was not read yet: nothing there is overwritten
        self._store = store
        self._state = state
        self._told = changed
        self._batch = _Batch(False, [], [], [])
        self._turn = asyncio.Lock()
        self._saves = set[asyncio.Task[bool]]()
        self._is_fresh = asyncio.Event()
        self._is_saving = False

    def add(self, outcome: Outcome) -> None:
        """Owe what an outcome wants kept. The oldest notices and rulings go when a store stays away for very long."""
        more = _Batch(outcome.changed, [*outcome.rulings], [*outcome.notices], [*outcome.trades])
        if not more.is_empty:
            self._batch = _joined(self._batch, more)
            self._is_fresh.set()

    def forget(self) -> None:
        """A recovery begins again: what the one before found is found and told anew."""
        self._batch = _Batch(False, [], [], [])

    def drop_trades(self) -> None:
        """Forget the trades: a memory that is read later closes the books on them itself."""
        self._batch = self._batch._replace(trades=[])

    @property
    def is_waiting(self) -> bool:
        """Whether something is on its way into a store that takes it."""
        return self.store_is_up and (self._is_saving or not self._batch.is_empty)

    async def keep(self) -> None:
        """Save what is owed, again and again where the store is away, until cancelled."""
        while True:
            await self._is_fresh.wait()
            if self.is_apart or not await self.save():
                await asyncio.sleep(RETRY_S)
            elif self._batch.is_empty:
                self._is_fresh.clear()

    async def save(self) -> bool:
        """Save it all; False where the store did not confirm. Whoever is cut off while waiting cuts off no write: what it
        took along would be written twice.
        """
        saving = asyncio.create_task(self._saved())
        self._saves.add(saving)
        saving.add_done_callback(self._over)
        return await asyncio.shield(saving)

    def _over(self, saving: asyncio.Task[bool]) -> None:
        self._saves.discard(saving)
        if not saving.cancelled() and (error := saving.exception()) is not None:
            logger.error("a save ended with %r", error)

    async def _saved(self) -> bool:
        async with self._turn:
            for _ in range(self._batch.portions):  # what comes meanwhile is the next one's
                if self.is_apart:
                    return False
                if self._batch.is_empty and self.store_is_up:
                    return True
                if not await self._save():
                    return False
            return True

    def failed(self, detail: str) -> None:
        """The store does not answer, as somebody else found out. What is owed is tried until it does."""
        self._is_fresh.set()
        if self.store_is_up:
            logger.error("the store is away: %s", detail)
            self.store_is_up = False
            self._told(False, detail)

    def came_back(self) -> None:
        """It confirms again."""
        if not self.store_is_up:
            logger.warning("the store is back")
            self.store_is_up = True
            self._told(True, "")

    async def _save(self) -> bool:
        taken, self._batch = self._batch.split()
        self._is_saving, is_done = True, False
        try:
            state = self._state() if taken.is_changed else None
            await self._store.save(state, taken.rulings, taken.notices, taken.trades)
            is_done = True
        except StoreDown as error:
            self.failed(str(error))
            return False
        finally:
            self._is_saving = False
            if not is_done:
                self._batch = _joined(taken, self._batch)
        self.came_back()
        return True


def _joined(first: _Batch, then: _Batch) -> _Batch:
    return _Batch(
        first.is_changed or then.is_changed,
        (first.rulings + then.rulings)[-RULINGS_LIMIT:],
        (first.notices + then.notices)[-NOTICES_LIMIT:],
        first.trades + then.trades,
    )
