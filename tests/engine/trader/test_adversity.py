"""What the Trader does when the exchange, the owner's own hands or a crash get in the way of one trade."""

from decimal import Decimal
from typing import Any, Final

import pytest

from engine.model.commands import StartTrading
from engine.model.events import BalanceChanged, FeedRestored, OrderFilled, PriceSeen, Route
from engine.model.market import PriceWindow
from engine.model.notices import OutsideChange
from engine.model.orders import Role
from engine.model.signals import Side
from engine.ports import Event
from tests.engine.trader.hard_world import Faults, HardWorld, settle
from tests.engine.trader.test_trader import EAGER, WARMUP, a_world, told, until_open
from tests.engine.trader.world import HOUR, SYMBOL, World

DAY: Final = 24 * HOUR


def a_hard_world(**settings: Any) -> HardWorld:
    """A hard world, still calm, that is warm and trades."""
    chosen: dict[str, Any] = {"params": EAGER, "warmup": WARMUP} | settings
    world = HardWorld(**chosen)
    world.wish(StartTrading)
    return world


def by_hand(world: World, side: Side, quantity: Decimal) -> None:
    """The owner trades at the exchange itself."""
    world._fill(SYMBOL, side, quantity, "web_order", 900_000 + len(world.fills))
    world._run()


def test_a_position_reversed_by_hand_is_covered_by_stops_of_its_own() -> None:
    world = a_world()
    until_open(world)
    before = set(world.stops)

    by_hand(world, Side.SHORT, world.held[SYMBOL] * 2)
    for _ in range(3):
        world.pass_time(1_000)

    assert world.held[SYMBOL] < 0
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET}
    assert all(order.side is Side.LONG for order in world.stops.values())
    assert not before & set(world.stops), "the old position's stops are gone"


def test_executions_from_before_the_first_start_are_not_booked() -> None:
    world = World(params=EAGER, warmup=WARMUP)
    world.time, world.price[SYMBOL] = 30 * DAY, Decimal(1_000)
    by_hand(world, Side.LONG, Decimal(3))
    by_hand(world, Side.SHORT, Decimal(3))
    world.time += HOUR

    again = World(params=EAGER, warmup=WARMUP)
    again.time, again.fills = world.time, world.fills
    again.wake_up()
    again.give(FeedRestored(Route.PRIVATE, 0, again.time, again.now))
    again.pass_time(30_000, is_check=True)

    assert not again.trades
    assert not told(again, OutsideChange)


def test_an_execution_that_was_lost_is_found_though_a_later_one_was_booked() -> None:
    world = a_hard_world()
    world.faults = Faults(most_parts=3)
    tell, seen = world._tell, list[Event]()

    def all_but_the_first(event: Event) -> None:
        seen.extend([event] if isinstance(event, OrderFilled) else [])
        if not isinstance(event, OrderFilled) or len(seen) != 1:
            tell(event)

    world._tell = all_but_the_first  # type: ignore[method-assign]
    until_open(world)
    settle(world, 5)

    holding = world.trader.desks[SYMBOL].memory.holding
    assert len(seen) > 1
    assert holding is not None
    assert holding.quantity == world.held[SYMBOL]
    assert world.trader.desks[SYMBOL].memory.entry is None


def test_a_restart_after_a_pause_covers_a_position_instead_of_closing_it() -> None:
    world = a_hard_world()
    world.faults = Faults(refuse=0.0)
    world.refuse = {Role.WIDE_STOP: -1008, Role.TIGHT_STOP: -1008}
    until_open(world)

    world.now += 60_000
    world.reborn()
    settle(world, 3)

    assert world.held[SYMBOL] > 0
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET}


def test_a_price_beyond_the_stop_before_a_restart_is_no_reason_to_leave_after_it() -> None:
    world = a_hard_world()
    until_open(world)
    price = float(world.price[SYMBOL])
    world.give(PriceSeen(SYMBOL, price, PriceWindow(price * 0.9, price * 0.9, price * 0.9), world.time, world.now))

    world.now += 60_000
    world.reborn()
    settle(world, 3)

    assert world.held[SYMBOL] > 0


@pytest.mark.parametrize("second", [OrderFilled, BalanceChanged])
def test_a_profit_whose_balance_comes_before_or_after_its_fill_is_no_drawdown_and_no_peak(second: type[Event]) -> None:
    world = a_hard_world(params=EAGER._replace(max_drawdown=0.011))
    until_open(world)
    position = world.trader.view().desks[SYMBOL].position
    assert position is not None
    world.quote(SYMBOL, position.plan.target)
    peak = world.trader.books.saved.peak_equity

    tell, held_back = world._tell, list[Event]()
    world._tell = lambda event: held_back.append(event) if isinstance(event, second) else tell(event)  # type: ignore[method-assign]
    by_hand(world, Side.SHORT, world.held[SYMBOL])
    world.quote(SYMBOL, position.plan.target)
    world._tell = tell  # type: ignore[method-assign]
    for event in held_back:
        world.give(event)

    assert world.trader.books.saved.latch is None
    assert world.trader.books.saved.peak_equity == peak
    assert world.trader.view().equity < peak
