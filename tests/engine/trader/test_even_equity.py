"""A day, and a peak after the latch, begin with an equity that is of one moment: none from between a fill and its balance."""

from decimal import Decimal

import pytest

from engine.model.commands import ResetLatch, Tune
from engine.model.daily_report import DailyReport
from engine.model.events import BalanceChanged, ClockTicked, OrderFilled
from engine.model.messages import ReplyCode
from engine.model.notices import LatchCause
from engine.model.orders import Fill
from engine.model.signals import Side
from engine.trader.wishes import OVERRIDES_KEPT
from tests.engine.trader.rising import a_world, until_open
from tests.engine.trader.world import SYMBOL, World

DAY = 86_400_000


def taken_by_hand(world: World, time_ms: int) -> tuple[BalanceChanged, OrderFilled]:
    """The position was closed outside, with a profit: what the exchange says of it."""
    price, held = float(world.price[SYMBOL]) * 1.02, world.held[SYMBOL]
    world.quote(SYMBOL, price)
    paid = Decimal(repr(price))
    gained = (paid - world.entry[SYMBOL]) * held
    world.now += 60_000
    fill = Fill(SYMBOL, 999, 999, "web_1", Side.SHORT, held, paid, Decimal(0), "USDT", gained, time_ms)
    balance = BalanceChanged(world.wallet + gained, ((SYMBOL, Decimal(0)),), time_ms, world.now)
    return balance, OrderFilled(fill, time_ms, world.now)


@pytest.mark.parametrize("is_fill_first", [True, False], ids=["fill first", "balance first"])
def test_a_day_that_turns_between_a_fill_and_its_balance_begins_with_what_is_there_after_both(is_fill_first: bool) -> None:
    world = a_world()
    until_open(world)
    trader, midnight = world.trader, (world.time // DAY + 1) * DAY
    trader.handle(ClockTicked(False, midnight - 60_000, world.now))
    first, second = taken_by_hand(world, midnight - 5)
    for event in (second, first) if is_fill_first else (first, second):
        trader.handle(event)
        outcome = trader.handle(ClockTicked(False, midnight + 1, world.now + 1))
    assert [notice.equity for notice in outcome.notices if isinstance(notice, DailyReport)] == [first.wallet]
    assert (trader.books.saved.day_ms, trader.books.saved.day_start_equity) == (midnight, first.wallet)


def test_a_day_waits_seconds_only_and_its_first_equity_is_taken_when_it_can_be_trusted() -> None:
    world = a_world()
    until_open(world)
    trader, midnight = world.trader, (world.time // DAY + 1) * DAY
    balance, fill = taken_by_hand(world, midnight - 5)
    trader.handle(balance)

    for second in range(6):
        trader.handle(ClockTicked(False, midnight + 1 + 1_000 * second, world.now + 1_000 * second))
    assert (trader.books.saved.day_ms, trader.books.saved.day_start_equity) == (midnight, Decimal(0))

    trader.handle(fill)
    assert (trader.books.saved.day_ms, trader.books.saved.day_start_equity) == (midnight, balance.wallet)


def test_a_latch_that_is_lifted_between_a_balance_and_its_fill_leaves_the_true_peak() -> None:
    world = a_world()
    until_open(world)
    world.trader.books.latched(LatchCause.DRAWDOWN, 0.1, 0.1, world.time)
    balance, fill = taken_by_hand(world, world.time)
    world.trader.handle(balance)

    assert world.wish(ResetLatch).code is ReplyCode.DONE
    world.trader.handle(fill)

    assert world.trader.books.saved.peak_equity == balance.wallet
    assert world.trader.books.saved.latch is None


def test_what_was_changed_long_ago_still_holds_after_a_restart() -> None:
    world = a_world()
    world.wish(Tune, name="leverage", value=2)
    for number in range(OVERRIDES_KEPT + 100):
        world.wish(Tune, name="activation_threshold", value=0.5 + 0.01 * (number % 2))

    world.saved = world.trader.state()
    world.wake_up()

    assert world.trader.params.leverage == 2
    assert len(world.trader.overrides) == OVERRIDES_KEPT + 1
