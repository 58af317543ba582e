"""Doubts: what somebody else did may be more than was told. The account is read and executions are listed, with measure."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal

import pytest

from engine.desk.lag import booked_quantity
from engine.execution.ids import read
from engine.model.commands import Panic
from engine.model.events import CancelRefused, ErrandFailed, FillsListed
from engine.model.messages import CancelOrder, Errand, FetchFills, SyncAccount
from engine.model.notices import PanicDone
from engine.model.signals import Side
from tests.engine.trader.hard_world import HardWorld
from tests.engine.trader.rising import told
from tests.engine.trader.test_lag import LaggingList
from tests.engine.trader.test_leaving import an_open_world, asked_for, close, memory
from tests.engine.trader.test_outside import a_world
from tests.engine.trader.world import SYMBOL


def a_flat_world() -> HardWorld:
    """Some time after a trade."""
    world = an_open_world()
    close(world)
    for _ in range(40):
        world.pass_time(1_000)
    return world


def leaves_an_orphan(world: HardWorld, *, is_answered: bool) -> None:
    """A stop of ours that nobody remembers is listed, and stays so though it is cancelled."""
    stop, carry_out = next(iter(an_open_world().stops.values())), world._errand
    name = read(stop.client_id)
    assert name is not None
    orphan = replace(stop, client_id=stop.client_id.replace(name.intent_id, "b" * len(name.intent_id)))
    world.stops[orphan.client_id] = orphan

    def carried(errand: Errand) -> None:
        if isinstance(errand, CancelOrder) and errand.client_id == orphan.client_id:
            world._tell(CancelRefused(errand.symbol, errand.client_id, not is_answered, world.time, world.now))
        else:
            carry_out(errand)

    world._errand = carried  # type: ignore[method-assign]


def test_an_execution_of_somebody_else_has_the_account_read_at_once() -> None:
    """It may be a part of what was done: the rest of the messages may be lost."""
    world = an_open_world()
    held, tell = world.held[SYMBOL], world._tell
    world.now += 100
    world._fill(SYMBOL, Side.SHORT, held, "web_1", 77)
    world._tell = lambda event: None  # type: ignore[method-assign]
    world._fill(SYMBOL, Side.SHORT, held, "web_1", 77)
    world._tell = tell  # type: ignore[method-assign]
    world._run()
    assert not booked_quantity(memory(world))

    for _ in range(25):
        world.pass_time(100)

    assert booked_quantity(memory(world)) == -held
    assert not world.is_naked(SYMBOL)


def test_executions_between_those_that_were_told_are_found_though_the_size_is_right() -> None:
    """Somebody turned it and turned it back; of both orders the second half was lost on its way."""
    world = an_open_world()
    held, tell = world.held[SYMBOL], world._tell
    for number, side in enumerate((Side.SHORT, Side.SHORT, Side.LONG, Side.LONG)):
        world._tell = tell if number % 2 == 0 else lambda event: None  # type: ignore[method-assign]
        world._fill(SYMBOL, side, held, f"web_{number // 2}", 70 + number // 2)
    world._tell = tell  # type: ignore[method-assign]
    world._run()
    assert booked_quantity(memory(world)) == held
    assert len(world.trades) == 1

    asked = asked_for(world)
    for _ in range(25):
        world.pass_time(100)

    assert booked_quantity(memory(world)) == held
    assert len(world.trades) == 2
    assert len([errand for errand in asked if isinstance(errand, SyncAccount)]) <= 4


@pytest.mark.parametrize("is_lagging", [False, True])
def test_an_execution_that_closed_what_nobody_knows_is_asked_for_until_it_is_listed(is_lagging: bool) -> None:
    world = a_flat_world()
    tell, carry_out, lists = world._tell, world._errand, list[Errand]()

    def carried(errand: Errand) -> None:
        if not isinstance(errand, FetchFills):
            carry_out(errand)
            return
        lists.append(errand)
        if len(lists) > 1:
            carry_out(errand)
        elif is_lagging:
            world._tell(FillsListed(SYMBOL, tuple(world.fills[:-2]), world.time, world.now, world.now))
        else:
            world._tell(ErrandFailed("FetchFills", SYMBOL, "no answer in time", world.time, world.now))

    world._tell = lambda event: None  # type: ignore[method-assign]
    world._fill(SYMBOL, Side.LONG, Decimal(1), "web_1", 71)
    world._tell, world._errand = tell, carried  # type: ignore[method-assign]
    world.quote(SYMBOL, float(world.price[SYMBOL]) - 10)
    world._fill(SYMBOL, Side.SHORT, Decimal(1), "web_2", 72)
    world._run()
    for second in range(60):
        world.pass_time(1_000, is_check=second % 30 == 0)

    assert [trade.gross for trade in world.trades[1:]] == [Decimal(-10)]
    assert not booked_quantity(memory(world))


@pytest.mark.parametrize("lag_ms", [0, 700, 1_900, 4_000])
def test_a_position_that_was_turned_before_anybody_told_of_it_is_followed_though_its_list_lags(lag_ms: int) -> None:
    """Of an account that never traded here no executions are asked for: the list of positions alone tells."""
    world = a_world()
    tell, world._tell = world._tell, lambda event: None  # type: ignore[method-assign]
    world._fill(SYMBOL, Side.LONG, Decimal(1), "web_1", 71)
    world._tell = tell  # type: ignore[method-assign]
    LaggingList(world, lag_ms).before = [(0, Decimal(0), 0)]
    world.quote(SYMBOL, float(world.price[SYMBOL]) - 3)
    world.by_hand(Side.SHORT, "3")
    for _ in range(2 * lag_ms // 1_000 + 3):
        world.pass_time(1_000)

    assert booked_quantity(world.trader.desks[SYMBOL].memory) == world.held[SYMBOL] == -2
    assert len(world.stops) == 2


def test_a_position_that_is_closed_in_many_parts_is_read_once_a_second() -> None:
    world = an_open_world()
    part, asked = (world.held[SYMBOL] / 31).quantize(Decimal("0.001")), asked_for(world)
    for _ in range(30):
        world._fill(SYMBOL, Side.SHORT, part, "algo_1", 777)
        world._run()
        world.pass_time(100)

    counts = Counter(type(errand) for errand in asked)
    assert counts[SyncAccount] <= 4
    assert counts[FetchFills] <= 4


def test_an_orphan_that_nobody_answers_for_is_no_reason_to_read_the_account_again_and_again() -> None:
    world = a_flat_world()
    leaves_an_orphan(world, is_answered=False)
    asked = asked_for(world)
    for second in range(60):
        world.pass_time(1_000, is_check=second % 30 == 0)

    counts = Counter(type(errand) for errand in asked)
    assert counts[SyncAccount] <= 4
    assert counts[CancelOrder] <= 20
    assert not counts[FetchFills]


def test_a_panic_ends_though_a_stop_that_is_gone_stays_listed() -> None:
    world = a_flat_world()
    leaves_an_orphan(world, is_answered=True)
    world.pass_time(1_000, is_check=True)
    world.wish(Panic)
    for second in range(60):
        world.pass_time(1_000, is_check=second % 30 == 0)

    assert told(world, PanicDone)
