"""A memory that can be read again is read beside the loop: an exchange that is slow to answer keeps no exit waiting."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from engine.model.commands import Panic
from engine.model.messages import Errand, FetchFills, SyncAccount
from engine.model.orders import Role
from engine.ports import Event
from tests.engine.runner_house import House, running
from tests.engine.runner_parts import DiaryBroker
from tests.engine.test_store_outage import HELD, a_saved_state, comes_back, looked, without_store


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    monkeypatch.setattr("engine.runner.LOAD_AGAIN_S", 0)


class SlowReads(DiaryBroker):
    """Answers orders at once, and reads of one kind only when it is let."""

    slow: type[Errand] | None = None

    def __post_init__(self) -> None:
        self.let = asyncio.Event()

    async def run(self, errand: Errand) -> Sequence[Event]:
        if self.slow is not None and isinstance(errand, self.slow):
            await self.let.wait()
        return await super().run(errand)


def slowly(house: House) -> SlowReads:
    """The same house at an exchange whose reads can be slow."""
    house.broker.__class__ = SlowReads
    assert isinstance(house.broker, SlowReads)
    house.broker.__post_init__()
    return house.broker


@pytest.mark.parametrize("slow", [SyncAccount, FetchFills])
async def test_a_panic_leaves_at_once_though_the_memory_is_being_joined_by_slow_reads(slow: type[Errand]) -> None:
    saved = await a_saved_state()
    desk = next(iter(saved.desks.values()))
    saved = replace(saved, desks={desk.symbol: replace(desk, last_fill_ms=1)})
    house = without_store(saved)
    broker = slowly(house)
    broker.positions, broker.lists = (HELD,), True
    async with running(house):
        await looked(house)
        broker.slow = slow
        await comes_back(house)

        asking = asyncio.create_task(house.control.ask(Panic(house.control.asked("7"))))
        await house.settle()

        assert Role.EXIT in {order.role for order in broker.placed}
        broker.let.set()
        await asking
        await house.settle()
        assert not house.runner.is_apart
