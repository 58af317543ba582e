"""A second Trader under other settings: the same loop and the same recovery, over an exchange on paper. No order can leave.

Nothing that it is made of leads to a connection: not its market (a copy), not its broker (books in memory), not its memory.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from bot.shadow_market import ShadowMarket
from bot.shadow_memory import ShadowMemory
from engine.adapters.paper_broker import PaperBroker
from engine.inbox import Wish
from engine.model.commands import AllowSides, Asked, Command, DecisionMode, StartTrading
from engine.model.events import ClockTicked, FeedRestored, Route
from engine.model.messages import Reply
from engine.model.signals import Sides
from engine.model.view import Running
from engine.params import TradingParams
from engine.ports import Clock
from engine.runner import Runner
from engine.trader import TraderSetup

TICK_S: Final = 1.0
CHECK_EACH: Final = 30  # ticks
WHO: Final = "shadow"


class ShadowTrader:
    """`run` until cancelled."""

    def __init__(self, setup: TraderSetup, interval: str, market: ShadowMarket, memory: ShadowMemory, clock: Clock) -> None:
        self.market = market
        self.memory = memory
        self._clock = clock
        broker = PaperBroker(
            market,
            symbols=setup.symbols,
            interval=interval,
            clock=clock,
            wallet=memory.plan.wallet,
            books=memory,
            market_ms=lambda: market.market_ms,
        )
        market.tell_first(broker.see)
        self.runner = Runner(
            setup=replace(setup, namespace=f"{setup.namespace}-{WHO}", mode=DecisionMode.AUTO),
            interval=interval,
            feed=market,
            history=broker.history,
            broker=broker,
            store=memory,
            clock=clock,
            brakes_file=memory,
        )

    async def run(self) -> None:
        """Recover, then trade on paper."""
        await self.runner.recover()
        self.runner.post(FeedRestored(Route.PRIVATE, 0, self.runner.trader.time_ms, self._clock.now_ms()))
        async with asyncio.TaskGroup() as group:
            group.create_task(self.runner.run())
            group.create_task(self._tick())

    async def follow(self, params: TradingParams, sides: Mapping[str, Sides]) -> None:
        """Do as the live one in everything that the shadow does not do otherwise."""
        trader = self.runner.trader
        if params != trader.params:
            trader.retune(params)
        for symbol, desk in trader.desks.items():
            if sides.get(symbol, desk.memory.sides) is not desk.memory.sides:
                await self._ask(AllowSides(sides[symbol], symbol, self._asked()))
        if trader.books.saved.running is not Running.RUNNING:
            await self._ask(StartTrading(self._asked()))

    async def _tick(self) -> None:
        at = 0
        while True:
            await asyncio.sleep(TICK_S)
            at += 1
            time_ms = max(self.market.market_ms, self.runner.trader.time_ms)
            self.runner.post(ClockTicked(at % CHECK_EACH == 0, time_ms, self._clock.now_ms()))

    async def _ask(self, wish: Command) -> Reply:
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self.runner.inbox.ask(Wish(wish, answer))
        return await answer

    def _asked(self) -> Asked:
        return Asked(WHO, self.runner.trader.time_ms, self._clock.now_ms())
