"""The shadow's room: begins it, keeps its memory, lets it follow the live settings, and tells once a week how both compare."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from bot.shadow_market import ShadowMarket
from bot.shadow_memory import ShadowMemory, remembered
from bot.tap import TappedFeed
from engine.adapters.codec import Undecodable
from engine.adapters.redis_shadow import RedisShadow
from engine.backtest.side_by_side import side_by_side
from engine.backtest.what_if import changed
from engine.model.notices import Notice
from engine.model.past import NotMeasured
from engine.model.shadow import ShadowCompared, ShadowComparison, ShadowPlan
from engine.ports import Clock, Store, StoreDown
from engine.runner import Runner

if TYPE_CHECKING:
    from bot.shadow_trader import ShadowTrader

FOLLOW_S: Final = 5.0
LOAD_AGAIN_S: Final = 2.0
WEEK_MS: Final = 604_800_000
WALLET: Final = Decimal(10_000)  # where the account holds nothing yet

logger = logging.getLogger(__name__)


class ShadowRoom:
    """Fulfils `Shadow`. `tell` is whoever tells the owner."""

    def __init__(self, live: Runner, feed: TappedFeed, store: Store, kept: RedisShadow, clock: Clock) -> None:
        self.tell: Callable[[Notice], object] = lambda notice: None
        self._live = live
        self._feed = feed
        self._store = store
        self._kept = kept
        self._clock = clock
        self._memory: ShadowMemory | None = None
        self._changed = asyncio.Event()
        self._is_loaded = False
        self._is_latched: Callable[[], bool] = lambda: False

    # --- what the chat may ask --------------------------------------------------------------------------------------

    @property
    def plan(self) -> ShadowPlan | None:
        """What the shadow does otherwise; None where there is none."""
        return self._memory.plan if self._memory is not None else None

    async def begin(self, changes: Mapping[str, float]) -> None:
        """Begin a shadow, in the place of the one that there is. Raises `NotMeasured` where the settings cannot be."""
        trader = self._live.trader
        changed(trader.params, changes.items())
        wallet = trader.books.saved.wallet
        plan = ShadowPlan(tuple(changes.items()), trader.time_ms, wallet if wallet > 0 else WALLET, trader.time_ms)
        await self._kept.clear()
        self._memory = ShadowMemory(plan)
        self._is_loaded = True
        self._changed.set()

    async def stop(self) -> bool:
        """End the shadow and forget what it did; False where there is none."""
        was_there = self._memory is not None
        await self._kept.clear()
        self._memory, self._is_loaded = None, True
        self._changed.set()
        return was_there

    async def compared(self) -> ShadowComparison | None:
        """Both beside each other, as of now. Raises `StoreDown`."""
        memory = self._memory
        if memory is None:
            return None
        live = await self._store.trades(memory.plan.since_ms)
        now = self._live.trader.time_ms
        return side_by_side(memory.plan, live, tuple(memory.closed), now, is_latched=self._is_latched())

    # --- running ----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Look after the shadow until cancelled."""
        await self._load()
        while True:
            self._changed.clear()
            if self._memory is None:
                await self._changed.wait()
                continue
            walking = asyncio.create_task(self._walk(self._memory))
            waiting = asyncio.create_task(self._changed.wait())
            try:
                await asyncio.wait({walking, waiting}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in (walking, waiting):
                    task.cancel()
                await asyncio.wait({walking, waiting})
            if not walking.cancelled():
                walking.result()  # it ended by itself: raises why

    async def close(self) -> None:
        """Write down what is not written yet, if the store takes it."""
        with suppress(StoreDown):
            await self._keep(self._memory)

    async def _load(self) -> None:
        while not self._is_loaded:
            try:
                found = remembered(await self._kept.load())
            except StoreDown:
                await asyncio.sleep(LOAD_AGAIN_S)
                continue
            except Undecodable as error:
                logger.error("the shadow's memory is damaged and given up: %s", error)
                found = None
            if not self._is_loaded:
                self._memory, self._is_loaded = found, True

    async def _walk(self, memory: ShadowMemory) -> None:
        from bot.shadow_trader import ShadowTrader  # the exchange on paper is not imported where there is no shadow

        while not self._live.is_ready():  # noqa: ASYNC110  # many things make it ready
            await asyncio.sleep(FOLLOW_S / 10)
        live = self._live.trader
        rules = {symbol: desk.terms.rules for symbol, desk in live.desks.items()}
        bars = {symbol: desk.bars.bars for symbol, desk in live.desks.items()}
        market = ShadowMarket(rules, bars, self._feed.delivering.values(), self._clock)
        setup = replace(self._live.setup, symbols=tuple(rules), params=changed(live.params, memory.plan.changes))
        shadow = ShadowTrader(setup, self._live.interval, market, memory, self._clock)
        self._is_latched = lambda: shadow.runner.trader.books.saved.latch is not None
        self._feed.ear = market
        logger.info("a shadow runs on paper, with %d setting(s) changed", len(memory.plan.changes))
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(shadow.run())
                group.create_task(self._look_after(memory, shadow))
        finally:
            self._feed.ear = None
            self._is_latched = lambda: False

    async def _look_after(self, memory: ShadowMemory, shadow: "ShadowTrader") -> None:
        while True:
            await asyncio.sleep(FOLLOW_S)
            live = self._live.trader
            with suppress(NotMeasured):  # the live settings changed so that they contradict: then the old ones go on
                params = changed(live.params, memory.plan.changes)
                await shadow.follow(params, {symbol: desk.memory.sides for symbol, desk in live.desks.items()})
            try:
                await self._tell_weekly(memory)
                await self._keep(memory)
            except StoreDown as error:
                logger.debug("the shadow's memory waits for the store: %s", error)

    async def _tell_weekly(self, memory: ShadowMemory) -> None:
        now = self._live.trader.time_ms
        if now - memory.plan.told_ms < WEEK_MS:
            return
        comparison = await self.compared()
        if comparison is not None and self._memory is memory:
            memory.plan = replace(memory.plan, told_ms=now)
            memory.changed = True
            self.tell(ShadowCompared(comparison, now))

    async def _keep(self, memory: ShadowMemory | None) -> None:
        if memory is not None and memory.changed and memory is self._memory:
            memory.changed = False
            try:
                await self._kept.save(memory.texts())
            except StoreDown:
                memory.changed = True
                raise
