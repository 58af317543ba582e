"""A trader that lost its memory: what guards a position stays until its own stops were seen."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.adapters.codec import decode, encode
from engine.desk.lag import booked_quantity
from engine.model.events import AccountSynced, FillsListed, OrderFilled
from engine.model.messages import CancelOrder, Errand
from engine.model.orders import ApprovedOrder, Fill, Role
from engine.model.saved import SavedState
from engine.model.signals import Side
from tests.engine.trader.hard_world import HardWorld
from tests.engine.trader.rising import WARMUP, rising, until_open
from tests.engine.trader.test_adversity import a_hard_world
from tests.engine.trader.test_leaving import memory, refusing, with_fate
from tests.engine.trader.world import SYMBOL


def an_open_world() -> HardWorld:
    """A position that its stops were seen to cover."""
    world = a_hard_world()
    until_open(world)
    for _ in range(30):
        world.pass_time(100)
    assert len(world.stops) == 3
    return world


def starts_anew(world: HardWorld, saved: SavedState | None) -> None:
    """A process that knows no market time yet."""
    world.saved, world.time = saved, 0
    world._inbox.clear()
    world.wake_up()


def lives(world: HardWorld) -> None:
    for moment in range(80):
        world.pass_time(100, is_check=moment % 10 == 0)


def lives_on_without_memory(world: HardWorld) -> None:
    world.saved = None
    world.restart()
    lives(world)


def bared_by(world: HardWorld) -> list[Errand]:
    """The errands after which the position had no stop."""
    bared, carry_out = list[Errand](), world._errand

    def watched(errand: Errand) -> None:
        carry_out(errand)
        if world.is_naked(SYMBOL):
            bared.append(errand)

    world._errand = watched  # type: ignore[method-assign]
    return bared


def is_left(world: HardWorld, before: set[str]) -> set[Role]:
    """Which kinds of the old stops still rest."""
    return {order.role for name, order in world.stops.items() if name in before}


def test_stops_that_nobody_remembers_stay_until_others_were_seen_and_go_then_but_for_the_one_on_the_whole_position() -> None:
    world = an_open_world()
    before, naked = set(world.stops), bared_by(world)
    lives_on_without_memory(world)

    assert not naked
    assert world.held[SYMBOL]
    assert len(world.stops) == 2  # a target only once the owner said whose it is
    assert is_left(world, before) == {Role.WIDE_STOP}


@pytest.mark.parametrize("code", [-1008, -1003])
def test_a_new_stop_that_is_refused_once_leaves_one_of_the_old_ones_until_it_is_taken(code: int) -> None:
    world = an_open_world()
    before, naked = set(world.stops), bared_by(world)
    with_fate(world, refusing(code, Role.TIGHT_STOP, times=1))
    lives_on_without_memory(world)

    assert not naked
    assert world.held[SYMBOL]
    assert is_left(world, before) == {Role.WIDE_STOP}
    assert len(world.stops) == 2


def test_the_old_stops_make_room_for_new_ones_but_for_one_that_guards() -> None:
    world = an_open_world()
    naked, most = bared_by(world), len(world.stops)

    def is_full(world: HardWorld, order: ApprovedOrder) -> bool:
        is_one_more = order.trigger_price is not None and order.client_id not in world.stops and len(world.stops) >= most
        return is_one_more and refusing(-4045, Role.WIDE_STOP, Role.TIGHT_STOP)(world, order)

    with_fate(world, is_full)
    before = set(world.stops)
    lives_on_without_memory(world)

    assert not naked
    assert world.held[SYMBOL]
    assert is_left(world, before) == {Role.WIDE_STOP}


@pytest.mark.parametrize("shows_it_first", [False, True])
def test_a_list_that_does_not_show_a_position_for_some_seconds_takes_no_old_stop_away(shows_it_first: bool) -> None:
    """A process died right after it had entered, and its newest writes with it; the list lags behind the entry."""
    world = an_open_world()
    before, naked, began = set(world.stops), bared_by(world), world.now
    snapshot, shown = world._snapshot, list[bool]()

    def lagging() -> AccountSynced:
        held, is_first = world.held[SYMBOL], not shown
        is_hidden = world.now < began + 3_000 and not (is_first and shows_it_first)
        shown.append(not is_hidden)
        world.held[SYMBOL] = Decimal(0) if is_hidden else held
        seen = snapshot()
        world.held[SYMBOL] = held
        return seen

    world._snapshot = lagging  # type: ignore[method-assign]
    lives_on_without_memory(world)

    assert not naked
    assert shown.count(False) > 1
    assert world.held[SYMBOL]
    assert len(world.stops) == 2
    assert is_left(world, before) == {Role.WIDE_STOP}


def test_stops_that_nobody_remembers_go_where_no_position_is_listed_for_some_seconds() -> None:
    world = an_open_world()
    world.held[SYMBOL] = Decimal(0)
    lives_on_without_memory(world)

    assert not world.stops


def test_what_closes_a_part_of_a_position_that_is_not_known_yet_opens_nothing() -> None:
    """A stop of the memory that was lost fires in part before the account was read."""
    world = an_open_world()
    naked, held = bared_by(world), world.held[SYMBOL]
    world.saved = None
    world.restart()
    world._inbox.clear()
    rest = held / 2
    part = Fill(
        SYMBOL,
        trade_id=900,
        order_id=901,
        client_id="algo_00000001",
        side=Side.SHORT,
        quantity=rest,
        price=world.price[SYMBOL],
        fee=Decimal(0),
        fee_asset="USDT",
        realised=Decimal(-5),
        time_ms=world.time,
    )
    world.held[SYMBOL] = held - rest
    world.give(OrderFilled(part, world.time, world.now))
    assert memory(world).holding is None
    lives(world)

    assert not naked
    assert booked_quantity(memory(world)) == world.held[SYMBOL] == held - rest
    assert {stop.side for stop in world.stops.values()} == {Side.SHORT}


def test_old_stops_that_guard_only_together_all_stay() -> None:
    world = an_open_world()
    wide = next(name for name, stop in world.stops.items() if stop.role is Role.WIDE_STOP)
    tight = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)
    assert tight.quantity is not None
    del world.stops[wide], world.stops[tight.client_id]
    for number, part in enumerate((tight.quantity / 2, tight.quantity / 2)):
        name = f"{tight.client_id[:-1]}{number}"
        world.stops[name] = replace(tight, client_id=name, quantity=part)
    halves = {name for name, stop in world.stops.items() if stop.quantity == tight.quantity / 2}
    with_fate(world, refusing(-4045, Role.WIDE_STOP, Role.TIGHT_STOP, times=2))
    gone, carry_out = list[Errand](), world._errand

    def watched(errand: Errand) -> None:
        is_alone = not [stop for stop in world.stops.values() if stop.client_id not in halves and stop.role is not Role.TARGET]
        if isinstance(errand, CancelOrder) and errand.client_id in halves and is_alone:
            gone.append(errand)
        carry_out(errand)

    world._errand = watched  # type: ignore[method-assign]
    lives_on_without_memory(world)

    assert not gone
    assert not halves & set(world.stops)


def test_where_no_new_stop_is_taken_an_old_one_guards_until_the_position_is_closed() -> None:
    world = an_open_world()
    naked = bared_by(world)
    with_fate(world, refusing(-4045, Role.WIDE_STOP, Role.TIGHT_STOP))
    lives_on_without_memory(world)

    assert not naked
    assert not world.held[SYMBOL]
    assert not world.stops


def test_a_plan_that_was_drawn_before_any_bar_was_seen_comes_nearer_when_the_bars_are_there() -> None:
    world = an_open_world()
    desk = world.trader.desks[SYMBOL]
    assert desk.memory.holding is not None
    planned = desk.memory.holding.plan

    world.saved = None
    world.restart()
    for moment in range(40):
        world.pass_time(100, is_check=moment % 10 == 0)
    held = world.trader.desks[SYMBOL].memory.holding
    assert held is not None
    assert held.is_width_assumed
    far = abs(held.plan.entry - held.plan.stop)

    for bar in rising(WARMUP + 30):
        world.close(bar, float(world.price[SYMBOL]), is_history=True)
    for _ in range(30):
        world.pass_time(100)
    held = world.trader.desks[SYMBOL].memory.holding

    assert held is not None
    assert not held.is_width_assumed
    assert abs(held.plan.entry - held.plan.stop) < min(far, 2 * abs(planned.entry - planned.stop))
    assert not world.is_naked(SYMBOL)
    assert len(world.stops) == 2  # a target only once the owner said whose it is


def test_a_position_that_is_found_without_a_memory_and_gone_after_the_next_start_is_closed_with_what_ended_it() -> None:
    world = an_open_world()
    found_ms = world.time
    starts_anew(world, None)
    lives(world)
    found = decode(encode(world.trader.state()), SavedState)

    world.time = found_ms + 20_000
    world.quote(SYMBOL, float(world.price[SYMBOL]) - 3)
    world._fill(SYMBOL, Side.SHORT, world.held[SYMBOL], "web_1", 9_999)
    world.stops.clear()
    starts_anew(world, found)
    lives(world)

    (trade,) = world.trades
    assert trade.exit_price == world.fills[-1].price
    assert trade.entry_time_ms > 0
    assert world.trader.desks[SYMBOL].memory.holding is None


def test_a_position_that_is_found_without_a_memory_is_not_reduced_by_what_was_executed_before() -> None:
    world = an_open_world()
    world.time += 20_000
    half = world.held[SYMBOL] / 2
    world._fill(SYMBOL, Side.SHORT, half, "web_1", 9_999)

    starts_anew(world, None)
    lives(world)

    holding = world.trader.desks[SYMBOL].memory.holding
    assert holding is not None
    assert holding.quantity == half == world.held[SYMBOL]
    assert not world.trades


def test_what_executed_in_the_moment_of_a_found_position_is_in_it_however_often_it_is_listed() -> None:
    """What enlarged and what reduced it then was booked once more, and the books turned."""
    world = an_open_world()
    held = world.held[SYMBOL]
    world.time += 1_000
    world._fill(SYMBOL, Side.LONG, held / 2, "web_1", 71)
    world._fill(SYMBOL, Side.SHORT, held, "web_2", 72)
    world._fill(SYMBOL, Side.SHORT, held / 4, "web_3", 73)
    world._inbox.clear()

    world.saved = None
    world.restart()
    for _ in range(3):
        lives(world)
        fills = tuple(fill for fill in world.fills if fill.symbol == SYMBOL)
        world.give(FillsListed(SYMBOL, fills, world.time, world.now, world.now))

    found = world.trader.desks[SYMBOL].memory.holding
    assert found is not None
    assert (found.trade.side, found.quantity) == (Side.LONG, held / 4)
    assert not world.trades
