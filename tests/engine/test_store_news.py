"""An absence of the store is one, however many faults make it up: told once when it lasts, and once when all is well."""

import asyncio

import pytest

from engine.model.commands import Panic
from engine.model.machine_notices import StoreCameBack, StoreWentAway
from engine.model.notices import Notice
from engine.store_news import StoreNews
from tests.engine.runner_house import a_house, running
from tests.engine.runner_parts import SetClock
from tests.engine.test_store_outage import looked


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    monkeypatch.setattr("engine.store_news.WORTH_A_WORD_S", 0)


async def turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_two_faults_that_are_both_over_at_once_are_worth_no_word() -> None:
    said = list[Notice]()
    news = StoreNews(SetClock(), lambda: 7, said.append)

    news.went("the store")
    news.went("the file")
    news.came()
    await turns()

    assert said == []


async def test_a_fault_on_top_of_another_is_told_with_it() -> None:
    said, clock = list[Notice](), SetClock()
    news = StoreNews(clock, lambda: 7, said.append)

    news.went("the store")
    await turns()
    clock.now += 5_000
    news.went("the file")
    await turns()
    news.came()

    assert said == [StoreWentAway("the store", 7), StoreCameBack(5_000, 7)]


@pytest.mark.parametrize("first", ["store", "file"])
async def test_the_owner_hears_that_all_is_well_when_store_and_file_both_are(first: str) -> None:
    async with running(a_house()) as house:
        house.store.is_up, house.file.is_full = False, True
        house.runner.store_failed("gone")
        await house.control.ask(Panic(house.control.asked("7")))
        await house.settle()
        assert len(house.told(StoreWentAway)) == 1

        house.store.is_up, house.file.is_full = first == "store", first == "store"
        await looked(house, 1)
        assert not house.told(StoreCameBack)

        house.store.is_up, house.file.is_full = True, False
        await looked(house, 1)
        assert len(house.told(StoreCameBack)) == 1
