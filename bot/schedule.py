"""Clockwork: jobs that only drop an event into the queue or ask the exchange for something. None of them decides.

Bar timing comes from the exchange, never from here.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Final

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.base import BaseTrigger

from engine.adapters.redis_equity import EquitySnapshot
from engine.model.events import ClockTicked
from engine.ports import Clock, History, StoreDown
from engine.runner import Runner
from engine.trader.beginning import unlisted

TICK_S: Final = 1
HELD_CHECK_S: Final = 5  # a user stream may be mute and seem alive: an open position is looked at this often
KEEP_ALIVE_S: Final = 300  # a listen key lives for an hour; one that ended, and nobody said so, is noticed here
RULES_S: Final = 3_600
UNLISTED_S: Final = 300  # rules that the exchange did not give: a position may wait for them
EQUITY_S: Final = 3_600
SET_BY_S: Final = 0.5  # the calendar moved so far against the time that passed: somebody set the machine's clock

logger = logging.getLogger(__name__)


class Every(BaseTrigger):  # type: ignore[misc]  # the library has no types
    """So long after now, however long ago the turn before was: a clock set ahead by years asks for one turn, not for all
    that would have been.
    """

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """When it is due next."""
        return now + self._pause


class Schedule:
    """The jobs of one running engine."""

    def __init__(
        self,
        runner: Runner,
        history: History,
        *,
        clock: Clock,
        check_interval_s: float,
        market_ms: Callable[[], int],
        keep_alive: Callable[[], Awaitable[None]] | None,
        note_equity: Callable[[EquitySnapshot], Awaitable[None]],
    ) -> None:
        self._runner = runner
        self._history = history
        self._clock = clock
        self._check_interval_s = check_interval_s
        self._market_ms = market_ms
        self._keep_alive = keep_alive
        self._note_equity = note_equity
        self._checked_ms = 0
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        """Begin."""
        add = self._scheduler.add_job
        add(self._tick, Every(TICK_S))
        add(self._refresh_rules, Every(RULES_S))
        add(self._look_for_unlisted, Every(UNLISTED_S))
        add(self._snap, Every(EQUITY_S))
        if self._keep_alive is not None:
            add(self._extend, Every(KEEP_ALIVE_S))
        self._scheduler.start()

    def stop(self) -> None:
        """End; nothing more is dropped into the queue."""
        self._scheduler.shutdown(wait=False)

    async def follow_clock(self) -> None:
        """Move all jobs back with the machine's clock, where somebody sets it back (F5): the library waits for a moment of
        its calendar, which is then as far away as the step was long. Goes on until cancelled.
        """
        begun_s = _calendar_began_s()
        while True:
            await asyncio.sleep(TICK_S)
            set_by_s = _calendar_began_s() - begun_s
            if abs(set_by_s) < SET_BY_S:
                continue
            logger.warning("the machine's clock was set by %.1f s", set_by_s)
            begun_s += set_by_s
            for job in self._scheduler.get_jobs() if set_by_s < 0 else ():  # set ahead, it makes them come at once
                job.modify(next_run_time=job.next_run_time + timedelta(seconds=set_by_s))

    async def _tick(self) -> None:
        """The machine's clock; every so often with a look at the account."""
        now = self._clock.now_ms()
        is_held = any(desk.memory.holding is not None for desk in self._runner.trader.desks.values())
        interval_s = min(HELD_CHECK_S, self._check_interval_s) if is_held else self._check_interval_s
        is_check = now - self._checked_ms >= interval_s * 1_000
        if is_check:
            self._checked_ms = now
        self._runner.post(ClockTicked(is_check, max(self._market_ms(), self._runner.trader.time_ms), now))

    async def _extend(self) -> None:
        assert self._keep_alive is not None
        await self._keep_alive()

    async def _snap(self) -> None:
        """Keep what there is now; a store that is away costs one point of the curve."""
        view = self._runner.trader.view()
        try:
            await self._note_equity(EquitySnapshot(view.time_ms, view.wallet, view.equity))
        except StoreDown as error:
            logger.warning("no equity snapshot was kept: %s", error)

    async def _refresh_rules(self) -> None:
        """The exchange changes its rules now and then; where it cannot be asked, the old ones hold."""
        try:
            found = await self._history.rules(self._runner.setup.symbols)
        except (ConnectionError, LookupError) as error:
            logger.warning("the exchange's rules were not refreshed: %s", error)
            return
        for rules in found:
            self._runner.post(rules)

    async def _look_for_unlisted(self) -> None:
        """A symbol that is not listed may be so by mistake: its desk begins as soon as it has rules."""
        if unlisted(self._runner.setup, self._runner.trader.desks):
            await self._refresh_rules()


def _calendar_began_s() -> float:
    """The calendar's moment at which the time that passes was zero: it moves only where the clock is set."""
    return time.time() - time.monotonic()
