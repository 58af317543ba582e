"""A Runner with parts that have a memory: recovered, run for a while, fed with bars."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from decimal import Decimal

from engine.control import Control
from engine.model.commands import DecisionMode
from engine.model.events import BarClosed, MarkSeen, QuoteSeen
from engine.model.market import Bar
from engine.model.notices import Notice
from engine.model.orders import TriggerBy
from engine.model.saved import SavedState
from engine.model.view import NO_BRAKES, Brakes
from engine.runner import Runner
from engine.trader import TraderSetup
from tests.doubles import FakePast, FakeShadow
from tests.engine.runner_parts import BarHistory, DiaryBroker, KeptBrakes, KeptStore, Phone, QuietFeed, SetClock
from tests.engine.trader.rising import EAGER, WARMUP, rising
from tests.engine.trader.world import HOUR, SYMBOL


@dataclass
class House:
    """A Runner and its parts."""

    runner: Runner
    store: KeptStore
    broker: DiaryBroker
    feed: QuietFeed
    clock: SetClock
    file: KeptBrakes
    diary: list[str]
    phone: Phone = field(default_factory=Phone)

    @property
    def control(self) -> Control:
        return Control(self.runner, self.store, "TEST", FakePast(), FakeShadow())

    def told(self, kind: type) -> list[Notice]:
        """What the owner heard of one kind, over either line."""
        return [notice for notice in (*self.store.notices, *self.phone.told) if isinstance(notice, kind)]

    async def settle(self) -> None:
        """Give the loop its turns until nothing waits."""
        for _ in range(200):
            await asyncio.sleep(0)

    async def bar(self, bar: Bar, next_open: float) -> None:
        """A bar closes; the book stands around the next open."""
        time_ms, now = bar.open_time_ms + HOUR, self.clock.now
        self.broker.price = Decimal(repr(next_open))
        self.runner.post(QuoteSeen(SYMBOL, next_open, next_open, time_ms, now))
        self.runner.post(MarkSeen(SYMBOL, next_open, 0.0001, time_ms + 8 * HOUR, time_ms, now))
        self.runner.post(BarClosed(SYMBOL, bar, False, time_ms, now))
        await self.settle()

    async def bars_until_entry(self) -> None:
        """Let bars close until an entry was wanted."""
        bars = rising(200)
        for number in range(WARMUP, 199):
            await self.bar(bars[number], bars[number + 1].open)
            if "signed" in self.diary:
                return
        raise AssertionError("no entry was wanted")


def a_house(
    state: SavedState | None = None,
    brakes: Brakes = NO_BRAKES,
    kind: type[DiaryBroker] = DiaryBroker,
    unlisted: tuple[str, ...] = (),
) -> House:
    """Parts that know each other's diary. `unlisted`: symbols that are traded, too, but not listed by the exchange."""
    diary: list[str] = []
    clock = SetClock()
    store, broker = KeptStore(diary, state), kind(diary, clock)
    feed, history, kept = QuietFeed(clock), BarHistory(rising(WARMUP), diary, unlisted), KeptBrakes(brakes)
    setup = TraderSetup("test", (*unlisted, SYMBOL), HOUR, WARMUP, TriggerBy.LAST, EAGER, DecisionMode.AUTO)
    runner = Runner(
        setup=setup,
        interval="1h",
        feed=feed,
        history=history,
        broker=broker,
        store=store,
        clock=clock,
        brakes_file=kept,
    )
    house = House(runner, store, broker, feed, clock, kept, diary)
    runner.alarm = house.phone
    return house


@asynccontextmanager
async def running(house: House) -> AsyncIterator[House]:
    """Recover and run for a while."""
    await house.runner.recover()
    task = asyncio.create_task(house.runner.run())
    await house.settle()
    try:
        yield house
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
