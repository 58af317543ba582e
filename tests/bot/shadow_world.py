"""A shadow and the market that it hears, for its tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Final

from bot.shadow_market import ShadowMarket
from bot.shadow_memory import ShadowMemory
from bot.shadow_trader import ShadowTrader
from engine.model.commands import DecisionMode
from engine.model.events import BarClosed, FeedRestored, MarkSeen, PriceSeen, QuoteSeen, Route
from engine.model.market import Bar, PriceWindow
from engine.model.orders import TriggerBy
from engine.model.shadow import ShadowPlan
from engine.model.signals import Sides
from engine.ports import Event
from engine.trader import TraderSetup
from tests.engine.runner_parts import SetClock
from tests.engine.trader.rising import EAGER, WARMUP, rising
from tests.engine.trader.world import HOUR, SYMBOL, rules

PLAN: Final = ShadowPlan((("activation_threshold", 0.2),), 0, Decimal(10_000))
BARS: Final = rising(220)
PATIENCE_S: Final = 20.0


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
    async with asyncio.timeout(PATIENCE_S):
        while not shadow.runner.is_ready() and not task.done():  # noqa: ASYNC110  # it looks again while anything is in flight
            await asyncio.sleep(0.01)
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
