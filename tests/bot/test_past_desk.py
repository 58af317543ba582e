"""Questions about the past: answered from what the engine remembers, from disk, and from the exchange where nothing else is."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
import pytest_asyncio

from bot.histories import load_histories
from bot.past_desk import PastDesk
from bot.workshop import Workshop
from engine.adapters.binance_messages import BadMessage
from engine.backtest.bars import on_grid
from engine.backtest.history import Simulation
from engine.backtest.report import Finding as Verdict
from engine.backtest.what_if import compared, figures
from engine.model.commands import AllowSides, DecisionMode
from engine.model.events import BarClosed, RulesLoaded
from engine.model.market import DAY_MS, Bar
from engine.model.orders import TriggerBy
from engine.model.past import CalibrationFinding, DialStep, Finding, NotMeasured, Phase, Progress, WhatIf, WhyNot
from engine.model.signals import Sides
from engine.params import TradingParams
from engine.runner import Runner
from engine.trader import Trader, TraderSetup
from tests import builders
from tests.builders import HOUR_MS, walk

SYMBOL: Final = "ETHUSDT"
WARMUP: Final = 300
EAGER: Final = TradingParams(activation_threshold=0.3, adx_minimum=15.0, cooldown_bars=0)
MARKET: Final = walk(2_400, 5)
END_MS: Final = MARKET[-1].open_time_ms + HOUR_MS

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.timeout(400)]  # the first question compiles


class Archive:
    """The exchange's past: remembers what was asked for."""

    def __init__(self, bars: Sequence[Bar], page: int = 250) -> None:
        self.bars_known = bars
        self.page = page
        self.asked: list[tuple[int, int]] = []
        self.fault: Exception | None = None

    async def bars(self, symbol: str, interval: str, begin_ms: int, end_ms: int) -> AsyncIterator[Sequence[Bar]]:
        self.asked.append((begin_ms, end_ms))
        found = [bar for bar in self.bars_known if begin_ms <= bar.open_time_ms < end_ms]
        for at in range(0, len(found), self.page):
            if self.fault is not None:
                raise self.fault
            yield found[at : at + self.page]

    async def funding(self, symbol: str, begin_ms: int, end_ms: int) -> Sequence[tuple[int, float]]:
        first = -(-begin_ms // (8 * HOUR_MS)) * 8 * HOUR_MS
        return [(at, 0.0002) for at in range(first, end_ms + 1, 8 * HOUR_MS)]


class Exchange:
    """Rules of everything that it trades."""

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        if any(symbol not in (SYMBOL, "BTCUSDT") for symbol in symbols):
            raise LookupError(symbols[0])
        return [RulesLoaded(builders.rules(symbol=symbol), END_MS, END_MS) for symbol in symbols]

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        raise AssertionError("read page by page instead")


def a_runner(remembered: Sequence[Bar], params: TradingParams = EAGER) -> Any:
    setup = TraderSetup("paper", (SYMBOL,), HOUR_MS, WARMUP, TriggerBy.LAST, params, DecisionMode.AUTO)
    trader = Trader(setup, None)
    trader.handle(RulesLoaded(builders.rules(), END_MS, END_MS))
    for bar in remembered:
        trader.handle(BarClosed(SYMBOL, bar, is_history=True, time_ms=bar.open_time_ms + HOUR_MS, seen_ms=0))
    return SimpleNamespace(trader=trader, setup=setup, interval="1h")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def workshop() -> AsyncIterator[Workshop]:
    """One for all: its libraries take seconds to import."""
    shop = Workshop()
    yield shop
    await shop.close()


def same(step: DialStep, found: WhatIf) -> bool:
    """Whether a place of the dial says what the what-if of its threshold says."""
    after = found.after
    return (step.trades, step.signals, step.is_latched) == (after.trades, after.signals, after.is_latched)


def a_desk(workshop: Workshop, folder: Path, remembered: Sequence[Bar], archive: Archive | None = None) -> PastDesk:
    runner = cast(Runner, a_runner(remembered))
    reader = archive or Archive(MARKET)
    return PastDesk(runner, Exchange(), reader, workshop, folder=folder / "history", label="PAPER")


def walked(folder: Path, days: int, params: TradingParams) -> Any:
    """What `autobot backtest` gives over the files that were kept."""
    from engine.backtest.kernel import Walker

    begin = END_MS - days * DAY_MS
    loaded = load_histories(
        [folder / "history" / f"{SYMBOL}-1h.parquet"],
        interval=None,
        begin_ms=begin,
        end_ms=END_MS,
        warmup_bars=WARMUP,
        rules=None,
        funding=(),
    )
    rules = builders.rules()
    (one,) = loaded.histories
    (open_, high, low, close), _ = on_grid((one.candles.open, one.candles.high, one.candles.low, one.candles.close), rules)
    histories = [replace(one, rules=rules, candles=replace(one.candles, open=open_, high=high, low=low, close=close))]
    return Walker(histories, Simulation(wallet=Decimal(10_000), warmup_bars=WARMUP, from_ms=begin)).run(params)


async def test_a_what_if_equals_a_backtest_over_the_same_bars(tmp_path: Path, workshop: Workshop) -> None:
    desk = a_desk(workshop, tmp_path, ())

    found = await desk.what_if({"stop_atr_multiplier": 2.5}, 60)

    old = walked(tmp_path, 60, EAGER)
    new = walked(tmp_path, 60, EAGER._replace(stop_atr_multiplier=2.5))
    assert found == compared(old, new, 60)
    assert found.before == figures(old)
    assert found.before.trades > 10
    assert found.finding is not Finding.SAME
    assert (found.begin_ms, found.end_ms) == (END_MS - 60 * DAY_MS, END_MS)


async def test_the_dial_equals_the_what_if_of_each_threshold(tmp_path: Path, workshop: Workshop) -> None:
    desk = a_desk(workshop, tmp_path, MARKET)

    dial = await desk.dial(30)

    assert [step.signals for step in dial.steps] == sorted((step.signals for step in dial.steps), reverse=True)
    assert len({step.trades for step in dial.steps}) > 2
    for threshold in (0.05, 0.4, 0.95):
        step, found = dial.at(threshold), await desk.what_if({"activation_threshold": threshold}, 30)
        assert step is not None
        assert same(step, found)
    picture = await desk.dial_picture(dial, 0.3, 0.5, "ru")
    assert picture.startswith(b"\x89PNG")


async def test_a_threshold_that_was_latched_equals_its_what_if_and_can_be_drawn(tmp_path: Path, workshop: Workshop) -> None:
    desk = PastDesk(
        cast(Runner, a_runner(MARKET, EAGER._replace(max_drawdown=0.02))),
        Exchange(),
        Archive(MARKET),
        workshop,
        folder=tmp_path / "history",
        label="PAPER",
    )

    dial = await desk.dial(30)

    latched = [step for step in dial.steps if step.is_latched]
    assert 0 < len(latched) < len(dial.steps)
    for step in (latched[0], dial.steps[-1]):
        found = await desk.what_if({"activation_threshold": step.threshold}, 30)
        assert same(step, found)
        assert dial.begin_ms <= (step.latched_ms or dial.end_ms) <= dial.end_ms
    assert (await desk.dial_picture(dial, 0.3, 0.5, "ru")).startswith(b"\x89PNG")


async def test_nothing_is_asked_of_the_exchange_where_the_engine_remembers_enough(tmp_path: Path, workshop: Workshop) -> None:
    archive = Archive(MARKET)
    desk = a_desk(workshop, tmp_path, MARKET, archive)

    await desk.what_if({"leverage": 5.0}, 30)

    assert not archive.asked


async def test_what_was_read_once_is_not_read_again(tmp_path: Path, workshop: Workshop) -> None:
    archive = Archive(MARKET)
    desk = a_desk(workshop, tmp_path, MARKET[-50:], archive)

    await desk.what_if({"leverage": 5.0}, 30)
    await desk.what_if({"leverage": 5.0}, 30)
    await desk.what_if({"leverage": 5.0}, 40)

    last, first = END_MS - 50 * HOUR_MS, END_MS - 30 * DAY_MS - WARMUP * HOUR_MS
    assert archive.asked == [(first, last), (first - 10 * DAY_MS, first)]


@pytest.mark.parametrize("fault", [ConnectionError("nobody answers"), BadMessage("nonsense")])
async def test_an_exchange_that_is_away_or_talks_nonsense_is_said(tmp_path: Path, workshop: Workshop, fault: Exception) -> None:
    archive = Archive(MARKET)
    archive.fault = fault
    desk = a_desk(workshop, tmp_path, MARKET[-50:], archive)

    with pytest.raises(NotMeasured) as raised:
        await desk.what_if({"leverage": 5.0}, 30)

    assert raised.value.reason is WhyNot.AWAY


async def test_a_listing_that_is_too_young_is_said(tmp_path: Path, workshop: Workshop) -> None:
    desk = a_desk(workshop, tmp_path, MARKET[-50:], Archive(MARKET[-200:]))

    with pytest.raises(NotMeasured) as raised:
        await desk.what_if({"leverage": 5.0}, 30)

    assert (raised.value.reason, raised.value.detail) == (WhyNot.FEW_BARS, SYMBOL)


async def test_settings_that_contradict_each_other_never_reach_the_workshop(tmp_path: Path, workshop: Workshop) -> None:
    desk = a_desk(workshop, tmp_path, MARKET)

    with pytest.raises(NotMeasured) as raised:
        await desk.what_if({"macd_fast": 60.0}, 30)

    assert raised.value.reason is WhyNot.CONFLICT


async def test_a_backtest_tells_how_far_it_is_and_comes_with_a_picture(tmp_path: Path, workshop: Workshop) -> None:
    desk, told = a_desk(workshop, tmp_path, ()), list[Progress]()

    found = await desk.backtest("a", SYMBOL, 60, "en", told.append)

    assert found.report.run.trades == walked(tmp_path, 60, EAGER).trades
    assert found.picture.startswith(b"\x89PNG")
    assert len(found.trades.decode().splitlines()) == 1 + len(found.report.run.trades) > 1
    assert [one.phase.value for one in told if one.phase.value != "fetching"] == ["preparing", "walking", "drawing"]
    parts = [one.done / one.total for one in told if one.total]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0


async def test_a_wallet_below_the_smallest_order_is_told_beside_the_figures(tmp_path: Path, workshop: Workshop) -> None:
    desk = a_desk(workshop, tmp_path, MARKET)
    books = desk._runner.trader.books
    books.saved = replace(books.saved, wallet=Decimal(1))

    found = await desk.backtest("a", SYMBOL, 30, "en", lambda _: None)

    assert found.report.findings[:2] == (Verdict.NO_TRADES, Verdict.RAN_DRY)


async def test_a_symbol_that_is_not_traded_here_can_be_tested_and_one_that_is_nowhere_is_named(
    tmp_path: Path, workshop: Workshop
) -> None:
    desk = a_desk(workshop, tmp_path, MARKET)

    other = await desk.backtest("a", "BTCUSDT", 30, "en", lambda _: None)
    with pytest.raises(NotMeasured) as raised:
        await desk.backtest("b", "NOSUCHUSDT", 30, "en", lambda _: None)

    assert other.report.run.symbols == ("BTCUSDT",)
    assert (raised.value.reason, raised.value.detail) == (WhyNot.NOT_LISTED, "NOSUCHUSDT")


async def test_a_stop_ends_the_job_that_it_names_and_no_other(tmp_path: Path, workshop: Workshop) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    class SlowArchive(Archive):
        async def bars(self, symbol: str, interval: str, begin_ms: int, end_ms: int) -> AsyncIterator[Sequence[Bar]]:
            asked.set()
            await go_on.wait()
            yield []

    desk = a_desk(workshop, tmp_path, (), SlowArchive(MARKET))
    job = asyncio.create_task(desk.backtest("mine", SYMBOL, 30, "en", lambda _: None))
    await asyncio.wait({job, asyncio.create_task(asked.wait())}, return_when=asyncio.FIRST_COMPLETED)
    assert not job.done()

    with pytest.raises(NotMeasured) as second:
        await desk.backtest("other", SYMBOL, 30, "en", lambda _: None)
    assert not await desk.stop("other")
    assert await desk.stop("mine")
    with pytest.raises(NotMeasured) as first:
        await job

    assert second.value.reason is WhyNot.BUSY
    assert first.value.reason is WhyNot.STOPPED
    assert not await desk.stop("mine")


async def test_the_sides_that_the_owner_allows_hold_in_the_past_too(tmp_path: Path, workshop: Workshop) -> None:
    desk = a_desk(workshop, tmp_path, MARKET)
    both = await desk.what_if({}, 60)
    trader = desk._runner.trader  # what the owner would say in the chat
    trader.handle(AllowSides(Sides.LONG, "", SimpleNamespace(time_ms=END_MS, seen_ms=0, who="7")))  # type: ignore[arg-type]

    longs = await desk.what_if({}, 60)

    assert 0 < longs.before.trades < both.before.trades


async def test_a_search_over_settings_is_judged_and_tells_how_far_it_is(tmp_path: Path, workshop: Workshop) -> None:
    desk, told = a_desk(workshop, tmp_path, ()), list[Progress]()

    found = await desk.calibrate("a", 85, told.append)

    assert found.tried == 512
    assert found.finding in CalibrationFinding
    assert found.steps >= 3
    assert found.symbols == (SYMBOL,)
    assert told[-1].phase is Phase.SEARCHING
    assert told[-1].done == told[-1].total


async def test_a_time_too_short_to_choose_and_to_judge_is_said(tmp_path: Path, workshop: Workshop) -> None:
    desk = a_desk(workshop, tmp_path, MARKET)

    with pytest.raises(NotMeasured) as raised:
        await desk.calibrate("a", 10, lambda _: None)

    assert raised.value.reason is WhyNot.SHORT_TIME
    have, least = (int(days) for days in raised.value.detail.split("/"))
    assert have <= 10 < least
