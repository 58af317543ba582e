"""A read of the account may lag behind our own executions, or fail: neither is a position that changed."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.execution.ids import client_id
from engine.model.events import AccountSynced, ErrandFailed, OrderFilled
from engine.model.messages import Errand, SyncAccount
from engine.model.orders import Role
from engine.model.signals import Side
from engine.ports import Event
from tests.engine.trader.hard_world import HardWorld
from tests.engine.trader.rising import until_open
from tests.engine.trader.test_adversity import a_hard_world
from tests.engine.trader.test_leaving import an_open_world, asked_for, close, memory, with_fate
from tests.engine.trader.world import SYMBOL, World


class LaggingList:
    """Positions as they were some seconds ago, with the time of their newest change then."""

    def __init__(self, world: World, lag_ms: int) -> None:
        self.before: list[tuple[int, Decimal, int]] = [(0, world.held[SYMBOL], world._changed_ms(SYMBOL))]
        tell, snapshot = world._tell, world._snapshot

        def told_of(event: Event) -> None:
            if isinstance(event, OrderFilled):
                self.before.append((world.now, world.held[SYMBOL], event.fill.time_ms))
            tell(event)

        def read() -> AccountSynced:
            _, known, changed_ms = [one for one in self.before if one[0] <= world.now - lag_ms][-1]
            true, world.held[SYMBOL] = world.held[SYMBOL], known
            seen = snapshot()
            world.held[SYMBOL] = true
            positions = tuple(replace(held, changed_ms=changed_ms) for held in seen.account.positions)
            return replace(seen, account=replace(seen.account, positions=positions))

        world._tell, world._snapshot = told_of, read  # type: ignore[method-assign]


@pytest.mark.parametrize("lag_ms", [1_500, 3_000, 4_900])
def test_a_list_of_positions_that_lags_behind_an_exit_is_not_followed(lag_ms: int) -> None:
    world = an_open_world()
    LaggingList(world, lag_ms)

    close(world)
    placed = with_fate(world, lambda world, order: False)
    for second in range(12):
        world.pass_time(1_000, is_check=second in (1, 3))

    assert len(world.trades) == 1
    assert memory(world).holding is None
    assert not placed


@pytest.mark.parametrize("lag_ms", [1_500, 4_900])
def test_a_list_of_positions_that_lags_behind_an_entry_is_not_followed(lag_ms: int) -> None:
    world = a_hard_world()
    LaggingList(world, lag_ms)
    until_open(world)
    for second in range(10):
        world.pass_time(1_000, is_check=second in (1, 3))
        assert not world.is_naked(SYMBOL)

    assert not world.trades
    assert len(world.fills) == 1
    holding = memory(world).holding
    assert holding is not None
    assert holding.quantity == world.held[SYMBOL]


def test_an_account_that_could_not_be_read_is_read_again_soon_and_not_only_at_its_next_turn() -> None:
    world, asked = an_open_world(), list[int]()
    carry_out = world._errand

    def failing(errand: Errand) -> None:
        if isinstance(errand, SyncAccount):
            asked.append(world.now)
            world._tell(ErrandFailed("SyncAccount", "", "502", world.time, world.now))
        else:
            carry_out(errand)

    world._errand = failing  # type: ignore[method-assign]
    began = world.now
    world.pass_time(1_000, is_check=True)
    for _ in range(9):
        world.pass_time(1_000)
    world._errand = carry_out  # type: ignore[method-assign]
    world.pass_time(2_000)
    answered = len(asked)
    for _ in range(10):
        world.pass_time(1_000)

    assert [moment - began for moment in asked] == [1_000, 3_000, 5_000, 7_000, 9_000]
    assert len(asked) == answered


def intent_of(world: HardWorld) -> str:
    holding = memory(world).holding
    assert holding is not None
    return holding.trade.intent_id


def test_a_look_that_was_asked_for_before_the_newest_execution_is_no_difference_and_is_asked_for_again() -> None:
    world = an_open_world()
    before = world._snapshot()
    world.now += 100
    world._fill(SYMBOL, Side.SHORT, Decimal("0.5"), client_id(Role.EXIT, intent_of(world), 9), 77)
    world._run()

    world.give(replace(before, seen_ms=world.now))

    assert not world.trader.desks[SYMBOL].difference.quantity
    asked = asked_for(world)
    world.pass_time(1)
    assert asked[0] == SyncAccount()
    world.pass_time(1_000)
    assert not world.trader.desks[SYMBOL].difference.since_ms
    holding = memory(world).holding
    assert holding is not None
    assert holding.quantity == world.held[SYMBOL]


def test_a_read_of_the_account_that_fails_is_never_a_flat_position() -> None:
    world = an_open_world()
    world._errand = world._failed  # type: ignore[method-assign]

    for second in range(90):
        world.pass_time(1_000, is_check=second % 30 == 0)

    holding = memory(world).holding
    assert holding is not None
    assert holding.quantity == world.held[SYMBOL]
    assert not world.trades


def test_a_position_that_differs_for_longer_than_a_list_may_lag_is_followed() -> None:
    world = an_open_world()
    close(world)
    world.held[SYMBOL] = world.fills[0].quantity

    for _ in range(6):
        world.pass_time(1_000)
    early = memory(world).holding
    for _ in range(6):
        world.pass_time(1_000)

    assert early is None
    assert world.held[SYMBOL] == 0, "the exit that was not done goes on"
    assert memory(world).holding is None
