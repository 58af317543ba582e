"""Guarding a position while the exchange refuses, somebody else is in the way, or a stop that was crossed does nothing."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

import pytest

from engine.execution.ids import read
from engine.model.events import MarkSeen, PriceSeen, StopChanged
from engine.model.market import PriceWindow
from engine.model.messages import CancelOrder
from engine.model.notices import CoverVerified, OutsideChange, OutsideQuestion
from engine.model.orders import ApprovedOrder, ExitReason, Role, StopStatus, TriggerBy
from engine.model.signals import Side
from tests.engine.trader.hard_world import HardWorld, settle
from tests.engine.trader.rising import WARMUP, rising, told, until_open
from tests.engine.trader.test_adversity import a_hard_world, by_hand
from tests.engine.trader.test_leaving import an_open_world, asked_for, close, exits, memory, refusing, with_fate
from tests.engine.trader.world import SYMBOL

THEIRS: Final = "their_whole_stop"
GUARDS: Final = (Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET)


def their_stop() -> ApprovedOrder:
    """A stop on the whole position that somebody else placed."""
    return ApprovedOrder(THEIRS, "", SYMBOL, Role.WIDE_STOP, Side.SHORT, None, Decimal(1), TriggerBy.MARK, reduce_only=True)


def until_sent(world: HardWorld, placed: list[ApprovedOrder]) -> None:
    """Let a rising market go on until an entry was sent, whatever became of it."""
    for number, (bar, following) in enumerate(pairwise(rising(200))):
        world.close(bar, following.open, is_history=number < WARMUP)
        if any(order.role is Role.ENTRY for order in placed):
            return
    raise AssertionError("the market never gave an entry")


def roles(world: HardWorld) -> list[Role]:
    return sorted(stop.role for stop in world.stops.values() if read(stop.client_id) is not None)


# --- stops that are not taken ---------------------------------------------------------------------------------------


def test_a_whole_stop_of_somebody_else_takes_no_place_of_ours_and_is_told_once() -> None:
    world = a_hard_world()
    world.stops[THEIRS] = their_stop()
    placed = with_fate(world, lambda world, order: False)
    until_open(world)
    settle(world, 90)

    assert not world.trader.is_busy
    assert len(told(world, CoverVerified)) == 1
    assert [notice.what for notice in told(world, OutsideChange)] == ["wide_stop_kept_out"]
    assert 2 <= sum(order.role is Role.WIDE_STOP for order in placed) <= 6
    assert roles(world) == sorted((Role.TIGHT_STOP, Role.TARGET))
    assert THEIRS in world.stops


def test_our_wide_stop_takes_its_place_as_soon_as_a_listing_shows_that_it_is_free() -> None:
    world = a_hard_world()
    world.stops[THEIRS] = their_stop()
    until_open(world)
    settle(world, 5)

    del world.stops[THEIRS]
    world.pass_time(500, is_check=True)
    world.pass_time(500)
    world.pass_time(1_000)

    assert roles(world) == sorted(GUARDS)
    assert not world.trader.is_busy
    assert not memory(world).wide_blocked_by


def test_a_position_that_the_exchange_does_not_see_yet_gets_its_stops_in_growing_steps() -> None:
    world = a_hard_world()
    placed = with_fate(world, refusing(-4509, Role.WIDE_STOP))
    until_open(world)
    for _ in range(600):
        world.pass_time(100)

    tries = sum(order.role is Role.WIDE_STOP for order in placed)
    assert 5 <= tries <= 12
    assert world.held[SYMBOL], "the tight stop guards it"


def test_a_position_that_stays_naked_is_closed_after_two_seconds_though_the_exchange_only_sees_it_late() -> None:
    world = a_hard_world()
    with_fate(world, refusing(-4509, Role.WIDE_STOP, Role.TIGHT_STOP))
    until_open(world)

    for _ in range(21):
        world.pass_time(100)

    assert world.held[SYMBOL] == 0


def test_while_everything_is_refused_a_stop_and_an_exit_are_tried_every_second() -> None:
    world = a_hard_world()
    placed = with_fate(world, refusing(-1008, Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET, Role.EXIT))
    until_open(world)
    for _ in range(4):
        world.pass_time(1_000)

    for _ in range(10):
        before = len(placed)
        for _ in range(10):
            world.pass_time(100)
        tried = {order.role for order in placed[before:]}
        assert {Role.WIDE_STOP, Role.TIGHT_STOP, Role.EXIT} <= tried


def test_one_more_stop_than_the_account_may_have_sweeps_what_is_nobodys_and_is_placed_then() -> None:
    world = a_hard_world()
    orphan = replace(their_stop(), client_id="abT" + "a" * 16 + "001", quantity=Decimal(1), role=Role.TIGHT_STOP)

    def fate(world: HardWorld, order: ApprovedOrder) -> bool:
        full = orphan.client_id in world.stops
        return order.trigger_price is not None and full and refusing(-4045, *GUARDS)(world, order)

    placed = with_fate(world, fate)
    world.stops[orphan.client_id] = orphan
    until_sent(world, placed)
    for _ in range(20):
        world.pass_time(100)

    assert orphan.client_id not in world.stops
    assert roles(world) == sorted(GUARDS)
    assert world.held[SYMBOL]


def test_where_no_more_stops_are_taken_at_all_the_position_is_closed() -> None:
    world = a_hard_world()
    with_fate(world, refusing(-4045, *GUARDS))
    until_open(world)
    for _ in range(21):
        world.pass_time(100)

    assert world.held[SYMBOL] == 0


@pytest.mark.parametrize(("role", "reason"), [(Role.TIGHT_STOP, ExitReason.STOP_LOSS), (Role.TARGET, ExitReason.TAKE_PROFIT)])
def test_a_stop_that_would_trigger_at_once_is_an_exit_at_once(role: Role, reason: ExitReason) -> None:
    world = a_hard_world()
    placed = with_fate(world, refusing(-2021, role, times=1))
    until_sent(world, placed)

    assert world.held[SYMBOL] == 0
    assert world.trades[-1].reason is reason


# --- stops that do nothing ------------------------------------------------------------------------------------------


def stand(world: HardWorld, *, last: float | None = None, mark: float | None = None) -> None:
    if last is not None:
        world.give(PriceSeen(SYMBOL, last, PriceWindow(last, last, last), world.time, world.now))
    if mark is not None:
        world.give(MarkSeen(SYMBOL, mark, 0.0001, world.time + 1, world.time, world.now))


def stop_of(world: HardWorld) -> float:
    holding = memory(world).holding
    assert holding is not None
    return holding.plan.stop


@pytest.mark.parametrize(("beyond", "is_left"), [(0.003, True), (0.001, False)])
def test_a_mark_clearly_beyond_the_stop_for_three_seconds_makes_us_leave(beyond: float, is_left: bool) -> None:
    world = an_open_world()
    mark = stop_of(world) * (1 - beyond)

    for _ in range(6):
        stand(world, mark=mark)
        world.pass_time(500)
    assert world.held[SYMBOL] or is_left
    world.pass_time(500)

    assert (world.held[SYMBOL] == 0) is is_left


def test_a_mark_that_comes_back_within_three_seconds_is_no_reason_to_leave() -> None:
    world = an_open_world()
    stop = stop_of(world)

    for factor in (0.99, 0.99, 1.01, 0.99, 0.99):
        stand(world, mark=stop * factor)
        world.pass_time(1_000)

    assert world.held[SYMBOL]


def test_a_position_that_is_being_closed_by_its_stop_gets_three_more_seconds_with_each_part() -> None:
    world = an_open_world()
    stop = stop_of(world)
    stand(world, mark=stop * 0.99)
    world.pass_time(2_000)
    by_hand(world, Side.SHORT, Decimal("0.1"))
    placed = with_fate(world, lambda world, order: False)
    world.pass_time(2_000)
    assert not exits(placed)

    world.pass_time(1_000)

    assert exits(placed)


def test_last_prices_say_nothing_of_stops_that_the_mark_triggers() -> None:
    world = an_open_world()
    desk = world.trader.desks[SYMBOL]
    desk.terms = replace(desk.terms, tight_trigger=TriggerBy.MARK)
    last = stop_of(world) * 0.99

    for _ in range(6):
        stand(world, last=last)
        world.pass_time(1_000)

    assert world.held[SYMBOL]


def news(world: HardWorld, role: Role, status: StopStatus) -> None:
    stop = next(stop for stop in world.stops.values() if stop.role is role)
    del world.stops[stop.client_id]
    world.give(StopChanged(SYMBOL, stop.client_id, 1, status, 0, "", world.time, world.now))


@pytest.mark.parametrize("role", [Role.TIGHT_STOP, Role.WIDE_STOP])
def test_a_stop_that_the_exchange_let_expire_is_placed_again(role: Role) -> None:
    world = an_open_world()

    news(world, role, StopStatus.EXPIRED)

    assert roles(world) == sorted(GUARDS)
    assert world.held[SYMBOL]


@pytest.mark.parametrize("status", [StopStatus.EXPIRED, StopStatus.REJECTED])
def test_a_stop_that_ended_unfilled_with_the_price_beyond_it_is_an_exit_at_once(status: StopStatus) -> None:
    world = an_open_world()
    stand(world, last=stop_of(world) * 0.99)

    news(world, Role.TIGHT_STOP, status)

    assert world.held[SYMBOL] == 0


# --- what earlier positions left --------------------------------------------------------------------------------------


def test_a_stop_of_an_earlier_position_guards_nothing_and_is_swept() -> None:
    world = an_open_world()
    answer, old = world._errand, set(world.stops)
    world._errand = lambda errand: None if isinstance(errand, CancelOrder) else answer(errand)  # type: ignore[method-assign]
    stale = {name: stop for name, stop in world.stops.items() if stop.quantity is not None}
    close(world)
    by_hand(world, Side.LONG, Decimal(1))
    placed_for_it = set(world.stops) - old
    assert {world.stops[name].role for name in placed_for_it} == {Role.WIDE_STOP, Role.TIGHT_STOP}
    assert set(stale) <= set(world.stops)

    world._errand = answer  # type: ignore[method-assign]
    for _ in range(15):
        world.pass_time(1_000)

    assert not set(stale) & set(world.stops)
    assert not world.is_naked(SYMBOL)
    assert told(world, OutsideQuestion)


def test_what_rests_after_flat_is_cancelled_at_once_and_looked_for_once_more_within_fifteen_seconds() -> None:
    world = an_open_world()
    late = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)
    close(world)
    for _ in range(9):
        world.pass_time(1_000)
    assert not world.stops

    world.stops[late.client_id] = late
    asked = asked_for(world)
    for _ in range(6):
        world.pass_time(1_000)

    assert not world.stops
    assert any(isinstance(errand, CancelOrder) for errand in asked)
