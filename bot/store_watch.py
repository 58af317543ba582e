"""The store as the engine sees it: taken over and read when it can be, listened to, and told when it went.

Taking it over is part of reading it, so that a store that was away at the start is joined by asking again. A memory that
lost something latches entries, in the file that the engine reads next.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from engine.adapters import local_files
from engine.adapters.local_files import SequenceFile
from engine.adapters.redis_store import RedisStore
from engine.adapters.redis_writer import Fenced
from engine.model.notices import LatchCause, Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.ports import BrakesFile, Clock, StateDamaged, StoreDown
from engine.state.latch import set_by, strictest

BEAT_S: Final = 0.6  # with the budget of one write: entries are held within a second of the store's end
OTHERS_ENTRIES_S: Final = 5.0  # so long an entry of the process before may still arrive at the exchange

logger = logging.getLogger(__name__)


class WatchedStore:
    """Fulfils `Store`. `was_fenced` is set when a newer process writes: this one must stop at once.

    `met_another` hears for how long entries of a process elsewhere, which had the store before, may still be on their way.
    """

    def __init__(self, store: RedisStore, folder: Path, clock: Clock) -> None:
        self.was_fenced = asyncio.Event()
        self.met_another: Callable[[float], None] = _nobody
        self._store = store
        self._folder = folder
        self._clock = clock
        self._sequence = SequenceFile(folder)
        self._is_taken = False
        self._is_asked = False  # an attempt whose answer is lost may have taken it: the next one finds ourselves there
        self._unkept: list[Callable[[], None]] = []  # what the folder did not take yet: it comes before all else

    async def take(self) -> None:
        """Become the store's only writer, once. Raises `StoreDown`."""
        self._keep()
        if self._is_taken:
            await self._listened(self._store.beat())
            return
        for doubt in await self._store.check():
            logger.warning(doubt)
        is_unsure, self._is_asked = self._is_asked, True
        taken = await self._store.take_epoch()
        self._is_taken = True
        if taken.from_elsewhere or is_unsure:
            logger.warning("another process had the store before, or may have: no entries for %g s", OTHERS_ENTRIES_S)
            self.met_another(OTHERS_ENTRIES_S)
        if self._sequence.has_lost_tail(taken.seq):
            self._lost("the store knows less than this machine does", lambda: self._sequence.note(taken.seq))

    async def load(self) -> SavedState | None:
        """Read the saved state. Damage is latched, then set aside and done without. Raises `StoreDown`, `StateUnreadable`."""
        await self.take()
        try:
            return await self._store.load()
        except StateDamaged as error:
            self._lost(str(error))
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
        await self._listened(self._store.save(state, rulings, notices, trades))

    async def load_books(self) -> dict[str, Any] | None:
        """Read the paper exchange's books: this mode's own, so the store is taken first."""
        await self.take()
        return await self._store.load_books()

    async def save_books(self, books: dict[str, Any]) -> None:
        """Save the paper exchange's books."""
        await self._listened(self._store.save_books(books))

    async def watch(self, failed: Callable[[str], None]) -> None:
        """Feel the store's pulse until cancelled: also an idle process notices that it is gone, or somebody else's."""
        await felt(self._beaten, failed)

    async def _beaten(self) -> None:
        if self._is_taken:
            await self._listened(self._store.beat())

    async def _listened(self, call: Any) -> None:
        try:
            await call
        except Fenced:
            self.was_fenced.set()
            raise

    def _lost(self, what: str, *then: Callable[[], None]) -> None:
        """No entries after a memory was lost, until the owner looked. Raises `StoreDown` as long as that cannot be kept."""
        logger.error("%s: entries are latched", what)
        self._unkept += [lambda: latch_lost(local_files.BrakesFile(self._folder), self._clock.now_ms()), *then]
        self._keep()

    def _keep(self) -> None:
        """Write into the folder what is owed to it: a loss that is not latched there would be forgotten by the next attempt."""
        while self._unkept:
            try:
                self._unkept[0]()
            except OSError as error:
                raise StoreDown(f"a lost memory could not be noted in the data folder: {error.strerror}") from error
            del self._unkept[0]


async def felt(beat: Callable[[], Awaitable[None]], failed: Callable[[str], None]) -> None:
    """Ask for a beat again and again until cancelled; `failed` hears of each that did not come."""
    while True:
        await asyncio.sleep(BEAT_S)
        try:
            await beat()
        except StoreDown as error:
            failed(str(error))


def latch_lost(file: BrakesFile, now_ms: int) -> None:
    """No entries after a memory was lost, until the owner looked."""
    kept, lost = file.read(), set_by(LatchCause.LOST_STATE, 0.0, 0.0, now_ms)
    file.write(replace(kept, latch=strictest(kept.latch, lost)))


def _nobody(_: float) -> None:
    return None
