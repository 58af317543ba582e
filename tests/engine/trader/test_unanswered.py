"""An entry that nobody answered: looked for everywhere, adopted where it is found, given up only when all speaks against it."""

from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest

from engine.execution.ids import client_id
from engine.model.commands import StartTrading
from engine.model.events import ErrandFailed, MarkSeen, OrderFilled, OrderNotFound, OrderUnanswered
from engine.model.messages import Errand, FetchFills, FetchFunding, FindOrder, ListOrders
from engine.model.notices import EntryProvedAbsent, OutsideChange, PositionOpened
from engine.model.orders import ApprovedOrder, IntentState, Role, TriggerBy
from engine.model.saved import SavedDesk
from engine.model.signals import Side
from engine.ports import Event
from tests.engine.trader.hard_world import HardWorld
from tests.engine.trader.rising import EAGER, WARMUP, rising, told
from tests.engine.trader.test_leaving import asked_for
from tests.engine.trader.world import HOUR, SYMBOL


class Silent(HardWorld):
    """Entries get no answer. `arrives` lets the held-back ones through; streams and lists may be deaf to executions."""

    is_deaf = False
    can_list = True

    def __post_init__(self) -> None:
        self.held_back: list[ApprovedOrder] = []
        super().__post_init__()

    def _order(self, order: ApprovedOrder) -> None:
        if order.role is not Role.ENTRY:
            super()._order(order)
            return
        self.held_back.append(order)
        self._tell(OrderUnanswered(order.symbol, order.client_id, "time-out", self.time, self.now))

    def arrive(self) -> None:
        """The exchange executes what was held back."""
        self._executed(self.held_back[-1])
        self._run()

    def _tell(self, event: Event) -> None:
        if not (self.is_deaf and isinstance(event, OrderFilled)):
            super()._tell(event)

    def _errand(self, errand: Errand) -> None:
        if not self.can_list and isinstance(errand, FetchFills | ListOrders):
            return
        if not self.can_list and isinstance(errand, FindOrder):
            self._tell(OrderNotFound(errand.symbol, errand.client_id, self.time, self.now))
            return
        super()._errand(errand)


def until_silent() -> Silent:
    """A world whose first entry has just got no answer."""
    world = Silent(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    for number, (bar, following) in enumerate(pairwise(rising(200))):
        world.close(bar, following.open, is_history=number < WARMUP)
        if world.held_back:
            return world
    raise AssertionError("the market never gave an entry")


def memory(world: HardWorld) -> SavedDesk:
    return world.trader.desks[SYMBOL].memory


def wait(world: HardWorld, seconds: int) -> None:
    for _ in range(seconds):
        world.pass_time(1_000)


def test_it_is_given_up_when_all_speaks_against_it_and_no_sooner() -> None:
    world = until_silent()

    wait(world, 6)
    reserved = memory(world).entry
    wait(world, 10)

    assert reserved is not None
    assert reserved.state is IntentState.UNKNOWN
    assert memory(world).entry is None
    assert len(told(world, EntryProvedAbsent)) == 1
    assert len(world.held_back) == 1, "it is never sent again"


def test_it_is_not_given_up_while_orders_or_executions_cannot_be_listed() -> None:
    world = until_silent()
    world.can_list = False

    wait(world, 60)

    assert memory(world).entry is not None
    assert not told(world, EntryProvedAbsent)


def test_it_is_adopted_with_its_own_plan_where_only_the_position_tells_of_it() -> None:
    world = until_silent()
    world.can_list, world.is_deaf = False, True
    sent, atr = world.held_back[0], memory(world).entry.atr  # type: ignore[union-attr]
    world.arrive()

    wait(world, 6)

    holding = memory(world).holding
    assert holding is not None
    assert (holding.trade.intent_id, holding.atr, holding.quantity) == (sent.intent_id, atr, sent.quantity)
    assert not world.is_naked(SYMBOL)
    assert len(told(world, PositionOpened)) == 1
    assert not told(world, OutsideChange)
    assert memory(world).entry is None


@pytest.mark.parametrize("parts", [1, 3])
def test_executions_that_are_listed_after_the_position_was_adopted_are_not_booked_twice(parts: int) -> None:
    world = until_silent()
    world.can_list, world.is_deaf = False, True
    world.faults = replace(world.faults, most_parts=parts)
    world.arrive()
    wait(world, 6)
    adopted = memory(world).holding

    world.can_list, world.is_deaf = True, False
    world.give(OrderFilled(world.fills[0], world.time, world.now))
    world.pass_time(30_000, is_check=True)
    wait(world, 5)
    for fill in world.fills:
        world.give(OrderFilled(fill, world.time, world.now))

    holding = memory(world).holding
    assert holding is not None
    assert adopted is not None
    assert holding.quantity == holding.trade.quantity == adopted.quantity == world.held[SYMBOL]
    assert holding.trade.fees == sum(fill.fee for fill in world.fills)
    assert abs(holding.trade.entry_price - world.entry[SYMBOL]) < Decimal("1e-15")


def test_one_that_comes_after_it_was_given_up_is_ours_all_the_same() -> None:
    world = until_silent()
    sent, atr = world.held_back[0], memory(world).entry.atr  # type: ignore[union-attr]
    wait(world, 16)
    assert memory(world).entry is None

    world.arrive()
    wait(world, 3)

    holding = memory(world).holding
    assert holding is not None
    assert (holding.trade.intent_id, holding.atr) == (sent.intent_id, atr)
    assert not world.is_naked(SYMBOL)
    assert len(told(world, PositionOpened)) == 1
    assert memory(world).entry is None


def test_one_that_was_given_up_is_known_after_a_restart() -> None:
    world = until_silent()
    wait(world, 16)
    world.reborn()

    world.arrive()
    wait(world, 3)

    holding = memory(world).holding
    assert holding is not None
    assert holding.trade.intent_id == world.held_back[0].intent_id


def test_stops_of_an_entry_whose_fate_is_not_known_are_no_orphans() -> None:
    """Placed by a process that died before it wrote the fill down; the list of positions may lag behind it."""
    world = until_silent()
    entry = memory(world).entry
    assert entry is not None
    name = client_id(Role.WIDE_STOP, entry.intent_id, 1)
    orphan = name.replace(entry.intent_id, "b" * len(entry.intent_id))
    for stop in (name, orphan):
        world.stops[stop] = ApprovedOrder(
            stop, "", SYMBOL, Role.WIDE_STOP, Side.SHORT, None, Decimal(1), TriggerBy.MARK, reduce_only=True
        )

    world.give(world._snapshot())

    assert name in world.stops
    assert orphan not in world.stops


def test_a_payment_on_an_entry_that_nobody_answered_is_asked_for_once_it_was_found() -> None:
    world = until_silent()
    world.is_deaf, carry_out = True, world._errand
    world.arrive()
    world._errand = lambda errand: None  # type: ignore[method-assign]
    world.time += HOUR
    world.give(MarkSeen(SYMBOL, float(world.price[SYMBOL]), 0.0001, world.time + 12 * HOUR, world.time, world.now))
    for _ in range(25):
        world.pass_time(1_000)
    assert memory(world).holding is None

    world.is_deaf, world._errand = False, carry_out  # type: ignore[method-assign]
    asked = asked_for(world)
    for _ in range(25):
        world.pass_time(1_000)

    assert memory(world).holding is not None
    assert [errand for errand in asked if isinstance(errand, FetchFunding)]


def test_the_rest_of_an_entry_whose_first_half_was_stopped_out_is_kept_and_guarded() -> None:
    world = until_silent()
    world.can_list = False
    sent = world.held_back[-1]
    assert sent.quantity is not None
    half = (sent.quantity / 2).quantize(Decimal("0.001"))
    world._fill(SYMBOL, sent.side, half, sent.client_id, 5_000)
    world._run()
    world.is_deaf = True
    world._fill(SYMBOL, sent.side, sent.quantity - half, sent.client_id, 5_000)
    late, world.is_deaf = world.fills[-1], False
    for _ in range(3):
        world.pass_time(100)
    tight, before = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP), world.price[SYMBOL]
    assert tight.trigger_price is not None
    world.price[SYMBOL] = tight.trigger_price
    world.fire(tight)
    world.quote(SYMBOL, float(before))
    world.pass_time(200)

    world.give(OrderFilled(late, world.time, world.now))
    for _ in range(60):
        world.pass_time(100)
        assert not world.is_naked(SYMBOL)

    assert world.held[SYMBOL] == sent.quantity - half
    assert {stop.role for stop in world.stops.values()} == {Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET}


def test_an_entry_that_was_executed_in_full_leaves_no_stop_behind_though_its_answer_never_came() -> None:
    world = until_silent()
    carry_out = world._errand

    def carried(errand: Errand) -> None:
        if isinstance(errand, FindOrder):
            world._tell(ErrandFailed("FindOrder", SYMBOL, "no answer in time", world.time, world.now))
        else:
            carry_out(errand)

    world._errand = carried  # type: ignore[method-assign]
    world.arrive()
    for _ in range(10):
        world.pass_time(100)
    world.fire(next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP))
    for _ in range(5):
        world.pass_time(1_000)

    assert not world.held[SYMBOL]
    assert not world.orphans(SYMBOL)
