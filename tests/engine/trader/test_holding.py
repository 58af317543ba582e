"""What is done with an open position: left as asked, guarded whatever others do, and flat with the panic."""

from decimal import Decimal
from itertools import pairwise

import pytest

from engine.model.commands import ClosePosition, MoveStopToEntry, Panic, ResetLatch, StartTrading, StopHow, StopTrading
from engine.model.events import PriceSeen
from engine.model.market import PriceWindow
from engine.model.messages import ReplyCode
from engine.model.notices import CoverMissing, LatchSet, OutsideQuestion, PanicDone, PositionClosed
from engine.model.orders import ExitReason, Role
from tests.engine.trader.rising import EAGER, WARMUP, a_world, rising, run, told, until_open
from tests.engine.trader.world import HOUR, SYMBOL, World


def test_closing_half_leaves_half_guarded_and_closing_the_rest_leaves_nothing() -> None:
    world = a_world()
    until_open(world)
    intent, before = world.trader.view().desks[SYMBOL].position.trade.intent_id, world.held[SYMBOL]  # type: ignore[union-attr]

    world.wish(ClosePosition, intent_id=intent, fraction=0.5)
    half = world.held[SYMBOL]
    guards = {order.role: order.quantity for order in world.stops.values()}
    world.wish(ClosePosition, intent_id=intent, fraction=1.0)

    assert abs(half - before / 2) <= Decimal("0.001")
    assert guards[Role.TIGHT_STOP] == guards[Role.TARGET] == half
    assert world.held[SYMBOL] == 0
    assert not world.stops
    assert told(world, PositionClosed)[0].reason is ExitReason.MANUAL


def test_the_stop_moves_to_the_entry_only_where_that_tightens_it() -> None:
    world = a_world(params=EAGER._replace(take_profit_multiplier=50.0))
    until_open(world)
    position = world.trader.view().desks[SYMBOL].position
    assert position is not None
    world.quote(SYMBOL, position.plan.entry * 1.01)

    first = world.wish(MoveStopToEntry, intent_id=position.trade.intent_id)
    second = world.wish(MoveStopToEntry, intent_id=position.trade.intent_id)

    tight = [float(order.trigger_price or 0) for order in world.stops.values() if order.role is Role.TIGHT_STOP]
    assert first.code is ReplyCode.SENT
    assert second.code is ReplyCode.WOULD_LOOSEN
    assert tight == [pytest.approx(position.plan.entry, abs=0.01)]


def test_panic_closes_everything_sweeps_latches_and_reports_once() -> None:
    world = a_world()
    until_open(world)

    world.wish(Panic)
    again = world.wish(Panic)
    world.pass_time(1_000)

    assert world.held[SYMBOL] == 0
    assert not world.stops
    assert len(told(world, PanicDone)) == 1
    assert len(told(world, LatchSet)) == 1
    assert again.is_ok
    assert world.trades[-1].reason is ExitReason.PANIC


def test_the_latch_blocks_entries_until_it_is_lifted() -> None:
    world = a_world()
    world.wish(Panic)
    world.wish(StartTrading)
    run(world, rising(WARMUP + 40))
    blocked = not world.fills

    world.wish(ResetLatch)
    run(world, rising(60, first_ms=HOUR * (WARMUP + 40), start=1_300.0), warm=0)

    assert blocked
    assert world.fills


def test_a_drawdown_sets_the_latch_at_once_and_the_position_keeps_its_exits() -> None:
    world = a_world(params=EAGER._replace(max_drawdown=0.001, stop_atr_multiplier=8.0, risk_per_trade=0.05))
    until_open(world)

    world.quote(SYMBOL, float(world.price[SYMBOL]) * 0.98)

    assert told(world, LatchSet)
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET}


def test_a_refused_tight_stop_ends_in_a_market_exit() -> None:
    world = a_world()
    world.refuse = {Role.TIGHT_STOP: -2021}

    until_open_or_closed(world)

    assert world.held[SYMBOL] == 0
    assert world.trades[0].reason is ExitReason.STOP_LOSS


def until_open_or_closed(world: World) -> None:
    """Let bars happen until something was filled."""
    for number, (bar, following) in enumerate(pairwise(rising(200))):
        world.close(bar, following.open, is_history=number < WARMUP)
        if world.fills:
            return
    raise AssertionError("the market never gave an entry")


def test_a_stop_cancelled_by_hand_is_put_back() -> None:
    world = a_world()
    until_open(world)
    name = next(stop.client_id for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)

    del world.stops[name]
    world.pass_time(30_000, is_check=True)
    world.pass_time(1_000)

    assert Role.TIGHT_STOP in {order.role for order in world.stops.values()}


def test_a_position_closed_by_hand_is_noticed_and_its_stops_are_swept() -> None:
    world = a_world()
    until_open(world)

    world.held[SYMBOL] = Decimal(0)
    world.pass_time(30_000, is_check=True)
    for _ in range(9):
        world.pass_time(1_000)

    assert world.trades[-1].reason is ExitReason.CLOSED_ELSEWHERE
    assert not world.stops


def test_a_position_opened_by_hand_is_guarded_and_told() -> None:
    world = a_world()
    run(world, rising(WARMUP + 2))

    world.held[SYMBOL], world.entry[SYMBOL] = Decimal(1), world.price[SYMBOL]
    world.pass_time(30_000, is_check=True)
    for _ in range(4):
        world.pass_time(1_000)

    assert told(world, OutsideQuestion)
    assert Role.WIDE_STOP in {order.role for order in world.stops.values()}


def test_a_price_that_stays_beyond_the_stop_makes_us_leave_ourselves() -> None:
    world = a_world()
    until_open(world)
    low = float(world.price[SYMBOL]) * 0.9
    world.give(PriceSeen(SYMBOL, low, PriceWindow(low, low, low), world.time, world.now))
    world.pass_time(3_000)

    assert world.held[SYMBOL] == 0
    assert told(world, CoverMissing)


def test_leaving_at_a_target_that_did_not_fire_is_called_by_its_name() -> None:
    world = a_world()
    until_open(world)
    high = float(world.price[SYMBOL]) * 1.5

    world.give(PriceSeen(SYMBOL, high, PriceWindow(high, high, high), world.time, world.now))
    world.pass_time(3_000)

    assert world.trades[-1].reason is ExitReason.TAKE_PROFIT


def test_stopping_flat_keeps_the_stops_or_closes_all_as_asked() -> None:
    kept, closed = a_world(), a_world()
    until_open(kept)
    until_open(closed)

    kept.wish(StopTrading, how=StopHow.KEEP)
    closed.wish(StopTrading, how=StopHow.CLOSE)

    assert kept.held[SYMBOL] > 0
    assert kept.stops
    assert closed.held[SYMBOL] == 0
    assert not closed.stops
