"""A position by hand that was opened while nobody watched, and has lost since: it is guarded, and its owner is asked first."""

from decimal import Decimal

import pytest

from engine.model.commands import OutsideChoice
from engine.model.events import BarClosed, OrderRejected
from engine.model.messages import Errand, FetchFills
from engine.model.orders import ApprovedOrder, Role
from engine.model.signals import Side
from tests.engine.trader.hands import OpenWorld
from tests.engine.trader.rising import EAGER, WARMUP, rising
from tests.engine.trader.test_outside import a_world, answer, later, roles
from tests.engine.trader.world import SYMBOL

WOULD_TRIGGER = -2021


class Strict(OpenWorld):
    """Refuses a stop that the price has passed already, as the exchange does."""

    def _order(self, order: ApprovedOrder) -> None:
        level, price = order.trigger_price, self.price[order.symbol]
        if level is not None and order.role is not Role.TARGET and int(order.side) * (price - level) >= 0:
            told = OrderRejected(order.symbol, order.client_id, WOULD_TRIGGER, "would trigger", self.time, self.now)
            self._tell(told)
            return
        super()._order(order)


def found_at_a_loss(side: Side, lost: str, *, is_listed: bool = False, kind: type[Strict] = Strict) -> Strict:
    """A start that finds a position of which nothing is remembered, and which has lost a part of its entry price."""
    warm = a_world(params=EAGER._replace(max_atr_fraction=0.05, stop_atr_multiplier=1.5))
    world = kind(params=warm.params, warmup=WARMUP)
    world.time, world.now = warm.time, warm.now + 60_000
    world.saved = warm.trader.state()
    world.price = dict(warm.price)
    now = world.price[SYMBOL]
    world.price[SYMBOL] = now * (1 + Decimal(lost) * int(side))
    world._fill(SYMBOL, side, Decimal(1), "web_1", 5)
    world._inbox.clear()
    if not is_listed:
        world.fills.clear()
    world.price[SYMBOL] = now
    world.wake_up()
    for _ in range(5):
        world.pass_time(1_000, is_check=True)
    return world


@pytest.mark.parametrize("lost", ["0.03", "0.045"])
@pytest.mark.parametrize("side", list(Side))
def test_it_is_guarded_and_not_sold_before_its_owner_answers(side: Side, lost: str) -> None:
    world = found_at_a_loss(side, lost)

    assert world.held[SYMBOL] == int(side)
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP}
    assert answer(world, OutsideChoice.ADOPT)
    later(world)
    assert world.held[SYMBOL] == int(side)
    assert world.trader.desks[SYMBOL].memory.holding.plan.entry == float(world.entry[SYMBOL])  # type: ignore[union-attr]


def test_it_is_not_sold_where_its_executions_are_listed() -> None:
    world = found_at_a_loss(Side.LONG, "0.1", is_listed=True)

    assert world.held[SYMBOL] == 1
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP}


@pytest.mark.parametrize("side", list(Side))
def test_the_width_that_the_bars_say_sells_nothing_where_the_price_has_passed_it(side: Side) -> None:
    world = found_at_a_loss(side, "0.03")
    before = world.trader.desks[SYMBOL].memory.holding

    for bar in rising(WARMUP + 2):
        world.give(BarClosed(SYMBOL, bar, True, world.time, world.now))
    world.quote(SYMBOL, float(world.price[SYMBOL]))
    later(world)

    held = world.trader.desks[SYMBOL].memory.holding
    assert before is not None
    assert held is not None
    assert not held.is_width_assumed
    assert held.plan == before.plan
    assert world.held[SYMBOL] == int(side)


def test_a_stop_that_was_only_drawn_again_has_not_trailed() -> None:
    world = found_at_a_loss(Side.LONG, "0")
    for bar in rising(WARMUP + 2):
        world.give(BarClosed(SYMBOL, bar, True, world.time, world.now))
    far = world.trader.desks[SYMBOL].memory.holding
    world.quote(SYMBOL, float(world.price[SYMBOL]))

    held = world.trader.desks[SYMBOL].memory.holding
    assert far is not None
    assert held is not None
    assert held.plan.stop > far.plan.stop
    assert float(held.trade.first_stop) == held.plan.stop


@pytest.mark.parametrize("first", ["1", "2"])
@pytest.mark.parametrize("is_listed", [True, False])
@pytest.mark.parametrize("side", list(Side))
def test_what_came_after_it_was_closed_or_turned_by_hand_is_no_part_of_it(side: Side, is_listed: bool, first: str) -> None:
    world = found_at_a_loss(side, "0", is_listed=is_listed)
    other = Side(-side)

    for name, turn, quantity in (("web_2", other, first), ("web_3", side, "2")):
        world.time += 1
        world.by_hand(turn, quantity, name)

    held = world.trader.desks[SYMBOL].memory.holding
    assert held is not None
    assert (held.trade.side, held.quantity) == (side, abs(world.held[SYMBOL]))
    assert {order.role for order in world.stops.values() if order.side is other} == {Role.TIGHT_STOP, Role.WIDE_STOP}


class TurnedMeanwhile(Strict):
    """Somebody turns the position while its executions are being asked for, and the message of it is lost."""

    def __post_init__(self) -> None:
        self.turns = [(Side.SHORT, "1.5")]
        super().__post_init__()

    def unheard(self, side: Side, quantity: str) -> None:
        """A trade by hand of which nobody tells."""
        told = self._inbox.copy()
        self._fill(SYMBOL, side, Decimal(quantity), "web_3", 100 + len(self.fills))
        self._inbox = told

    def _errand(self, errand: Errand) -> None:
        if isinstance(errand, FetchFills) and self.turns:
            self.time, self.now = self.time + 10, self.now + 10
            self.unheard(*self.turns.pop())
        super()._errand(errand)


@pytest.mark.parametrize("back", ["0.2", "0.5", "1"])
def test_what_was_assumed_of_a_position_says_nothing_of_the_one_that_it_was_turned_into(back: str) -> None:
    world = found_at_a_loss(Side.LONG, "0", kind=TurnedMeanwhile)
    assert isinstance(world, TurnedMeanwhile)

    world.time, world.now = world.time + 10, world.now + 10
    world.by_hand(Side.LONG, "0.5", "web_4")
    world.time, world.now = world.time + 10, world.now + 10
    world.unheard(Side.LONG, back)
    for _ in range(8):
        world.pass_time(1_000, is_check=True)

    held = world.trader.desks[SYMBOL].memory.holding
    assert held is not None
    assert held.quantity == world.held[SYMBOL] == Decimal(back)
    assert roles(world) == {Role.TIGHT_STOP, Role.WIDE_STOP}
