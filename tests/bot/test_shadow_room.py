"""The shadow's room: beside a live engine that it never touches, over restarts, and with a word to the owner once a week."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from bot.shadow import WEEK_MS, ShadowRoom
from bot.shadow_memory import ShadowMemory
from bot.shadow_trader import ShadowTrader
from bot.tap import TappedFeed
from engine.model.events import FeedRestored, Route
from engine.model.notices import Notice
from engine.model.past import NotMeasured
from engine.model.shadow import ShadowCompared
from engine.ports import StoreDown
from tests.bot.shadow_world import BARS, PLAN, of_bar, settle
from tests.engine.runner_house import House, a_house, running
from tests.engine.trader.rising import WARMUP


class Kept:
    """The store's part for shadows, switched off and on."""

    def __init__(self) -> None:
        self.texts: dict[str, bytes] = {}
        self.is_up = True

    async def load(self) -> dict[str, bytes]:
        self._reach()
        return dict(self.texts)

    async def save(self, texts: Mapping[str, bytes]) -> None:
        self._reach()
        self.texts.update(texts)

    async def clear(self) -> None:
        self._reach()
        self.texts.clear()

    def _reach(self) -> None:
        if not self.is_up:
            raise StoreDown("switched off")


class Rooms:
    """A live engine that never trades, and the shadow's room beside it."""

    def __init__(self, house: House, kept: Kept) -> None:
        self.house = house
        self.kept = kept
        self.tap = TappedFeed(house.feed)
        self.told = list[Notice]()
        self.room = ShadowRoom(house.runner, self.tap, house.store, kept, house.clock)  # type: ignore[arg-type]  # a fake
        self.room.tell = self.told.append

    async def hear(self, begin: int, end: int) -> None:
        """Both hear the same market."""
        for number in range(begin, end):
            for event in of_bar(BARS[number], BARS[number + 1], self.house.clock):
                self.house.runner.post(event)
                if self.tap.ear is not None:
                    self.tap.ear.hear(event)
            await settle()


@asynccontextmanager
async def rooms(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rooms]:
    monkeypatch.setattr("bot.shadow.FOLLOW_S", 0.001)
    house = a_house()
    async with running(house):
        for route in Route:
            house.runner.post(FeedRestored(route, 0, house.runner.trader.time_ms, house.clock.now))
        await house.settle()
        found = Rooms(house, kept)
        for route in (Route.PUBLIC, Route.MARKET):
            found.tap.delivering[route] = FeedRestored(route, 0, house.runner.trader.time_ms, house.clock.now)
        task = asyncio.create_task(found.room.run())
        await settle()
        try:
            yield found
            assert not task.done(), task.exception()
        finally:
            task.cancel()
            await asyncio.wait([task])


async def until(condition: Any) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110  # anything may be waited for
            await asyncio.sleep(0.001)


async def test_the_live_broker_is_never_asked_while_the_shadow_trades(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rooms(Kept(), monkeypatch) as both:
        await both.room.begin({"activation_threshold": 0.15})
        await until(lambda: both.tap.ear is not None)
        await until(lambda: len(both.kept.texts) > 0)
        before = list(both.house.diary)
        await both.hear(WARMUP, 200)
        await until(lambda: len(both.room._memory.closed if both.room._memory else ()) > 0)

        found = await both.room.compared()

    assert found is not None
    assert found.shadow.trades > 0
    assert found.live.trades == 0
    assert found.changes == (("activation_threshold", 0.15),)
    assert not [line for line in both.house.diary[len(before) :] if line in ("signed", "sent", "placed")]


async def test_it_is_there_again_after_a_restart_until_it_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    async with rooms(kept, monkeypatch) as first:
        await first.room.begin({"activation_threshold": 0.15})
        await until(lambda: "state" in kept.texts)
        await first.room.close()

    async with rooms(kept, monkeypatch) as second:
        assert second.room.plan is not None
        assert second.room.plan.changes == (("activation_threshold", 0.15),)
        await until(lambda: second.tap.ear is not None)
        assert await second.room.stop()
        await until(lambda: second.tap.ear is None)
        assert not await second.room.stop()

    async with rooms(kept, monkeypatch) as third:
        assert third.room.plan is None


async def test_damaged_memory_costs_the_shadow_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Kept()
    kept.texts = {"plan": b"{broken"}

    async with rooms(kept, monkeypatch) as both:
        assert both.room.plan is None
        assert both.house.runner.is_ready()


async def test_a_store_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.shadow.LOAD_AGAIN_S", 0.001)
    kept = Kept()
    kept.texts = ShadowMemory(PLAN).texts()
    kept.is_up = False

    async with rooms(kept, monkeypatch) as both:
        assert both.room.plan is None
        kept.is_up = True
        await until(lambda: both.room.plan == PLAN)
        kept.is_up = False
        with pytest.raises(StoreDown):
            await both.room.stop()


async def test_settings_that_cannot_be_begin_no_shadow(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rooms(Kept(), monkeypatch) as both:
        with pytest.raises(NotMeasured):
            await both.room.begin({"macd_fast": 90.0})

        assert both.room.plan is None


async def test_it_follows_the_live_settings_in_everything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rooms(Kept(), monkeypatch) as both:
        await both.room.begin({"activation_threshold": 0.15})
        await until(lambda: both.tap.ear is not None)
        live = both.house.runner.trader

        live.retune(live.params._replace(adx_minimum=33.0))
        market = both.tap.ear
        shadows = [one for one in gc.get_objects() if type(one) is ShadowTrader]  # a dead proxy of a test has no class to ask
        runners = [one for one in shadows if one.market is market]
        await until(lambda: runners[0].runner.trader.params.adx_minimum == 33.0)

        assert runners[0].runner.trader.params.activation_threshold == 0.15


async def test_once_a_week_the_owner_is_told_how_both_compare(monkeypatch: pytest.MonkeyPatch) -> None:
    async with rooms(Kept(), monkeypatch) as both:
        await both.room.begin({"activation_threshold": 0.15})
        await until(lambda: both.tap.ear is not None)
        memory = both.room._memory
        assert memory is not None
        assert not both.told

        memory.plan = replace(memory.plan, told_ms=memory.plan.told_ms - WEEK_MS)
        await until(lambda: both.told)
        await asyncio.sleep(0.01)

    (notice,) = both.told
    assert isinstance(notice, ShadowCompared)
    assert notice.comparison.changes == (("activation_threshold", 0.15),)
