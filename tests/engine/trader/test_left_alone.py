"""A position that was left alone to our wide stop: what that stop leaves open when it triggers is guarded on."""

from decimal import Decimal

import pytest

from engine.model.commands import OutsideChoice
from engine.model.events import StopChanged
from engine.model.messages import CancelOrder
from engine.model.orders import ApprovedOrder, Role, StopStatus
from engine.model.signals import Side
from tests.engine.trader.hands import OpenWorld
from tests.engine.trader.test_outside import a_world, answer, changes, later, roles
from tests.engine.trader.world import SYMBOL

CHILD = 777
PART = Decimal("0.4")


def an_ignored_world() -> OpenWorld:
    world = a_world()
    world.by_hand(Side.LONG, "1")
    answer(world, OutsideChoice.IGNORE)
    assert roles(world) == {Role.WIDE_STOP}
    return world


def fires_in_part(world: OpenWorld) -> ApprovedOrder:
    """The wide stop triggers, a part of it fills, and the exchange lets the rest of it expire."""
    (stop,) = world.stops.values()
    del world.stops[stop.client_id]
    for status in (StopStatus.TRIGGERED, StopStatus.FINISHED):
        world.give(StopChanged(SYMBOL, stop.client_id, 1, status, CHILD, "", world.time, world.now))
        if status is StopStatus.TRIGGERED:
            world._fill(SYMBOL, stop.side, PART, f"child{CHILD}", CHILD)
    world._run()
    return stop


def test_what_a_stop_left_open_gets_a_new_one_where_the_price_came_back_and_the_owner_is_told() -> None:
    world = an_ignored_world()
    spent = fires_in_part(world)

    later(world, 5)

    (stop,) = world.stops.values()
    assert (stop.role, stop.trigger_price) == (Role.WIDE_STOP, spent.trigger_price)
    assert stop.client_id != spent.client_id
    assert world.held[SYMBOL] == 1 - PART
    assert "stop_spent" in changes(world)
    told = len(world.notices)
    later(world, 30)
    assert (len(world.stops), len(world.notices)) == (1, told)


def test_what_a_stop_left_open_is_left_at_market_where_the_price_is_still_beyond_it() -> None:
    world = an_ignored_world()
    fires_in_part(world)
    world.refuse = {Role.WIDE_STOP: -2021}

    later(world, 5)

    assert not world.held[SYMBOL]


def test_a_stop_whose_executions_are_late_is_given_its_time() -> None:
    world = an_ignored_world()
    fires_in_part(world)
    orders = len(world.orders)

    later(world, 2)
    world._fill(SYMBOL, Side.SHORT, 1 - PART, f"child{CHILD}", CHILD)
    later(world, 8)

    assert len(world.orders) == orders
    assert not world.trades


def test_a_wide_stop_that_expired_before_its_trigger_is_placed_again_and_nothing_is_sold() -> None:
    world = an_ignored_world()
    (stop,) = world.stops.values()
    holding = world.trader.desks[SYMBOL].memory.holding
    assert holding is not None
    world.quote(SYMBOL, (holding.plan.stop + holding.plan.wide_stop) / 2)
    later(world, 6)
    del world.stops[stop.client_id]

    world.give(StopChanged(SYMBOL, stop.client_id, 1, StopStatus.EXPIRED, 0, "", world.time, world.now))
    later(world, 5)

    assert world.held[SYMBOL] == 1
    assert roles(world) == {Role.WIDE_STOP}


@pytest.mark.parametrize("choice", [OutsideChoice.IGNORE, OutsideChoice.FORGET])
def test_a_stop_that_is_refused_on_its_way_out_sells_nothing_of_what_is_left_alone(choice: OutsideChoice) -> None:
    world = a_world()
    world.by_hand(Side.LONG, "1")
    later(world)
    tight = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)
    carry_out = world._errand
    world._errand = lambda errand: None if isinstance(errand, CancelOrder) else carry_out(errand)  # type: ignore[method-assign]
    answer(world, choice)
    del world.stops[tight.client_id]

    world.give(StopChanged(SYMBOL, tight.client_id, 1, StopStatus.REJECTED, 0, "", world.time, world.now))
    later(world, 5)

    assert world.held[SYMBOL] == 1
