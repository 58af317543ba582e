"""The clockwork: it drops ticks with both times, looks at the account as often as told, and survives a silent exchange."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from types import SimpleNamespace
from typing import ClassVar, cast

import pytest

from bot.schedule import Every, Schedule
from engine.adapters.redis_equity import EquitySnapshot
from engine.model.events import BarClosed, ClockTicked, RulesLoaded
from engine.ports import Event, StoreDown
from engine.runner import Runner
from tests.builders import rules
from tests.engine.adapters.redis_servers import HandClock


class FakeRunner:
    """Takes events; knows which symbols are traded."""

    class _Setup:
        symbols = ("ETHUSDT",)

    class _Trader:
        time_ms = 500
        desks: ClassVar[dict[str, SimpleNamespace]] = {}

        def view(self) -> SimpleNamespace:
            return SimpleNamespace(time_ms=500, wallet=Decimal(10), equity=Decimal(11))

    def __init__(self) -> None:
        self.setup, self.trader = self._Setup(), self._Trader()
        self.posted: list[Event] = []

    def post(self, event: Event) -> None:
        self.posted.append(event)


class FakeHistory:
    """Rules, unless the exchange is away."""

    def __init__(self) -> None:
        self.is_away = False

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        if self.is_away:
            raise ConnectionError("away")
        return tuple(RulesLoaded(rules(symbol=symbol), 1, 2) for symbol in symbols)

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        return ()


class Clockwork:
    def __init__(self) -> None:
        self.runner, self.history, self.clock = FakeRunner(), FakeHistory(), HandClock(1_000_000)
        self.kept_alive = 0
        self.noted: list[EquitySnapshot] = []
        self.store_is_up = True
        self.schedule = Schedule(
            cast(Runner, self.runner),
            self.history,
            clock=self.clock,
            check_interval_s=30,
            market_ms=lambda: 700,
            keep_alive=self._keep_alive,
            note_equity=self._note_equity,
        )

    async def _keep_alive(self) -> None:
        self.kept_alive += 1

    async def _note_equity(self, snapshot: EquitySnapshot) -> None:
        if not self.store_is_up:
            raise StoreDown("away")
        self.noted.append(snapshot)


@pytest.fixture
def clockwork() -> Clockwork:
    return Clockwork()


async def test_each_tick_carries_both_times_and_every_so_often_asks_for_a_look_at_the_account(clockwork: Clockwork) -> None:
    for passed_ms in (0, 1_000, 29_000, 1_000):
        clockwork.clock.ms += passed_ms
        await clockwork.schedule._tick()

    assert clockwork.runner.posted == [
        ClockTicked(True, 700, 1_000_000),
        ClockTicked(False, 700, 1_001_000),
        ClockTicked(True, 700, 1_030_000),
        ClockTicked(False, 700, 1_031_000),
    ]


async def test_an_open_position_is_looked_at_every_five_seconds(clockwork: Clockwork) -> None:
    held = SimpleNamespace(memory=SimpleNamespace(holding=object()))
    clockwork.runner.trader.desks["ETHUSDT"] = held
    try:
        for passed_ms in (0, 3_000, 2_000, 4_000, 1_000):
            clockwork.clock.ms += passed_ms
            await clockwork.schedule._tick()
    finally:
        clockwork.runner.trader.desks.clear()

    assert [isinstance(tick, ClockTicked) and tick.is_check for tick in clockwork.runner.posted] == [
        True,
        False,
        True,
        False,
        True,
    ]


async def test_refreshed_rules_enter_the_queue_and_a_silent_exchange_leaves_the_old_ones(clockwork: Clockwork) -> None:
    await clockwork.schedule._refresh_rules()
    clockwork.history.is_away = True
    await clockwork.schedule._refresh_rules()

    assert [type(event) for event in clockwork.runner.posted] == [RulesLoaded]


async def test_rules_that_were_not_given_are_asked_for_until_they_are(clockwork: Clockwork) -> None:
    await clockwork.schedule._look_for_unlisted()
    clockwork.runner.trader.desks["ETHUSDT"] = SimpleNamespace()
    try:
        await clockwork.schedule._look_for_unlisted()
    finally:
        clockwork.runner.trader.desks.clear()

    assert [type(event) for event in clockwork.runner.posted] == [RulesLoaded]


async def test_equity_is_noted_and_a_store_that_is_away_costs_one_point_only(clockwork: Clockwork) -> None:
    await clockwork.schedule._snap()
    clockwork.store_is_up = False
    await clockwork.schedule._snap()

    assert clockwork.noted == [EquitySnapshot(500, Decimal(10), Decimal(11))]


async def test_it_starts_and_ends_inside_a_running_loop(clockwork: Clockwork) -> None:
    clockwork.schedule.start()
    clockwork.schedule.stop()

    assert clockwork.kept_alive == 0


class Calendar(datetime):
    """What the machine's clock shows: somebody may set it."""

    set_by: ClassVar[timedelta] = timedelta()

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return datetime.now(tz) + cls.set_by


@pytest.mark.parametrize("hours", [-1, 1])
async def test_who_sets_the_machines_clock_stops_no_tick(
    clockwork: Clockwork, hours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_s = time.time
    monkeypatch.setattr("bot.schedule.TICK_S", 0.02)
    monkeypatch.setattr("apscheduler.schedulers.base.datetime", Calendar)
    monkeypatch.setattr("apscheduler.executors.base.datetime", Calendar)
    monkeypatch.setattr(Calendar, "set_by", timedelta())
    monkeypatch.setattr(
        "bot.schedule.time", SimpleNamespace(time=lambda: real_s() + Calendar.set_by.total_seconds(), monotonic=time.monotonic)
    )
    clockwork.schedule.start()
    following = asyncio.create_task(clockwork.schedule.follow_clock())
    try:
        async with asyncio.timeout(10):
            await ticks(clockwork, 2)
            Calendar.set_by = timedelta(hours=hours)
            await ticks(clockwork, 5)
    finally:
        following.cancel()
        clockwork.schedule.stop()


async def ticks(clockwork: Clockwork, more: int) -> None:
    """Wait until so many more were posted."""
    wanted = len(clockwork.runner.posted) + more
    while len(clockwork.runner.posted) < wanted:  # noqa: ASYNC110  # the runner knows no events of the loop
        await asyncio.sleep(0.01)


def test_a_clock_that_was_set_ahead_by_years_asks_for_one_turn() -> None:
    long_ago, now = datetime(1970, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC)

    assert Every(1).get_next_fire_time(long_ago, now) == now + timedelta(seconds=1)
