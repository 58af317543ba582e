"""A symbol that the exchange does not list, mistyped or gone: everything else runs, the owner knows, no memory is lost."""

from dataclasses import replace

import pytest

from engine.model.events import RulesLoaded
from engine.model.notices import OutsideChange
from engine.model.saved import SavedState
from tests import builders
from tests.engine.runner_house import House, a_house, running
from tests.engine.runner_parts import BarHistory
from tests.engine.test_store_outage import comes_back
from tests.engine.trader.world import SYMBOL, rules

GONE = "GONEUSDT"
REMEMBERED = replace(builders.a_desk(holding=builders.a_holding()), symbol=GONE)


def a_state() -> SavedState:
    return SavedState("test", builders.an_account(), {GONE: REMEMBERED})


def told(house: House) -> list[tuple[str, str]]:
    changes = [notice for notice in house.told(OutsideChange) if isinstance(notice, OutsideChange)]
    return [(change.symbol, change.what) for change in changes]


async def test_the_others_are_traded_and_the_owner_is_told() -> None:
    async with running(a_house(unlisted=(GONE,))) as house:
        assert house.runner.is_ready()
        assert set(house.runner.trader.desks) == {SYMBOL}
        assert told(house) == [(GONE, "not_listed")]
        assert house.runner.trader.view().unlisted == (GONE,)


async def test_what_is_remembered_of_it_outlives_a_start_and_is_taken_up_when_it_is_listed_again() -> None:
    async with running(a_house(a_state(), unlisted=(GONE,))) as house:
        assert house.store.state is not None
        remembered = house.store.state.desks[GONE].holding
        assert remembered is not None
        assert remembered.quantity == builders.a_holding().quantity

        house.runner.post(RulesLoaded(rules(GONE), house.runner.trader.time_ms, house.clock.now))
        await house.settle()

        assert house.runner.trader.desks[GONE].memory.holding is not None
        assert house.runner.trader.view().unlisted == ()


async def test_a_start_without_a_single_symbol_that_can_be_traded_says_so() -> None:
    house = a_house(unlisted=(GONE,))
    history = house.runner._recovery.history
    assert isinstance(history, BarHistory)
    history.unlisted = (GONE, SYMBOL)

    with pytest.raises(LookupError):
        await house.runner.recover()


async def test_a_memory_that_can_be_read_again_is_taken_over_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.owed.RETRY_S", 0)
    monkeypatch.setattr("engine.runner.LOAD_AGAIN_S", 0)
    house = a_house(a_state(), unlisted=(GONE,))
    house.store.is_up = house.store.is_readable = False
    async with running(house):
        await comes_back(house)

        assert not house.runner.is_apart
        assert set(house.runner.trader.desks) == {SYMBOL}
        assert house.runner.trader.state().desks[GONE].holding is not None
