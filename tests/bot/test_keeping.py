"""What ails the process is counted, told once, and heals; the heartbeat beats only while everything is good."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot import supervised as supervising
from bot.app import House
from bot.audited import AuditedControl
from bot.beat import Beat
from bot.keeping import Keeping
from bot.line import Line
from bot.starts import Starts
from bot.supervised import RAN_WELL_S, Pauses, supervised
from engine.adapters.audit_log import AuditLog
from engine.model.commands import PauseTrading
from engine.model.machine_notices import AuditSealed, FeedWentAway, ProcessTroubled, Trouble
from engine.model.notices import CoverMissing, Notice
from engine.model.signals import Side
from engine.model.view import Running
from tests.engine.adapters.redis_servers import HandClock
from tests.handlers.samples import an_engine, every_notice

MINUTE_MS = 60_000


def some_starts(folder: Path, count: int, *, apart_ms: int = MINUTE_MS, limit: int = 5) -> Starts:
    starts = Starts(folder, limit)
    for number in range(count):
        starts.begin(number * apart_ms)
    return starts


@pytest.mark.parametrize(
    ("count", "apart_ms", "limit", "is_looping"),
    [(5, MINUTE_MS, 5, False), (6, MINUTE_MS, 5, True), (6, 3 * MINUTE_MS, 5, False), (50, 1, 0, False)],
    ids=["four restarts", "five failed", "slowly", "switched off"],
)
def test_five_failed_starts_within_ten_minutes_are_a_loop(
    tmp_path: Path, count: int, apart_ms: int, limit: int, is_looping: bool
) -> None:
    assert some_starts(tmp_path, count, apart_ms=apart_ms, limit=limit).is_looping is is_looping


def test_a_process_that_ran_well_has_no_past(tmp_path: Path) -> None:
    some_starts(tmp_path, 6).ran_well()

    assert not some_starts(tmp_path, 1).is_looping


@pytest.mark.parametrize("damaged", ["[1, ", "[1e999]", "[" * 100_000, "5", "[null]"])
def test_a_count_that_cannot_be_read_or_written_holds_nothing_up(tmp_path: Path, damaged: str) -> None:
    (tmp_path / "starts.json").write_text(damaged)
    starts = Starts(tmp_path, 5)
    starts.begin(1)
    gone = Starts(tmp_path / "nowhere", 5)
    gone.begin(1)

    assert not starts.is_looping
    assert not gone.is_looping


class Moments:
    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s


def test_a_stall_is_counted_from_a_second_and_told_from_three_once_an_hour() -> None:
    told, now = list[float](), Moments()
    beat = Beat(told.append, now)

    for moment, lag in ((0.0, 0.2), (1.0, 1.5), (2.0, 3.5), (60.0, 9.0), (3_700.0, 4.0)):
        now.s = moment
        beat.note(lag)

    assert (beat.stalls, beat.longest_s, told) == (4, 9.0, [3.5, 4.0])
    assert not beat.is_even
    now.s += 61
    assert beat.is_even


async def test_a_task_that_dies_begins_again_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervising, "FIRST_PAUSE_S", 0.0)
    lives, is_alive = list[int](), asyncio.Event()

    async def work() -> None:
        lives.append(1)
        if len(lives) == 1:
            raise ValueError("broken")
        if len(lives) == 3:
            is_alive.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(supervised("the keeper", work))
    await asyncio.wait_for(is_alive.wait(), 5)
    task.cancel()
    await asyncio.wait([task])

    assert [record.message.split(" and")[0] for record in caplog.records] == ["the keeper broke", "the keeper ended by itself"]


def test_pauses_grow_while_it_breaks_again_and_again_and_begin_anew_after_a_long_good_run() -> None:
    now = Moments()
    pauses, lived_s = Pauses(1.0, 4.0, now), [0.0, 0.0, RAN_WELL_S / 2, 0.0, RAN_WELL_S, 0.0]

    waited = []
    for life_s in lived_s:
        pauses.begun()
        now.s += life_s
        waited.append(pauses.broken())
        now.s += waited[-1]

    assert waited == [1.0, 2.0, 4.0, 4.0, 1.0, 2.0]


async def test_the_line_keeps_few_notices_and_one_of_a_kind() -> None:
    line = Line()
    for number in range(3):
        assert line.tell(FeedWentAway("market", str(number), number))
    for number in range(60):
        line.tell(CoverMissing("i", "ETHUSDT", Side.LONG, False, "", number))

    assert (len(line), line.lost) == (50, 11)
    assert isinstance(await line.next(11), CoverMissing)


def test_the_line_takes_no_proposal_and_everything_else() -> None:
    line = Line()

    assert {type(one).__name__ for one in every_notice() if not line.tell(one)} == {"EntryProposed"}


class FakeTrader:
    def __init__(self) -> None:
        self.is_guarded, self.time_ms = False, 7
        self.desks = {"ETHUSDT": SimpleNamespace(position=SimpleNamespace(verified_ms=5))}

    def view(self) -> SimpleNamespace:
        return SimpleNamespace(desks=self.desks)


def a_house(**parts: Any) -> tuple[House, SimpleNamespace]:
    runner = SimpleNamespace(trader=FakeTrader(), store_is_up=True, is_ready=lambda: True)
    house = SimpleNamespace(runner=runner, clock=HandClock(10**12), control=an_engine(), **parts)
    return cast(House, house), runner


async def heard(line: Line) -> list[Notice]:
    found = []
    while len(line):
        found.append(await line.next(11))
        line.told(found[-1], 11, {11})
    return found


async def test_after_a_crash_loop_entries_are_held_and_the_owner_is_told(tmp_path: Path) -> None:
    house, runner = a_house()
    line = Line()

    Keeping(house, line, some_starts(tmp_path, 6)).begin()

    assert runner.trader.is_guarded
    assert await heard(line) == [ProcessTroubled(Trouble.CRASH_LOOP, 5, 600_000, 7)]


async def test_another_poller_pauses_entries(tmp_path: Path) -> None:
    house, _ = a_house()
    line = Line()
    keeping = Keeping(house, line, some_starts(tmp_path, 1))

    await keeping.other_poller(3)

    assert isinstance(cast(Any, house.control).wishes[-1], PauseTrading)
    assert [type(one) for one in await heard(line)] == [ProcessTroubled]
    assert keeping.facts()["chat"] == "taken"


async def test_another_poller_leaves_a_stopped_trader_stopped(tmp_path: Path) -> None:
    house, _ = a_house()
    cast(Any, house).control = control = an_engine(running=Running.STOPPED)

    await Keeping(house, Line(), some_starts(tmp_path, 1)).other_poller(3)

    assert control.wishes == []


def test_the_switch_is_held_only_while_everything_is_good(tmp_path: Path) -> None:
    house, runner = a_house()
    keeping = Keeping(house, Line(), some_starts(tmp_path, 1))
    assert keeping.is_good()

    runner.store_is_up = False
    assert not keeping.is_good()
    runner.store_is_up, runner.is_ready = True, lambda: False
    assert not keeping.is_good()
    runner.is_ready = lambda: True
    runner.trader.desks["ETHUSDT"].position.verified_ms = 0
    assert not keeping.is_good()
    runner.trader.desks["ETHUSDT"].position.verified_ms = 1
    keeping.beat.note(2.0)
    assert not keeping.is_good()


async def test_the_newest_seal_is_told_daily_and_each_hundred_lines_also_after_a_restart(tmp_path: Path) -> None:
    house, _ = a_house()
    log, line, clock = AuditLog(tmp_path), Line(), cast(HandClock, house.clock)
    cast(Any, house).control = AuditedControl(house.control, log)

    async def told(lines: int, passed_ms: int) -> list[int]:
        for _ in range(lines):
            log.append("Tune", "user 1", {}, 1)
        clock.ms += passed_ms
        Keeping(house, line, Starts(tmp_path, 5)).tell_seal(tmp_path / "told")
        return [notice.number for notice in await heard(line) if isinstance(notice, AuditSealed)]

    assert await told(0, 0) == []
    assert await told(1, 0) == [1]
    assert await told(50, 3_600_000) == []
    assert await told(50, 0) == [101]
    assert await told(1, 86_400_000) == [102]
    assert await told(0, 86_400_000) == []


async def test_a_seal_is_told_once_though_it_cannot_be_noted(tmp_path: Path) -> None:
    house, _ = a_house()
    log, line = AuditLog(tmp_path), Line()
    cast(Any, house).control = AuditedControl(house.control, log)
    log.append("Tune", "user 1", {}, 1)
    keeping = Keeping(house, line, Starts(tmp_path, 5))

    for _ in range(3):
        keeping.tell_seal(tmp_path / "gone" / "told")

    assert [type(notice) for notice in await heard(line)] == [AuditSealed]
