"""What is still to be saved, and whether the store takes it. Nothing that was owed is forgotten while the store is away.

Saving has a turn of its own: the loop adds and goes on, whoever needs a confirmation waits for it. What a long outage
left goes in portions that fit through a slow link in time: in one piece it would be given up for ever. Of the rulings one
portion goes a turn, for nobody waits for those; the memory is never saved ahead of the notices of what it holds.
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
PORTION: Final = 100  # rulings that one save takes along: 0.1 MB, in time also at 1 MB/s
NOTICES_PORTION: Final = 500  # as much once more; hardly ever are more owed
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

    def split(self) -> tuple["_Batch", "_Batch"]:
        """What the next save takes along, the oldest first, and the rest. Memory and trades go with the last of the notices:
        a kill in between has some told again, where the other way round they would never be.
        """
        notices, later = self.notices[:NOTICES_PORTION], self.notices[NOTICES_PORTION:]
        now = _Batch(False, self.rulings[:PORTION], notices, [])
        rest = _Batch(False, self.rulings[PORTION:], later, [])
        if later:
            return now, rest._replace(is_changed=self.is_changed, trades=self.trades)
        return now._replace(is_changed=self.is_changed, trades=self.trades), rest


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
        """Save all but a backlog of rulings; False where the store did not confirm. Whoever is cut off while waiting cuts
        off no write: what it took along would be written twice.
        """
        saving = asyncio.create_task(self._saved())
        self._saves.add(saving)
        saving.add_done_callback(self._over)
        return await asyncio.shield(saving)

    async def finish(self) -> None:
        """Save the backlog, too, as far as the store takes it."""
        while await self.save() and not self._batch.is_empty:
            pass

    def _over(self, saving: asyncio.Task[bool]) -> None:
        self._saves.discard(saving)
        if not saving.cancelled() and (error := saving.exception()) is not None:
            logger.error("a save ended with %r", error)

    async def _saved(self) -> bool:
        async with self._turn:
            if self._batch.is_empty and self.store_is_up and not self.is_apart:
                return True
            is_last = False
            while not is_last:
                if self.is_apart:
                    return False
                taken, self._batch = self._batch.split()
                is_last = not self._batch.notices
                if not await self._save(taken):
                    return False
            self.came_back()
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

    async def _save(self, taken: _Batch) -> bool:
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
        return True


def _joined(first: _Batch, then: _Batch) -> _Batch:
    return _Batch(
        first.is_changed or then.is_changed,
        (first.rulings + then.rulings)[-RULINGS_LIMIT:],
        (first.notices + then.notices)[-NOTICES_LIMIT:],
        first.trades + then.trades,
    )
