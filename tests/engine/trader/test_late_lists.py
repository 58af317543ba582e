"""Executions that are listed late: what was assumed meanwhile gives way to them, and the books end as the exchange's do."""

from dataclasses import dataclass, replace
from decimal import Decimal

import pytest

from engine.desk.made_up import LISTS_WITHIN_MS
from engine.model.commands import ClosePosition, StartTrading
from engine.model.events import BalanceChanged, FillsListed, OrderFilled, OrderUnanswered
from engine.model.messages import Errand, FetchFills
from engine.model.notices import ExitRefused, OutsideChange, OutsideQuestion, PositionOpened, PositionReduced
from engine.model.orders import ApprovedOrder, ExitReason, Fill, Role
from engine.model.signals import Side
from engine.ports import Event
from tests.engine.trader.hard_world import HardWorld
from tests.engine.trader.rising import EAGER, WARMUP, a_world, told, until_open
from tests.engine.trader.test_leaving import memory
from tests.engine.trader.world import SYMBOL, World


@dataclass
class Deaf(HardWorld):
    """The stream may lose executions, and the list of them may fail."""

    is_deaf: bool = False
    can_list: bool = True
    margin_added_ms: int = 0

    def _tell(self, event: Event) -> None:
        if not (self.is_deaf and isinstance(event, OrderFilled)):
            super()._tell(event)

    def _errand(self, errand: Errand) -> None:
        if self.can_list or not isinstance(errand, FetchFills):
            super()._errand(errand)

    def _changed_ms(self, symbol: str) -> int:
        return max(super()._changed_ms(symbol), self.margin_added_ms)

    def by_hand(self, side: int, quantity: Decimal) -> None:
        """The owner trades at the exchange."""
        self._ids += 1
        self._fill(SYMBOL, Side(side), quantity, "web_1", self._ids)
        self._run()

    def lives(self, seconds: int) -> None:
        for _ in range(seconds):
            self.pass_time(1_000, is_check=True)


def an_open_deaf_world() -> Deaf:
    world = Deaf(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    until_open(world)
    world.lives(10)
    world.is_deaf, world.can_list = True, False
    return world


def moved(world: World) -> Decimal:
    return sum((fill.realised - fill.fee for fill in world.fills), Decimal(0))


def test_a_position_seen_flat_is_closed_with_the_executions_that_are_listed_later() -> None:
    world = an_open_deaf_world()
    world.quote(SYMBOL, float(world.price[SYMBOL]) + 3)
    world.by_hand(-1, world.held[SYMBOL])

    world.lives(20)
    assert not world.trades
    assert not world.stops
    world.can_list = True
    world.lives(10)

    (trade,) = world.trades
    assert trade.net == moved(world)
    assert trade.exit_price == world.fills[-1].price


def test_what_was_added_unseen_before_a_position_went_flat_is_in_its_sums() -> None:
    world = an_open_deaf_world()
    world.by_hand(1, Decimal(1))
    world.quote(SYMBOL, float(world.price[SYMBOL]) - 2)
    world.by_hand(-1, world.held[SYMBOL])

    world.lives(10)
    world.can_list = True
    world.lives(10)

    assert [trade.net for trade in world.trades] == [moved(world)]
    assert memory(world).holding is None


def test_a_list_that_was_asked_for_before_a_position_went_flat_does_not_close_its_books() -> None:
    world = an_open_deaf_world()
    early = FillsListed(SYMBOL, tuple(world.fills), world.time, world.now, world.now)
    world.lives(2)
    world.by_hand(-1, world.held[SYMBOL])
    world.lives(6)

    world.give(replace(early, seen_ms=world.now))
    world.lives(3)
    assert not world.trades
    world.can_list = True
    world.lives(8)

    assert [trade.net for trade in world.trades] == [moved(world)]


def test_a_position_turned_unseen_is_told_with_the_result_that_its_turn_had() -> None:
    world = an_open_deaf_world()
    held = world.held[SYMBOL]
    world.quote(SYMBOL, float(world.price[SYMBOL]) + 3)
    world.by_hand(-1, 2 * held)

    world.lives(6)
    world.can_list = True
    world.lives(10)

    (trade,), holding, turn = world.trades, memory(world).holding, world.fills[-1]
    assert trade.gross == turn.realised > 0
    assert trade.exit_price == turn.price
    assert holding is not None
    assert (holding.trade.side, holding.quantity, holding.trade.entry_price) == (Side.SHORT, held, turn.price)
    assert (holding.trade.gross, holding.trade.fees) == (Decimal(0), turn.fee)


def half_left_unheard(world: Deaf) -> int:
    """Half is closed; the answer is lost, and so is every execution. How many notices there were before."""
    place = world._order

    def answered(order: ApprovedOrder) -> None:
        if order.role is not Role.EXIT:
            place(order)
            return
        world._tell(OrderUnanswered(order.symbol, order.client_id, "time-out", world.time, world.now))
        world._executed(order)

    world._order = answered  # type: ignore[method-assign]
    holding, told_before = memory(world).holding, len(world.notices)
    assert holding is not None
    world.wish(ClosePosition, intent_id=holding.trade.intent_id, fraction=0.5)
    return told_before


def test_a_part_that_only_the_account_shows_as_closed_is_ours_and_told_so() -> None:
    world = an_open_deaf_world()
    held = world.held[SYMBOL]
    before = half_left_unheard(world)
    world.lives(14)
    world.can_list = True
    world.lives(10)

    holding, kinds = memory(world).holding, [type(notice) for notice in world.notices[before:]]
    assert kinds.count(PositionReduced) == 1
    assert not {ExitRefused, OutsideChange, OutsideQuestion} & set(kinds)
    assert holding is not None
    assert holding.quantity == world.held[SYMBOL] < held
    assert (holding.trade.gross, holding.trade.fees) == (world.fills[-1].realised, sum(fill.fee for fill in world.fills))


def test_one_execution_may_be_what_two_were_assumed_for() -> None:
    world = an_open_deaf_world()
    half = world.held[SYMBOL] / 2
    world.by_hand(-1, half)
    world.lives(6)
    world.by_hand(-1, half)
    world.lives(6)
    one, other = world.fills[-2:]
    fee, realised = one.fee + other.fee, one.realised + other.realised
    whole = replace(other, quantity=2 * half, fee=fee, realised=realised, time_ms=one.time_ms)
    world.fills[-2:] = [whole]
    world.can_list = True
    world.lives(10)

    assert [trade.net for trade in world.trades] == [moved(world)]
    assert memory(world).holding is None


def test_only_what_is_not_listed_either_stays_assumed() -> None:
    world = an_open_deaf_world()
    world.by_hand(-1, Decimal(world.held[SYMBOL]))
    world.fills.pop()

    world.lives(6)
    world.can_list = True
    world.lives(6)

    (trade,) = world.trades
    assert trade.reason is ExitReason.CLOSED_ELSEWHERE
    assert trade.exit_price == trade.entry_price


def test_books_whose_executions_are_never_listed_are_closed_after_some_minutes() -> None:
    world = an_open_deaf_world()
    world.by_hand(-1, world.held[SYMBOL])

    world.lives(LISTS_WITHIN_MS // 1_000 - 10)
    assert not world.trades
    world.lives(30)

    assert len(world.trades) == 1
    assert memory(world).holding is None


def test_the_same_difference_to_other_books_is_looked_up_anew() -> None:
    """Half is closed unseen and listed; the other half follows while the list is on its way: it differs by as much."""
    world = an_open_deaf_world()
    half = world.held[SYMBOL] / 2
    world.by_hand(-1, half)
    world.lives(1)
    first = FillsListed(SYMBOL, tuple(world.fills), world.time, world.now, world.now)
    world.by_hand(-1, half)

    world.give(first)
    world.lives(6)
    assert not world.trades
    world.can_list = True
    world.lives(8)

    assert [trade.net for trade in world.trades] == [moved(world)]


def test_an_execution_that_was_assumed_while_market_time_stood_still_is_not_booked_again() -> None:
    world = an_open_deaf_world()
    before = world.time
    world.time += 20_000
    world.by_hand(-1, world.held[SYMBOL] / 2)
    world.time = before  # no feed tells of it

    world.lives(8)
    world.can_list = True
    world.lives(8)

    holding = memory(world).holding
    assert holding is not None
    assert holding.quantity == world.held[SYMBOL]
    assert holding.trade.net == moved(world)


def test_a_list_from_before_an_assumption_explains_it_although_no_market_time_was_known() -> None:
    """As at a start. The list must not be booked on top, nor the assumption be left for what is executed afterwards."""
    world = an_open_deaf_world()
    opened, half = world.time, world.held[SYMBOL] / 2
    world.time = opened + 20_000
    world.by_hand(-1, half)
    early = FillsListed(SYMBOL, tuple(world.fills), world.time, world.now, world.now)
    world.time = 0
    world.lives(8)
    world.time = opened + 60_000
    world.quote(SYMBOL, float(world.price[SYMBOL]) - 2)
    world.by_hand(-1, half)
    world.time = 0

    world.give(early)
    assert not world.trades
    world.can_list = True
    world.lives(8)

    assert [trade.net for trade in world.trades] == [moved(world)]


def turned_and_turned_back(world: Deaf) -> None:
    """By hand, unheard: in the end as much is held as before."""
    for side in (-1, 1):
        world.time += 700
        world.quote(SYMBOL, float(world.price[SYMBOL]) - 0.5)
        world.by_hand(side, abs(world.held[SYMBOL]) * 2)


def test_a_position_that_was_turned_and_turned_back_unheard_is_in_the_books_as_it_was_traded() -> None:
    world = an_open_deaf_world()
    turned_and_turned_back(world)

    world.lives(8)
    world.can_list = True
    world.lives(8)

    holding = memory(world).holding
    assert holding is not None
    assert holding.trade.entry_price == world.fills[-1].price
    assert sum((trade.net for trade in world.trades), holding.trade.net) == moved(world)


def test_a_change_of_the_position_that_no_execution_explains_is_looked_up_once() -> None:
    world = an_open_deaf_world()
    world.is_deaf, world.can_list = False, True
    looks, carry_out = list[Errand](), world._errand

    def counted(errand: Errand) -> None:
        looks.extend([errand] if isinstance(errand, FetchFills) else [])
        carry_out(errand)

    world._errand = counted  # type: ignore[method-assign]
    world.margin_added_ms = world.time + 5_000
    world.lives(20)

    assert len(looks) == 1


class Parted(Deaf):
    """Of an entry's two parts the stream tells the first one alone, and nobody answers for it."""

    def _order(self, order: ApprovedOrder) -> None:
        if order.role is not Role.ENTRY:
            super()._order(order)
            return
        assert order.quantity is not None
        self._ids += 1
        number, half = self._ids, order.quantity / 2
        self._fill(order.symbol, order.side, half, order.client_id, number)
        self.is_deaf, self.can_list = True, False
        self._fill(order.symbol, order.side, order.quantity - half, order.client_id, number)
        self._tell(OrderUnanswered(order.symbol, order.client_id, "time-out", self.time, self.now))


def test_an_entry_that_filled_further_than_was_told_is_nobody_elses() -> None:
    world = Parted(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    until_open(world)
    world.lives(20)
    world.can_list = True
    world.lives(10)

    held = memory(world)
    assert held.entry is None
    assert held.holding is not None
    assert held.holding.quantity == world.held[SYMBOL]
    assert held.holding.trade.net == moved(world)
    assert not told(world, OutsideQuestion)
    assert len(told(world, PositionOpened)) == 1


def test_an_execution_whose_orders_name_could_not_be_looked_up_is_the_entrys_all_the_same() -> None:
    world = Parted(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    until_open(world)
    nameless = tuple(_without_name(fill) if number else fill for number, fill in enumerate(world.fills))
    world.give(FillsListed(SYMBOL, nameless, world.time, world.now, world.now))
    world.can_list = True
    world.lives(20)

    held = memory(world)
    assert held.entry is None
    assert held.holding is not None
    assert held.holding.trade.net == moved(world)
    assert not told(world, OutsideQuestion)


def _without_name(fill: Fill) -> Fill:
    return replace(fill, client_id="")


@pytest.mark.parametrize("late_ms", [0, 1_500, 4_000])
def test_an_end_that_is_listed_some_seconds_late_is_told_with_its_result(late_ms: int) -> None:
    world = an_open_deaf_world()
    world.price[SYMBOL] -= 10
    world.by_hand(Side.SHORT, world.held[SYMBOL])
    listed_ms, carry_out = world.now + 1_000 + late_ms, world._errand

    def listed(errand: Errand) -> None:
        if isinstance(errand, FetchFills):
            fills = world.fills if world.now >= listed_ms else world.fills[:-1]
            world._tell(FillsListed(SYMBOL, tuple(fills), world.time, world.now, world.now))
        else:
            carry_out(errand)

    world._errand = listed  # type: ignore[method-assign]
    world.lives(12)

    assert [trade.gross for trade in world.trades] == [world.fills[-1].realised]
    assert world.trades[0].gross < 0
    assert world.trades[0].net == moved(world)


def test_an_end_that_is_never_listed_holds_the_books_open_for_some_seconds_only() -> None:
    world = a_world()
    until_open(world)
    world.held[SYMBOL] = Decimal(0)

    world.pass_time(30_000, is_check=True)
    for _ in range(8):
        world.pass_time(1_000)

    assert len(world.trades) == 1


def test_a_stop_that_fired_and_brought_no_fill_is_looked_up_before_anything_is_sold() -> None:
    """The fills may be lost, and what is held may be somebody else's by now."""
    world = an_open_deaf_world()
    world.can_list, orders, tell = True, len(world.orders), world._tell
    world._tell = lambda event: None if isinstance(event, BalanceChanged) else tell(event)  # type: ignore[method-assign]
    held = world.held[SYMBOL]

    world.fire(next(order for order in world.stops.values() if order.role is Role.TIGHT_STOP))
    world.by_hand(Side.LONG, held)
    for _ in range(50):
        world.pass_time(100)

    assert world.held[SYMBOL] == held
    assert {order.role for order in world.orders[orders:]} <= {Role.TIGHT_STOP, Role.WIDE_STOP, Role.TARGET}
    assert [trade.reason for trade in world.trades] == [ExitReason.STOP_LOSS]
    assert not world.is_naked(SYMBOL)
