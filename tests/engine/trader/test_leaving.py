"""Leaving a position: repeated until flat by fills and by a look at the position, never growing it and never turning it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from typing import Final

import pytest

from engine.model.commands import ClosePosition, StopHow, StopTrading
from engine.model.events import OrderAccepted, OrderFilled, OrderGone, OrderRejected, RulesLoaded
from engine.model.messages import CancelOrder, Errand, SyncAccount
from engine.model.notices import PositionReduced
from engine.model.orders import ApprovedOrder, Role
from engine.model.saved import SavedDesk
from engine.model.signals import Side
from tests.engine.trader.hard_world import HardWorld
from tests.engine.trader.rising import WARMUP, a_world, rising, run, told, until_open
from tests.engine.trader.test_adversity import a_hard_world
from tests.engine.trader.world import SYMBOL, rules

LOT: Final = Decimal("0.001")
type Fate = Callable[[HardWorld, ApprovedOrder], bool]


def an_open_world() -> HardWorld:
    world = a_hard_world()
    until_open(world)
    world.pass_time(1_000)
    return world


def memory(world: HardWorld) -> SavedDesk:
    return world.trader.desks[SYMBOL].memory


def with_fate(world: HardWorld, fate: Fate) -> list[ApprovedOrder]:
    """Let `fate` answer the orders that it wants to; all that are placed from here on."""
    place, placed = world._order, list[ApprovedOrder]()

    def answered(order: ApprovedOrder) -> None:
        placed.append(order)
        if not fate(world, order):
            place(order)

    world._order = answered  # type: ignore[method-assign]
    return placed


def exits(placed: list[ApprovedOrder]) -> list[ApprovedOrder]:
    return [order for order in placed if order.role is Role.EXIT]


def refusing(code: int, *roles: Role, times: int = 10_000) -> Fate:
    left = [times]

    def fate(world: HardWorld, order: ApprovedOrder) -> bool:
        if order.role not in roles or not left[0]:
            return False
        left[0] -= 1
        world._tell(OrderRejected(order.symbol, order.client_id, code, "no", world.time, world.now))
        return True

    return fate


def asked_for(world: HardWorld) -> list[Errand]:
    answer, asked = world._errand, list[Errand]()

    def carried_out(errand: Errand) -> None:
        asked.append(errand)
        answer(errand)

    world._errand = carried_out  # type: ignore[method-assign]
    return asked


def close(world: HardWorld, fraction: float = 1.0) -> None:
    holding = memory(world).holding
    assert holding is not None
    world.wish(ClosePosition, intent_id=holding.trade.intent_id, fraction=fraction)


def test_a_refused_exit_backs_off_to_a_second_and_asks_for_the_account_once_a_second() -> None:
    world = an_open_world()
    placed, asked = with_fate(world, refusing(-1008, Role.EXIT)), asked_for(world)
    began = world.now
    close(world)
    sent = [began] * len(exits(placed))
    for _ in range(100):
        world.pass_time(100)
        sent += [world.now] * (len(exits(placed)) - len(sent))

    gaps = [later - earlier for earlier, later in pairwise(sent)]
    assert gaps[:4] == [200, 400, 800, 1_000]
    assert set(gaps[4:]) == {1_000}
    assert sum(isinstance(errand, SyncAccount) for errand in asked) <= 11


@pytest.mark.parametrize("code", [-2022, -4118])
def test_orders_of_ours_that_keep_an_exit_from_being_taken_are_cancelled_and_cover_stays(code: int) -> None:
    world = an_open_world()

    def fate(world: HardWorld, order: ApprovedOrder) -> bool:
        blocked = any(stop.role in (Role.TARGET, Role.TIGHT_STOP) for stop in world.stops.values())
        return order.role is Role.EXIT and blocked and refusing(code, Role.EXIT)(world, order)

    with_fate(world, fate)
    close(world)
    for _ in range(30):
        assert not world.is_naked(SYMBOL)
        world.pass_time(200)

    assert world.held[SYMBOL] == 0
    assert not world.stops


def test_a_position_that_the_exchange_says_is_flat_is_done_though_an_exit_was_refused() -> None:
    world = an_open_world()
    tell = world._tell
    world._tell = lambda event: None if isinstance(event, OrderFilled) else tell(event)  # type: ignore[method-assign]
    world._errand(CancelOrder(SYMBOL, next(iter(world.stops)), is_stop=True))
    world.held[SYMBOL] = Decimal(0)
    world.now += 10_000

    close(world)
    for _ in range(9):  # nothing that is listed tells of it
        world.pass_time(1_000)

    assert memory(world).holding is None
    assert not world.stops


def test_a_part_above_the_largest_market_order_is_sold_in_pieces_to_the_last_lot() -> None:
    world = an_open_world()
    held = world.held[SYMBOL]
    largest = (held / 7).quantize(LOT)
    world.give(RulesLoaded(replace(rules(), max_market_quantity=largest), world.time, world.now))
    placed = with_fate(world, lambda world, order: False)

    close(world, 0.5)
    for _ in range(20):
        world.pass_time(100)

    sold = sum(order.quantity or Decimal(0) for order in exits(placed))
    assert len(exits(placed)) > 3
    assert abs(sold - held / 2) <= LOT
    assert world.held[SYMBOL] == held - sold
    assert len(told(world, PositionReduced)) == 1
    assert memory(world).exit is None
    assert not world.is_naked(SYMBOL)


def expiring(share: Decimal, times: int, *, by_news: bool) -> Fate:
    """Exits that execute a share of what they were for, and expire."""
    left = [times]

    def fate(world: HardWorld, order: ApprovedOrder) -> bool:
        if order.role is not Role.EXIT or not left[0]:
            return False
        left[0] -= 1
        assert order.quantity is not None
        part, now = (order.quantity * share).quantize(LOT), (world.time, world.now)
        if part:
            world._filled_in_parts(order.symbol, order.side, part, order.client_id, 4_000 + left[0])
        if by_news:
            world._tell(OrderGone(order.symbol, order.client_id, 1, "EXPIRED", part, *now))
        else:
            world._tell(OrderAccepted(order.symbol, order.client_id, 1, part, True, *now))
        return True

    return fate


@pytest.mark.parametrize("by_news", [True, False])
@pytest.mark.parametrize("share", [Decimal("0.4"), Decimal(0)])
@pytest.mark.parametrize("fraction", [1.0, 0.5])
def test_an_exit_that_expired_with_a_part_goes_on_with_the_rest(share: Decimal, fraction: float, by_news: bool) -> None:
    world = an_open_world()
    held = world.held[SYMBOL]
    placed = with_fate(world, expiring(share, 2, by_news=by_news))

    close(world, fraction)
    for _ in range(15):
        world.pass_time(200)

    assert len(exits(placed)) == 3
    assert abs(world.held[SYMBOL] - held * (1 - Decimal(repr(fraction)))) <= LOT
    assert memory(world).exit is None


def test_a_rest_that_is_too_small_for_an_entry_is_closed_reduce_only() -> None:
    world = an_open_world()
    held = world.held[SYMBOL]
    placed = with_fate(world, expiring((held - LOT) / held, 1, by_news=False))

    close(world)
    for _ in range(5):
        world.pass_time(500)

    assert exits(placed)[-1].quantity == LOT
    assert all(order.reduce_only for order in exits(placed))
    assert world.held[SYMBOL] == 0


def test_stops_stay_as_they_are_while_a_position_is_left_part_by_part() -> None:
    world = an_open_world()
    world.faults = replace(world.faults, most_parts=20)
    placed = with_fate(world, lambda world, order: False)
    asked = asked_for(world)

    close(world)

    assert not [order for order in placed if order.role is not Role.EXIT]
    assert sum(isinstance(errand, CancelOrder) for errand in asked) <= 3


def test_what_the_position_still_holds_after_the_fills_said_flat_is_closed_too() -> None:
    world = an_open_world()
    kept = Decimal("0.5")
    close(world)
    assert world.held[SYMBOL] == 0
    world.held[SYMBOL], world.entry[SYMBOL] = kept, world.price[SYMBOL]  # the exchange knows of more than it told

    for _ in range(12):
        world.pass_time(1_000)

    assert world.held[SYMBOL] == 0
    assert memory(world).holding is None


def test_flat_by_fills_is_confirmed_by_a_look_that_began_after_the_last_fill() -> None:
    world = an_open_world()
    answer = world._errand
    world._errand = lambda errand: None if isinstance(errand, SyncAccount) else answer(errand)  # type: ignore[method-assign]
    close(world)
    assert memory(world).flat_since_ms

    world._errand = answer  # type: ignore[method-assign]
    for _ in range(3):
        world.pass_time(1_000)

    assert not memory(world).flat_since_ms


@pytest.mark.parametrize("theirs", ["none", "closed again", "held"])
def test_what_comes_of_an_unwanted_entry_is_closed_whatever_others_did_meanwhile(theirs: str) -> None:
    world, entries = a_world(), list[ApprovedOrder]()
    place = world._order
    world._order = lambda order: entries.append(order) if order.role is Role.ENTRY else place(order)  # type: ignore[method-assign]
    run(world, rising(WARMUP + 30))
    world._order = place  # type: ignore[method-assign]
    world.wish(StopTrading, how=StopHow.CLOSE)
    if theirs != "none":
        world._fill(SYMBOL, Side.LONG, Decimal("0.5"), "web_1", 9_001)
        world._run()
        world.pass_time(1_000)
        assert world.held[SYMBOL] == Decimal("0.5"), "what they hold is not sold"
    if theirs == "closed again":
        world._fill(SYMBOL, Side.SHORT, Decimal("0.5"), "web_2", 9_002)
        world._run()
        world.pass_time(1_000)

    place(entries[0])
    world._run()
    for _ in range(20):
        world.pass_time(1_000)

    assert world.held[SYMBOL] == 0
