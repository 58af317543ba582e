"""The life of the process: from the first look at the account to its end nobody is kept from covering a position."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from bot import living
from bot.ending import CannotStart
from bot.line import Line
from bot.living import _ending, _live
from bot.settings import Mode
from engine.model.events import OrderRejected
from engine.model.orders import ApprovedOrder, Role
from engine.ports import Event
from tests.engine.runner_house import House, a_house
from tests.engine.runner_parts import BarHistory, DiaryBroker, SetClock
from tests.engine.test_store_outage import HELD, a_saved_state


@dataclass
class FakeHouse:
    """A runner that notes when it closes; it is its own venue, watch and schedule."""

    told: list[str] = field(default_factory=list)
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    was_fenced: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def runner(self) -> "FakeHouse":
        return self

    venue = watch = runner

    async def close(self) -> None:
        self.told.append("the engine closed")
        self.closed.set()

    async def close_orders(self) -> None:
        self.told.append("its orders closed")

    def stop(self) -> None:
        self.told.append("the schedule stopped")


async def test_the_engine_closes_while_others_are_still_ending() -> None:
    house: Any = FakeHouse()

    async def slow() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await house.closed.wait()  # would wait for ever if the engine's turn came after it
            house.told.append("a slow one ended")

    async def lives() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(_ending(house, house))
            group.create_task(slow())

    task = asyncio.create_task(lives())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)

    assert house.told == ["the schedule stopped", "the engine closed", "its orders closed", "a slow one ended"]


async def test_a_process_that_was_superseded_leaves_the_rest_to_the_other() -> None:
    house: Any = FakeHouse()
    house.was_fenced.set()
    ending = asyncio.create_task(_ending(house, house))
    await asyncio.sleep(0)

    ending.cancel()
    with suppress(asyncio.CancelledError):
        await ending

    assert house.told == ["the schedule stopped"]


class Stubborn(DiaryBroker):
    """Refuses the first two orders, once it is let; takes the next ones."""

    def __init__(self, diary: list[str], clock: SetClock) -> None:
        super().__init__(diary, clock, positions=(HELD,), lists=True)
        self.calls = 0
        self.refuses = asyncio.Event()

    async def place(self, order: ApprovedOrder) -> Sequence[Event]:
        self.calls += 1
        if self.calls > 2:
            return await super().place(order)
        await self.refuses.wait()
        now = self.clock.now
        return (OrderRejected(order.symbol, order.client_id, -1001, "internal error; unable to process", now, now),)


async def for_ever(*_: object) -> None:
    await asyncio.Event().wait()


async def at_once(*_: object) -> None:
    return


def a_live_house(engine: House, rights: Callable[[], Awaitable[None]]) -> Any:
    """What `_live` asks of a house, around a real engine."""
    return SimpleNamespace(
        runner=engine.runner,
        clock=engine.clock,
        settings=SimpleNamespace(mode=Mode.LIVE, health_port=0, position_check_interval=30.0),
        venue=SimpleNamespace(
            rest=SimpleNamespace(key_rights=rights),
            keep_alive=None,
            feed=SimpleNamespace(market_ms=lambda: engine.clock.now),
            close_orders=at_once,
        ),
        store=SimpleNamespace(equity=SimpleNamespace(note=at_once)),
        shadow=SimpleNamespace(close=at_once, run=for_ever),
        watch=SimpleNamespace(was_fenced=asyncio.Event()),
    )


async def until(engine: House, is_so: Callable[[], bool]) -> None:
    """Let time pass until something is so."""
    async with asyncio.timeout(5):
        while not is_so():
            engine.clock.now += 50
            await asyncio.sleep(0.01)


async def test_a_position_that_the_memory_does_not_know_is_covered_while_the_keys_rights_are_read() -> None:
    engine, asked = a_house(), asyncio.Event()
    engine.broker.positions, engine.broker.lists = (HELD,), True

    async def rights() -> None:
        asked.set()
        await for_ever()

    keeping: Any = SimpleNamespace(run=for_ever, facts=dict)
    task = asyncio.create_task(_live(a_live_house(engine, rights), keeping, Line()))
    await until(engine, asked.is_set)
    await until(engine, lambda: len(engine.broker.placed) >= 2)
    task.cancel()
    await asyncio.wait({task})

    assert {order.role for order in engine.broker.placed} >= {Role.WIDE_STOP, Role.TIGHT_STOP}


async def test_an_end_in_the_midst_of_a_recovery_leaves_no_position_without_its_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = a_house(await a_saved_state(), kind=Stubborn)
    monkeypatch.setattr(BarHistory, "closed_bars", for_ever)  # warming up takes its time
    stubborn = engine.broker
    assert isinstance(stubborn, Stubborn)
    keeping: Any = SimpleNamespace(run=for_ever, facts=dict)
    task = asyncio.create_task(_live(a_live_house(engine, at_once), keeping, Line()))
    await until(engine, lambda: stubborn.calls == 2)

    task.cancel()
    await asyncio.sleep(0)
    stubborn.refuses.set()
    await until(engine, task.done)

    assert engine.runner.phase == "recovering"
    assert {order.role for order in stubborn.placed} >= {Role.WIDE_STOP, Role.TIGHT_STOP}
    assert "saved" not in engine.diary  # half a recovery is no memory


async def test_a_page_that_cannot_be_opened_ends_the_process_only_after_the_recovery(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def taken(*_: object) -> None:
        raise CannotStart("HEALTH_PORT: taken")

    monkeypatch.setattr(living, "open_health_page", taken)
    monkeypatch.setattr(living, "PAGE_AFTER_S", 0.0)
    engine = a_house(await a_saved_state())
    house = a_live_house(engine, at_once)
    house.settings.health_port = 1
    keeping: Any = SimpleNamespace(run=for_ever, facts=dict)

    task = asyncio.create_task(_live(house, keeping, Line()))
    await until(engine, task.done)

    with pytest.raises(CannotStart):
        await task
    assert engine.runner.phase == "running"


async def test_rights_that_nobody_answers_for_are_waited_for_some_seconds_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Until then nobody compares the account: what is opened by hand meanwhile would lie bare."""
    monkeypatch.setattr(living, "RIGHTS_WITHIN_S", 0.01)
    venue: Any = SimpleNamespace(rest=SimpleNamespace(key_rights=for_ever))

    async with asyncio.timeout(5):
        await living._key_is_safe(venue)
