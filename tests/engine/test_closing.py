"""The engine's end: what is owed is written once, and what blocks entries is told although a process ended over it."""

import asyncio
from typing import Any

import pytest

from engine import runner
from engine.model.messages import Outcome
from engine.model.notices import LatchCause, LatchSet
from engine.model.view import Brakes, LatchView
from engine.owed import PORTION
from tests.engine.adapters.saved_values import a_ruling
from tests.engine.runner_house import a_house, running
from tests.engine.test_store_outage import a_saved_state

LATCH = LatchView(LatchCause.DRAWDOWN, 0.2, 0.1, 5)


async def test_a_save_that_the_end_cut_off_is_not_made_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    house = a_house()
    await house.runner.recover()
    running = asyncio.create_task(house.runner.run())
    await house.settle()
    house.store.hang, write = asyncio.Event(), house.store.save

    async def written(*parts: Any) -> None:
        await asyncio.shield(write(*parts))  # a real store, too, ends what it has begun

    monkeypatch.setattr(house.store, "save", written)
    house.runner._owed.add(Outcome(notices=(LatchSet(LatchCause.DRAWDOWN, 0.2, 0.1, 7),)))
    await house.settle()

    running.cancel()
    closing = asyncio.create_task(house.runner.close())
    await house.settle()
    house.store.hang.set()
    await asyncio.wait({running, closing})

    assert len(house.told(LatchSet)) == 1


async def test_the_end_saves_a_backlog_of_rulings_whole() -> None:
    house = a_house()
    await house.runner.recover()
    house.runner._owed.add(Outcome(rulings=(a_ruling(),) * (2 * PORTION + 1)))

    await house.runner.close()

    assert len(house.store.rulings) == 2 * PORTION + 1


async def test_a_latch_that_only_its_file_remembers_is_told() -> None:
    house = a_house(brakes=Brakes(LATCH))

    await house.runner.recover()

    assert [notice.cause for notice in house.told(LatchSet) if isinstance(notice, LatchSet)] == [LatchCause.DRAWDOWN]


async def test_past_a_store_that_is_away_a_latch_is_told_once_however_often_recovery_begins_again() -> None:
    house = a_house(brakes=Brakes(LATCH))
    house.runner.alarm = house.phone
    house.store.is_readable = house.store.is_up = False

    for _ in range(3):
        await house.runner.recover()

    assert len(house.told(LatchSet)) == 1


async def test_at_the_end_the_account_is_looked_at_again_while_anything_is_in_flight(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Found by the thousand kills: at the end no stream tells of executions any more (seed 7100)."""
    monkeypatch.setattr(runner, "LOOK_AT_ACCOUNT_S", 0.0)
    house = a_house(await a_saved_state())
    async with running(house):
        house.broker.hang = asyncio.Event()
        await house.bars_until_entry()
        await house.settle()
        house.diary.clear()

        closing = asyncio.create_task(house.runner.close())
        async with asyncio.timeout(2):
            while house.diary.count("account read") < 2:  # noqa: ASYNC110  # the exchange knows no events
                await asyncio.sleep(0.01)
        house.broker.hang.set()
        await closing
