"""The end of the process: the engine's comes first, whoever else takes long to close."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from bot.living import _ending


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

    living = asyncio.create_task(lives())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    living.cancel()
    with suppress(asyncio.CancelledError):
        await asyncio.wait_for(living, 5)

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
