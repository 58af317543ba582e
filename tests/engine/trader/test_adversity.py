"""What the Trader does when the exchange, the owner's own hands or a crash get in the way of one trade."""

from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pytest

from engine.execution.ids import MAX_GENERATION
from engine.model.commands import ClosePosition, DecisionMode, Panic, StartTrading, StopHow, StopTrading
from engine.model.events import BalanceChanged, FeedRestored, OrderFilled, OrderRejected, PriceSeen, Route, StopChanged
from engine.model.market import PriceWindow
from engine.model.messages import CancelOrder, Errand, FindStop
from engine.model.notices import OutsideChange, PanicDone
from engine.model.orders import ApprovedOrder, ExitReason, Role, StopStatus
from engine.model.saved import SavedAccount, SavedDesk, SavedState
from engine.model.signals import Side, Sides
from engine.ports import Event
from tests.engine.trader.hard_world import Faults, HardWorld, settle, settle_without_checks
from tests.engine.trader.rising import EAGER, WARMUP, a_world, rising, run, told, until_open
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


class Away(World):
    """An exchange that takes no order for a while."""

    code = 0

    def _order(self, order: ApprovedOrder) -> None:
        if self.code:
            self._tell(OrderRejected(order.symbol, order.client_id, self.code, "away", self.time, self.now))
        else:
            super()._order(order)


@pytest.mark.parametrize(("code", "seconds"), [(3, 2), (3, 30), (2, 120), (429, 60), (-1003, 5), (-1008, 5)])
def test_a_stop_that_cannot_be_moved_for_a_while_is_no_reason_to_sell_what_others_cover(code: int, seconds: int) -> None:
    world = Away(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    rest = until_open(world)
    for _ in range(5):
        world.pass_time(1_000)
    held, placed = world.held[SYMBOL], len(world.orders)

    world.code = code
    for bar, following in pairwise(rest):
        world.close(bar, following.open)
        if len(world.orders) > placed:
            break
    for _ in range(5 * seconds):
        world.pass_time(200)
    tries = [order.role for order in world.orders[placed:]]
    world.code = 0
    for _ in range(40):
        world.pass_time(1_000)

    assert set(tries) == {Role.TIGHT_STOP}
    assert world.held[SYMBOL] == held
    assert len(world.stops) == 3, "the stop was moved in the end, and the old one is gone"


def test_a_position_reversed_by_hand_is_covered_by_stops_of_its_own() -> None:
    world = a_world()
    until_open(world)
    before = set(world.stops)

    by_hand(world, Side.SHORT, world.held[SYMBOL] * 2)
    for _ in range(3):
        world.pass_time(1_000)

    assert world.held[SYMBOL] < 0
    assert {order.role for order in world.stops.values()} == {Role.TIGHT_STOP, Role.WIDE_STOP}
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


def test_an_entry_whose_part_is_heard_of_after_the_position_was_closed_does_not_block_the_symbol() -> None:
    world = a_hard_world()
    world.faults = Faults(most_parts=3)
    tell, late = world._tell, list[Event]()

    def first_part_last(event: Event) -> None:
        if isinstance(event, OrderFilled) and not late:
            late.append(event)
        else:
            tell(event)

    world._tell = first_part_last  # type: ignore[method-assign]
    until_open(world)
    by_hand(world, Side.SHORT, world.held[SYMBOL])
    world._tell = tell  # type: ignore[method-assign]
    world.give(late[0])
    settle(world, 8)

    assert world.trader.desks[SYMBOL].memory.entry is None
    assert world.trader.desks[SYMBOL].memory.holding is None


def test_an_execution_that_only_the_balance_told_of_is_looked_for_within_seconds() -> None:
    world = a_hard_world()
    until_open(world)
    tell = world._tell
    world._tell = lambda event: None if isinstance(event, OrderFilled) else tell(event)  # type: ignore[method-assign]
    by_hand(world, Side.SHORT, world.held[SYMBOL] * 2)
    world._tell = tell  # type: ignore[method-assign]

    settle_without_checks(world, 4)

    assert not world.is_naked(SYMBOL)


def test_an_execution_that_was_lost_before_another_turned_the_position_is_booked_in_the_end() -> None:
    world = a_hard_world()
    wallet = world.wallet
    until_open(world)
    tell = world._tell
    world._tell = lambda event: None  # type: ignore[method-assign]
    by_hand(world, Side.LONG, Decimal(1))
    world._tell = tell  # type: ignore[method-assign]
    world.time += 1_000
    by_hand(world, Side.SHORT, world.held[SYMBOL])

    settle(world, 8)

    assert world.trader.desks[SYMBOL].memory.holding is None
    assert sum(trade.net for trade in world.trades) == world.wallet - wallet


def test_what_became_of_a_stop_is_not_asked_again_by_its_own_answer() -> None:
    world = a_hard_world()
    until_open(world)
    answer, asked = world._errand, list[Errand]()

    def no_cancels(errand: Errand) -> None:
        asked.append(errand)
        assert len(asked) < 50, "questions that beget questions"
        if not isinstance(errand, CancelOrder):
            answer(errand)

    world._errand = no_cancels  # type: ignore[method-assign]
    by_hand(world, Side.SHORT, world.held[SYMBOL])

    assert sum(isinstance(errand, FindStop) for errand in asked) == 3


def test_an_entry_on_its_way_is_closed_as_soon_as_it_fills_where_stopping_was_to_close_all() -> None:
    world = a_hard_world()
    place, on_its_way = world._order, list[ApprovedOrder]()
    world._order = lambda order: on_its_way.append(order) if order.role is Role.ENTRY else place(order)  # type: ignore[method-assign]
    run(world, rising(WARMUP + 30))
    assert len(on_its_way) == 1

    world.wish(StopTrading, how=StopHow.CLOSE)
    world._order = place  # type: ignore[method-assign]
    place(on_its_way[0])
    settle_without_checks(world, 2)

    assert len(world.fills) == 2
    assert world.held[SYMBOL] == 0
    assert not world.trader.desks[SYMBOL].memory.is_unwanted


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


def test_a_stop_whose_news_come_after_its_fills_and_in_two_steps_is_still_the_reason() -> None:
    world = a_hard_world()
    until_open(world)
    tight = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)
    del world.stops[tight.client_id]
    answer = world._errand
    world._errand = lambda errand: None if isinstance(errand, FindStop) else answer(errand)  # type: ignore[method-assign]

    world._fill(SYMBOL, tight.side, world.held[SYMBOL], "child", 777)
    world._run()
    for status, child in ((StopStatus.TRIGGERING, 0), (StopStatus.TRIGGERED, 777)):
        world.give(StopChanged(SYMBOL, tight.client_id, 1, status, child, "", world.time, world.now))

    assert [trade.reason for trade in world.trades] == [ExitReason.STOP_LOSS]


def test_names_of_orders_never_run_out() -> None:
    world = a_hard_world()
    world.saved = SavedState(
        "test",
        SavedAccount(mode=DecisionMode.AUTO),
        desks={SYMBOL: SavedDesk(SYMBOL, Sides.BOTH, order_generation=MAX_GENERATION - 1)},
    )
    world.wake_up()
    world.wish(StartTrading)

    until_open(world)
    by_hand(world, Side.LONG, Decimal(1))
    position = world.trader.view().desks[SYMBOL].position
    assert position is not None
    world.wish(ClosePosition, intent_id=position.trade.intent_id, fraction=1.0)

    assert world.held[SYMBOL] == 0
    assert not world.stops


def test_a_stop_that_landed_unanswered_while_its_position_closed_is_cancelled_within_fifteen_seconds() -> None:
    world = a_hard_world()
    until_open(world)
    late = next(stop for stop in world.stops.values() if stop.role is Role.TARGET)
    by_hand(world, Side.SHORT, world.held[SYMBOL])
    settle_without_checks(world, 7)
    assert not world.stops

    world.stops[late.client_id] = late  # a repetition of it was on its way all the time
    settle_without_checks(world, 7)

    assert not world.stops


def test_panic_is_reported_only_after_the_exchange_itself_was_seen_flat() -> None:
    world = a_hard_world()
    run(world, rising(WARMUP + 2))
    world.held[SYMBOL], world.entry[SYMBOL] = Decimal(1), world.price[SYMBOL]

    world.wish(Panic)
    at_once = told(world, PanicDone)
    settle_without_checks(world, 5)

    assert not at_once
    assert world.held[SYMBOL] == 0
    assert len(told(world, PanicDone)) == 1


def test_positions_found_on_two_symbols_in_one_look_have_numbers_of_their_own() -> None:
    world = a_hard_world(symbols=("ETHUSDT", "BTCUSDT"))
    for symbol in world.symbols:
        world.quote(symbol, 1_000.0)
        world.held[symbol], world.entry[symbol] = Decimal(1), Decimal(1_000)

    settle(world, 4)

    numbers = [desk.memory.holding.trade.number for desk in world.trader.desks.values() if desk.memory.holding]
    assert sorted(numbers) == [1, 2]
