"""What is still to be saved. Nothing that was owed is forgotten while the store is away; it goes with the next save."""

import logging
from collections.abc import Callable
from typing import Final

from engine.model.messages import Outcome
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.ports import Store, StoreDown

NOTICES_LIMIT: Final = 10_000
RULINGS_LIMIT: Final = 10_000

logger = logging.getLogger(__name__)


class Owed:
    """Collects outcomes and saves them whole."""

    def __init__(self, store: Store) -> None:
        self.store_is_up = True
        self._store = store
        self._is_changed = False
        self._rulings: list[Ruling] = []
        self._notices: list[Notice] = []
        self._trades: list[Trade] = []

    def add(self, outcome: Outcome) -> None:
        """Owe what an outcome wants kept. The oldest notices and rulings go when a store stays away for very long."""
        self._is_changed = self._is_changed or outcome.changed
        self._rulings += outcome.rulings
        self._notices += outcome.notices
        self._trades += outcome.trades
        del self._notices[:-NOTICES_LIMIT]
        del self._rulings[:-RULINGS_LIMIT]

    async def save(self, state: Callable[[], SavedState]) -> bool:
        """Save it all; False where the store did not confirm."""
        if not (self._is_changed or self._rulings or self._notices or self._trades):
            return self.store_is_up
        try:
            await self._store.save(state() if self._is_changed else None, self._rulings, self._notices, self._trades)
        except StoreDown as error:
            if self.store_is_up:
                logger.error("the store did not confirm a save: %s", error)
            self.store_is_up = False
            return False
        self._is_changed, self.store_is_up = False, True
        self._rulings, self._notices, self._trades = [], [], []
        return True
