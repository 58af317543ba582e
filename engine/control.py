"""The door for the conversation: ask for something, or look. Handlers know nothing else of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from engine.inbox import Wish
from engine.model.commands import Asked, Command
from engine.model.messages import Reply
from engine.model.orders import Trade
from engine.model.past import Calibration, Dial, Progress, WhatIf
from engine.model.shadow import ShadowComparison, ShadowPlan
from engine.model.signals import Ruling
from engine.model.view import EngineView
from engine.params import TradingParams
from engine.ports import Store
from engine.runner import Runner

if TYPE_CHECKING:
    from engine.backtest.report import Report


@dataclass(frozen=True, slots=True)
class Backtested:
    """A symbol's past, summed up, a picture of it (PNG), and its trades, one a line (CSV, UTF-8)."""

    report: Report
    picture: bytes
    trades: bytes


class Past(Protocol):
    """What history says. It is counted and drawn in a process of its own. Everything raises `NotMeasured`.

    What takes long goes by a name that whoever asks makes up, so that a stop meets nothing that came after it.
    """

    async def what_if(self, changes: Mapping[str, float], days: int, old: Mapping[str, float] | None = None) -> WhatIf:
        """The settings that hold now (but for `old`) against the same with changes, over the last days, all symbols."""

    async def dial(self, days: int) -> Dial:
        """What each threshold would have given over the last days."""

    async def dial_picture(self, dial: Dial, now: float, wanted: float, language: str) -> bytes:
        """The dial as a picture."""

    async def backtest(self, job: str, symbol: str, days: int, language: str, told: Callable[[Progress], None]) -> Backtested:
        """A symbol's last days under the settings that hold now."""

    async def calibrate(self, job: str, days: int, told: Callable[[Progress], None]) -> Calibration:
        """A search for other settings over the last days, all symbols, judged on what it was not chosen on."""

    async def stop(self, job: str) -> bool:
        """End something that takes long; False where it is over."""


class Shadow(Protocol):
    """Other settings on paper, beside the live ones."""

    @property
    def plan(self) -> ShadowPlan | None:
        """What the shadow does otherwise; None where there is none."""

    async def begin(self, changes: Mapping[str, float]) -> None:
        """Begin one, in the place of the one that there is. Raises `NotMeasured` where the settings cannot be, `StoreDown`."""

    async def stop(self) -> bool:
        """End it and forget what it did; False where there is none. Raises `StoreDown`."""

    async def compared(self) -> ShadowComparison | None:
        """Both beside each other, as of now. Raises `StoreDown`."""


class EngineControl(Protocol):
    """What handlers may do with the engine."""

    @property
    def shadow(self) -> Shadow:
        """Other settings on paper."""

    @property
    def past(self) -> Past:
        """What history says about settings."""

    @property
    def label(self) -> str:
        """PAPER, TESTNET, DEMO or LIVE: stands in the first line of every message about money."""

    @property
    def interval(self) -> str:
        """The bars' interval in the exchange's words, such as `1h`."""

    def asked(self, who: str) -> Asked:
        """Stamp a wish with who asks and both times."""

    async def ask(self, command: Command) -> Reply:
        """Put a wish into the queue and wait for the Trader's answer."""

    def view(self) -> EngineView:
        """A picture of everything, taken now."""

    def params(self) -> TradingParams:
        """The tunables that hold now."""

    def rulings(self, symbol: str, count: int) -> Sequence[Ruling]:
        """The newest rulings of a symbol, newest first; at most the last 500 are kept in memory."""

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Closed trades that ended since a moment of market time, newest first, from the store."""


class Control:
    """Fulfils `EngineControl` over a running engine."""

    def __init__(self, runner: Runner, store: Store, label: str, past: Past, shadow: Shadow) -> None:
        self._runner = runner
        self._store = store
        self._label = label
        self._past = past
        self._shadow = shadow

    @property
    def shadow(self) -> Shadow:
        """Other settings on paper."""
        return self._shadow

    @property
    def past(self) -> Past:
        """What history says about settings."""
        return self._past

    @property
    def label(self) -> str:
        """PAPER, TESTNET, DEMO or LIVE."""
        return self._label

    @property
    def interval(self) -> str:
        """The bars' interval."""
        return self._runner.interval

    def asked(self, who: str) -> Asked:
        """Stamp a wish."""
        return Asked(who, self._runner.trader.time_ms, self._runner.clock.now_ms())

    async def ask(self, command: Command) -> Reply:
        """Put a wish into the queue and wait for the answer; whoever stops waiting does not take the wish back."""
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._runner.inbox.ask(Wish(command, answer))
        return await answer

    def view(self) -> EngineView:
        """A picture of everything."""
        return self._runner.trader.view()

    def params(self) -> TradingParams:
        """The tunables that hold now."""
        return self._runner.trader.params

    def rulings(self, symbol: str, count: int) -> Sequence[Ruling]:
        """The newest rulings of a symbol, newest first."""
        desk = self._runner.trader.desks.get(symbol)
        return () if desk is None else tuple(islice(desk.rulings, count))

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Closed trades, newest first. Raises `StoreDown`."""
        return await self._store.trades(since_ms)
