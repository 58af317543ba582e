"""What outlives a process: the store's writes one by one, the file beside it, the sequence. And a store that can fail."""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from bot.store_watch import latch_lost
from engine.adapters.codec import decode, encode
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.model.view import NO_BRAKES, Brakes
from engine.ports import StoreDown

if TYPE_CHECKING:
    from tests.storm.machine import Machine

BUDGET_S: Final = 0.25
REPEATS: Final = 50  # so far back a write may be repeated


class Disk:
    """Writes are frozen values, so that they are kept as they are; they go through the codec when they are read."""

    def __init__(self) -> None:
        self.writes: list[tuple[SavedState | None, tuple[Notice, ...], tuple[Trade, ...]]] = []
        self.brakes = NO_BRAKES
        self.noted = 0  # the sequence file: how many journal entries this machine knows of
        self.cuts = 0

    @property
    def was_cut(self) -> bool:
        """Whether writes were ever lost."""
        return self.cuts > 0

    @property
    def journalled(self) -> int:
        """How many writes hold an entry that may exist."""
        return sum(_has_entry(state) for state, _, _ in self.writes)

    def state(self) -> SavedState | None:
        """The newest state that was written."""
        newest = next((state for state, _, _ in reversed(self.writes) if state is not None), None)
        return None if newest is None else decode(encode(newest), SavedState)

    def trades(self) -> list[Trade]:
        """All closed trades, oldest first."""
        return [trade for _, _, trades in self.writes for trade in trades]

    def notices(self) -> list[Notice]:
        """Everything that was to be told."""
        return [notice for _, notices, _ in self.writes for notice in notices]

    def append(self, state: SavedState | None, notices: Sequence[Notice], trades: Sequence[Trade]) -> None:
        """Write. A write that is repeated, because nobody heard that it was done, is done once, as the real store sees to."""
        known = [trade for _, _, done in self.writes[-REPEATS:] for trade in done]
        self.writes.append((state, tuple(notices), tuple(trade for trade in trades if trade not in known)))

    def cut(self, writes: int) -> None:
        """The newest writes never reached the platter."""
        if writes and self.writes:
            del self.writes[-writes:]
            self.cuts += 1


def _has_entry(state: SavedState | None) -> bool:
    return state is not None and any(desk.entry is not None for desk in state.desks.values())


class StormStore:
    """Fulfils `Store` for one process."""

    def __init__(self, machine: "Machine") -> None:
        self._machine = machine
        self._disk = machine.world.disk

    async def load(self) -> SavedState | None:
        """Read the newest state. What only the sequence file knows was lost: latched, as the product does it."""
        await self._passes("load")
        if self._disk.noted > self._disk.journalled:
            latch_lost(StormBrakesFile(self._disk), self._machine.clock.now_ms())
            self._disk.noted = self._disk.journalled
        return self._disk.state()

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Read closed trades, newest first."""
        await self._passes("trades")
        return [trade for trade in reversed(self._disk.trades()) if trade.exit_time_ms >= since_ms]

    async def save(
        self,
        state: SavedState | None,
        rulings: Sequence[Ruling],
        notices: Sequence[Notice],
        trades: Sequence[Trade],
    ) -> None:
        """Write all of it, or fail with or without effect."""
        name = "journal" if _has_entry(state) else "save"
        await self._machine.point(f"{name}:before")
        fate = self._machine.world.weather.store()
        await asyncio.sleep(min(fate.delay_s, BUDGET_S))
        if fate.is_done:
            self._disk.append(state, notices, trades)
            self._disk.noted += name == "journal"
        if fate.delay_s > BUDGET_S or not fate.is_done:
            raise StoreDown("the store did not answer in time")
        await self._machine.point(f"{name}:after")

    async def beat(self) -> None:
        """A sign of life."""
        fate = self._machine.world.weather.store()
        await asyncio.sleep(min(fate.delay_s, BUDGET_S))
        if fate.delay_s > BUDGET_S or not fate.is_done:
            raise StoreDown("the store did not answer")

    async def _passes(self, name: str) -> None:
        await self._machine.point(f"{name}:before")
        fate = self._machine.world.weather.store()
        await asyncio.sleep(min(fate.delay_s, BUDGET_S))
        if fate.delay_s > BUDGET_S or not fate.is_done:
            raise StoreDown("the store did not answer")
        await self._machine.point(f"{name}:after")


class StormBrakesFile:
    """Fulfils `BrakesFile` on the disk."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def read(self) -> Brakes:
        """What the file remembers."""
        return self._disk.brakes

    def write(self, brakes: Brakes) -> None:
        """Remember it."""
        self._disk.brakes = brakes
