"""The shadow: it trades other settings on paper beside the live ones, survives a restart, and can reach no exchange."""

import asyncio
import gc
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from types import FunctionType, ModuleType
from typing import Any, Final

import pytest

from bot.shadow import WEEK_MS, ShadowRoom
from bot.shadow_market import ShadowMarket
from bot.shadow_memory import ShadowMemory, remembered
from bot.shadow_trader import ShadowTrader
from bot.tap import TappedFeed
from engine.model.commands import DecisionMode
from engine.model.events import BarClosed, FeedRestored, MarkSeen, PriceSeen, QuoteSeen, Route
from engine.model.market import Bar, PriceWindow
from engine.model.notices import Notice
from engine.model.orders import TriggerBy
from engine.model.past import NotMeasured
from engine.model.shadow import ShadowCompared, ShadowPlan
from engine.model.signals import Sides
from engine.ports import Event, StoreDown
from engine.trader import TraderSetup
from tests.engine.runner_house import House, a_house, running
from tests.engine.runner_parts import SetClock
from tests.engine.trader.rising import EAGER, WARMUP, rising
from tests.engine.trader.world import HOUR, SYMBOL, rules

PLAN: Final = ShadowPlan((("activation_threshold", 0.2),), 0, Decimal(10_000))
BARS: Final = rising(220)


def a_market(clock: SetClock, known: Sequence[Bar] = BARS[:WARMUP]) -> ShadowMarket:
    restored = [FeedRestored(route, 0, known[-1].open_time_ms + HOUR, clock.now) for route in (Route.PUBLIC, Route.MARKET)]
    return ShadowMarket({SYMBOL: rules(SYMBOL)}, {SYMBOL: known}, restored, clock)


def a_shadow(clock: SetClock, memory: ShadowMemory, known: Sequence[Bar] = BARS[:WARMUP]) -> ShadowTrader:
    setup = TraderSetup("test", (SYMBOL,), HOUR, WARMUP, TriggerBy.LAST, EAGER, DecisionMode.CONFIRM)
    return ShadowTrader(setup, "1h", a_market(clock, known), memory, clock)


def of_bar(bar: Bar, following: Bar, clock: SetClock) -> list[Event]:
    """What a feed tells of a bar: its prices, the book around the next open, the close."""
    clock.now += 1_000
    at, now, price = bar.open_time_ms, clock.now, following.open
    return [
        PriceSeen(SYMBOL, bar.close, PriceWindow(bar.open, bar.low, bar.high), at + HOUR - 1, now),
        QuoteSeen(SYMBOL, price * 0.9999, price * 1.0001, at + HOUR, now),
        MarkSeen(SYMBOL, price, 0.0001, at + 8 * HOUR, at + HOUR, now),
        BarClosed(SYMBOL, bar, False, at + HOUR, now),
    ]


async def settle() -> None:
    for _ in range(60):
        await asyncio.sleep(0)


@asynccontextmanager
async def walking(shadow: ShadowTrader) -> AsyncIterator[ShadowTrader]:
    task = asyncio.create_task(shadow.run())
    await settle()
    await shadow.follow(EAGER, {SYMBOL: Sides.BOTH})
    try:
        yield shadow
        assert not task.done(), task
    finally:
        task.cancel()
        await asyncio.wait([task])


async def walk(shadow: ShadowTrader, begin: int, end: int, clock: SetClock) -> None:
    for number in range(begin, end):
        for event in of_bar(BARS[number], BARS[number + 1], clock):
            shadow.market.hear(event)
        await settle()


async def test_it_trades_on_paper_whatever_the_live_mode_is() -> None:
    clock, memory = SetClock(), ShadowMemory(PLAN)
    async with walking(a_shadow(clock, memory)) as shadow:
        await walk(shadow, WARMUP, 200, clock)

    assert memory.closed
    assert all(trade.exit_time_ms and trade.fees > 0 for trade in memory.closed)
    wallet = Decimal(memory.books["wallet"]) if memory.books else Decimal(0)
    held = memory.state.desks[SYMBOL].holding if memory.state else None
    booked = sum((trade.net for trade in memory.closed), Decimal(0))
    if held is None:
        assert wallet == PLAN.wallet + booked


async def test_a_restart_goes_on_with_the_same_position_and_books() -> None:
    clock, memory = SetClock(), ShadowMemory(PLAN)
    async with walking(a_shadow(clock, memory)) as shadow:
        number = WARMUP
        while shadow.runner.trader.desks[SYMBOL].memory.holding is None:
            await walk(shadow, number, number + 1, clock)
            number += 1
        held = shadow.runner.trader.desks[SYMBOL].memory.holding
    again = remembered(memory.texts())
    assert again is not None

    async with walking(a_shadow(clock, again, BARS[: number + 2])) as second:
        after = second.runner.trader.desks[SYMBOL].memory.holding
        assert held is not None
        assert after is not None
        assert after.trade.intent_id == held.trade.intent_id
        assert after.quantity == held.quantity
        assert second.runner.trader.books.saved.latch is None
        await walk(second, number + 2, 200, clock)

    assert again.closed


def reachable(root: object) -> list[object]:
    """Everything that an object leads to, but for modules, classes and code."""
    seen, waiting, found = {id(root)}, [root], list[object]()
    while waiting:
        one = waiting.pop()
        found.append(one)
        for other in gc.get_referents(one):
            inside = (other.__closure__ or ()) if isinstance(other, FunctionType) else (other,)
            for part in inside:
                if id(part) not in seen and not isinstance(part, ModuleType | type):
                    seen.add(id(part))
                    waiting.append(part)
    return found


async def test_nothing_that_it_is_made_of_leads_to_an_exchange_or_to_the_live_engine() -> None:
    clock, memory = SetClock(), ShadowMemory(PLAN)
    async with walking(a_shadow(clock, memory)) as shadow:
        await walk(shadow, WARMUP, WARMUP + 3, clock)
        kinds = {f"{type(one).__module__}.{type(one).__qualname__}" for one in reachable(shadow)}

    assert any("PaperExchange" in kind for kind in kinds), "the search sees what is there"
    forbidden = ("binance_client", "binance_rest", "binance_broker", "binance_user_stream", "aiohttp", "redis", "httpx")
    assert not [kind for kind in kinds if any(word in kind for word in forbidden)]


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
        runners = [one for one in gc.get_objects() if isinstance(one, ShadowTrader) and one.market is market]
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
