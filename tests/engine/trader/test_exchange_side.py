"""What the exchange itself does to the account: liquidation, deleveraging, ending contracts, modes, restrictions, money."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engine.desk import position
from engine.model.commands import ClosePosition, MoveStopToEntry, ResetLatch, StartTrading
from engine.model.events import BalanceChanged, ErrandFailed, FillsListed, MarkSeen, OrderRejected, RulesLoaded
from engine.model.market import DAY_MS
from engine.model.messages import Errand, FetchRules
from engine.model.notices import LatchCause, LatchSet, OutsideChange, PositionClosed, StopMoved
from engine.model.orders import ApprovedOrder, ExitReason, Role
from engine.model.saved import SavedAccount
from engine.model.signals import Code, Side
from engine.trader.books import Books
from tests.engine.trader.hands import OpenWorld
from tests.engine.trader.rising import EAGER, WARMUP, rising, run, told
from tests.engine.trader.test_outside import a_world, changes, go_on, later, until_held
from tests.engine.trader.world import SYMBOL, rules

CHECK = 30_000


def held(**settings: Any) -> tuple[OpenWorld, Decimal]:
    world = a_world(**settings)
    return world, until_held(world)


def tight(world: OpenWorld) -> list[Decimal | None]:
    return [stop.quantity for stop in world.stops.values() if stop.role is Role.TIGHT_STOP]


# --- by force -------------------------------------------------------------------------------------------------------


def test_a_liquidation_closes_the_books_by_its_name_and_latches() -> None:
    world, quantity = held()

    world.by_hand(Side.SHORT, str(quantity), name="autoclose-1764211")
    later(world)

    (closed,) = told(world, PositionClosed)
    assert closed.reason is ExitReason.LIQUIDATED
    assert [notice.cause for notice in told(world, LatchSet)] == [LatchCause.LIQUIDATION]
    assert not world.stops


def test_a_liquidation_in_part_latches_with_its_first_part_and_the_cover_fits() -> None:
    world, quantity = held()

    world.by_hand(Side.SHORT, "1", name="autoclose-1764211")
    later(world)

    assert [notice.cause for notice in told(world, LatchSet)] == [LatchCause.LIQUIDATION]
    assert changes(world) == ["liquidation"]
    assert tight(world) == [quantity - 1]


def test_a_liquidation_that_is_listed_again_sets_no_latch_that_was_lifted() -> None:
    world, _ = held()
    world.by_hand(Side.SHORT, "1", name="autoclose-1764211")
    later(world)
    latch = world.trader.books.saved.latch
    assert latch is not None
    world.wish(ResetLatch, set_ms=latch.set_ms)

    world.give(FillsListed(SYMBOL, tuple(world.fills), world.time, world.now, world.now))

    assert world.trader.books.saved.latch is None


def test_deleveraging_shrinks_the_books_and_the_cover_and_latches_nothing() -> None:
    world, quantity = held()

    world.by_hand(Side.SHORT, "1", name="adl_autoclose")
    later(world)

    assert changes(world) == ["adl"]
    assert tight(world) == [quantity - 1]
    assert not told(world, LatchSet)
    world.by_hand(Side.SHORT, str(quantity - 1), name="adl_autoclose")
    later(world)
    assert told(world, PositionClosed)[0].reason is ExitReason.ADL
    assert not told(world, LatchSet)


# --- the contract's end ---------------------------------------------------------------------------------------------


def test_ours_is_closed_a_day_before_the_contract_ends_and_told_once() -> None:
    world, _ = held()
    world.give(RulesLoaded(replace(rules(), delivery_ms=world.time + DAY_MS + 1), world.time, world.now))
    later(world, 2)
    assert world.held[SYMBOL]

    world.give(RulesLoaded(replace(rules(), delivery_ms=world.time + DAY_MS), world.time, world.now))
    later(world)

    assert not world.held[SYMBOL]
    assert told(world, PositionClosed)[0].reason is ExitReason.DELISTED
    assert changes(world) == ["contract_ending"]


def test_a_contract_that_goes_on_days_after_its_end_does_not_end() -> None:
    world, _ = held()

    world.give(RulesLoaded(replace(rules(), delivery_ms=world.time - 2 * DAY_MS), world.time, world.now))
    later(world)

    assert world.held[SYMBOL]


def test_a_contract_that_ends_is_not_entered_and_one_that_is_halted_neither() -> None:
    for is_ending in (True, False):
        world = a_world()
        world.give(RulesLoaded(replace(rules(), is_trading=False, is_ending=is_ending), world.time, world.now))

        go_on(world, bars=10)

        assert not world.fills
        assert all(Code.NOT_TRADABLE in ruling.refusal_codes for ruling in world.rulings[-3:])


def test_a_halt_closes_nothing() -> None:
    world, quantity = held()

    world.give(RulesLoaded(replace(rules(), is_trading=False), world.time, world.now))
    later(world)

    assert world.held[SYMBOL] == quantity


# --- modes and rights -----------------------------------------------------------------------------------------------


def test_leverage_raised_by_somebody_else_is_told_and_set_back_while_flat() -> None:
    world = a_world()

    world.set_leverage(50)

    assert changes(world) == ["setup_changed"]
    assert world.setups[SYMBOL].leverage == 10
    assert world.trader.desks[SYMBOL].is_set_up


def test_leverage_is_never_switched_with_a_position_open_and_told_once() -> None:
    world, _ = held()

    world.set_leverage(50)
    for _ in range(3):
        world.pass_time(CHECK, is_check=True)

    assert changes(world) == ["setup_changed"]
    assert world.setups[SYMBOL].leverage == 50
    assert not world.trader.desks[SYMBOL].is_set_up


def test_the_margin_cap_is_reckoned_with_the_lower_leverage_that_the_exchange_holds() -> None:
    full, lower = held()[1], a_world()
    lower.set_leverage(2)

    quantity = until_held(lower)

    ruling = lower.rulings[-1]
    assert quantity < full
    assert ruling.size.margin == pytest.approx(ruling.size.notional / 2)
    assert ruling.size.margin <= 0.1001 * float(lower.trader.books.saved.peak_equity)


@pytest.mark.parametrize(
    ("parts", "what"),
    [
        ({"is_one_way": False}, "hedge_mode"),
        ({"is_multi_assets": True}, "multi_assets"),
        ({"can_trade": False}, "trading_off"),
    ],
)
def test_a_mode_that_does_not_fit_closes_entries_is_told_once_and_taken_back(parts: dict[str, object], what: str) -> None:
    world = a_world()
    world.account_parts = parts
    world.pass_time(CHECK, is_check=True)
    world.pass_time(CHECK, is_check=True)

    go_on(world, bars=10)

    assert not world.fills
    assert all(Code.EXCHANGE_REFUSES in ruling.refusal_codes for ruling in world.rulings[-3:])
    assert changes(world) == [what]
    world.account_parts = {}
    world.pass_time(CHECK, is_check=True)
    assert changes(world) == [what, "account_legal"]


@pytest.mark.parametrize("code", [-4400, -4401, -4087, -4088, -4192])
def test_a_restricted_account_latches_entries_with_a_cause_of_its_own_and_exits_go_on(code: int) -> None:
    world = a_world()
    world.refuse[Role.ENTRY] = code
    go_on(world)

    assert [notice.cause for notice in told(world, LatchSet)] == [LatchCause.RESTRICTED]
    assert not world.fills


def test_exits_of_a_restricted_account_are_tried_again() -> None:
    world, _ = held()
    world.refuse[Role.EXIT] = -4088
    intent = world.trader.view().desks[SYMBOL].position.trade.intent_id  # type: ignore[union-attr]  # it is held
    world.wish(ClosePosition, intent_id=intent, fraction=1.0)
    later(world)

    assert not world.held[SYMBOL]
    assert world.trader.books.saved.latch is not None


@pytest.mark.parametrize("code", [-2014, -2015, -1022])
def test_a_refused_key_closes_entries_is_told_once_and_tried_again_until_it_is_taken(code: int) -> None:
    world = a_world()
    for _ in range(3):
        world.give(ErrandFailed("SyncAccount", "", f"HTTP 401, code {code}", world.time, world.now, code))

    assert changes(world) == ["key_refused"]
    assert world.trader.access.is_refused
    world.pass_time(CHECK, is_check=True)
    assert changes(world) == ["key_refused", "key_accepted"]
    assert not world.trader.access.is_refused


def test_a_refused_key_at_an_order_counts_as_well_and_another_refusal_does_not() -> None:
    world = a_world()

    world.give(OrderRejected(SYMBOL, "abEaaaaaaaaaaaaaaaa000", -2019, "", world.time, world.now))
    assert not world.trader.access.is_refused
    world.give(OrderRejected(SYMBOL, "abEaaaaaaaaaaaaaaaa000", -2015, "", world.time, world.now))

    assert world.trader.access.is_refused


# --- money ----------------------------------------------------------------------------------------------------------


def move(world: OpenWorld, amount: int, *, is_told: bool = True) -> None:
    """Money is moved in or out."""
    world.wallet += amount
    if is_told:
        world.give(BalanceChanged(world.wallet, (), world.time, world.now, Decimal(amount)))


def test_a_transfer_that_is_heard_twice_counts_once() -> None:
    world = a_world()
    peak = world.trader.books.saved.peak_equity

    for _ in range(2):
        world.give(BalanceChanged(world.wallet + 4_000, (), world.time, world.now, Decimal(4_000)))

    assert world.trader.books.saved.peak_equity == peak + 4_000


def test_a_withdrawal_is_no_loss_of_the_day_and_no_drawdown() -> None:
    world = a_world()
    before = world.trader.books.saved

    move(world, -5_000)
    later(world)

    saved = world.trader.books.saved
    assert not told(world, LatchSet)
    assert saved.peak_equity == before.peak_equity - 5_000
    assert saved.day_start_equity == before.day_start_equity - 5_000


def test_a_deposit_is_no_gain_that_could_be_lost_again() -> None:
    world = a_world()

    move(world, 5_000)
    later(world)
    move(world, -5_000)
    later(world)

    assert not told(world, LatchSet)
    assert world.trader.books.saved.peak_equity == world.wallet


def test_a_withdrawal_that_a_snapshot_shows_before_its_message_latches_nothing() -> None:
    world = a_world()

    move(world, -5_000, is_told=False)
    world.pass_time(CHECK, is_check=True)
    world.pass_time(300)
    assert not told(world, LatchSet)
    world.give(BalanceChanged(world.wallet, (), world.time, world.now, Decimal(-5_000)))
    later(world)

    assert not told(world, LatchSet)


def test_a_loss_that_only_a_snapshot_shows_latches_within_a_second() -> None:
    world = a_world()

    move(world, -5_000, is_told=False)
    world.pass_time(CHECK, is_check=True)
    world.pass_time(1_000)

    assert [notice.cause for notice in told(world, LatchSet)] == [LatchCause.DRAWDOWN]


def test_one_wallet_of_nothing_never_latches_and_never_trades() -> None:
    world = a_world()

    world.trader.handle(BalanceChanged(Decimal(0), (), world.time, world.now))
    assert world.trader.books.is_doubted
    assert not world.trader.account_now(world.trader.desks[SYMBOL]).is_ready
    later(world, 3)

    assert not world.trader.books.is_doubted
    assert not told(world, LatchSet)
    assert world.trader.books.saved.wallet == world.wallet


def test_a_wallet_of_nothing_that_is_said_again_is_believed() -> None:
    world = a_world()
    world.wallet = Decimal(-3)

    world.pass_time(CHECK, is_check=True)
    assert not told(world, LatchSet)
    later(world, 4)

    assert [notice.cause for notice in told(world, LatchSet)] == [LatchCause.DRAWDOWN]
    world.wallet = Decimal(10_000)
    later(world, 2)
    world.pass_time(CHECK, is_check=True)
    world.wish(ResetLatch)
    assert world.trader.books.saved.wallet == 10_000


def test_a_mark_price_of_nothing_is_no_loss() -> None:
    world, _ = held()

    world.give(MarkSeen(SYMBOL, 0.0, 0.0001, 0, world.time, world.now))
    later(world, 2)

    assert not told(world, LatchSet)


def test_what_was_told_before_a_restart_is_told_once_more_at_most() -> None:
    world = a_world()
    world.account_parts = {"is_one_way": False}
    world.pass_time(CHECK, is_check=True)

    world.restart()
    world.wish(StartTrading)
    world.pass_time(CHECK, is_check=True)

    assert len(told(world, OutsideChange)) == 2


# --- another grid ---------------------------------------------------------------------------------------------------


class Regridded(OpenWorld):
    """The tick becomes ten times as large with the bot running; what lies beside it is refused."""

    tick: Decimal | None = None
    asked = 0

    def _order(self, order: ApprovedOrder) -> None:
        if self.tick is not None and order.trigger_price is not None and order.trigger_price % self.tick:
            self._tell(OrderRejected(order.symbol, order.client_id, -4014, "not on the grid", self.time, self.now))
        else:
            super()._order(order)

    def _errand(self, errand: Errand) -> None:
        if isinstance(errand, FetchRules):
            self.asked += 1
            self._tell(RulesLoaded(replace(rules(), tick_size=self.tick or rules().tick_size), self.time, self.now))
        else:
            super()._errand(errand)


def test_stops_that_no_longer_fit_the_grid_have_the_rules_read_and_are_placed_on_the_new_one() -> None:
    """Three refusals of the tight stop sold the position, and each one after it."""
    world = Regridded(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    run(world, rising(WARMUP + 2))
    world.tick = rules().tick_size * 10

    quantity = until_held(world)
    later(world, 5)

    assert world.held[SYMBOL] == quantity
    assert {stop.role for stop in world.stops.values()} == {Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET}
    assert all(stop.trigger_price is not None and not stop.trigger_price % world.tick for stop in world.stops.values())
    assert world.asked == 1


def test_after_a_coarser_step_stops_are_for_a_little_more_and_nothing_is_sold() -> None:
    """Off the step they were refused, and three refusals of the tight one sold a position that the wide one guarded."""
    world, quantity = held()
    step = Decimal("0.01")
    assert quantity % step
    world.give(RulesLoaded(replace(rules(), step_size=step), world.time, world.now))

    later(world, 10)

    assert world.held[SYMBOL] == quantity
    sized = {stop.role: stop.quantity for stop in world.stops.values()}
    rounded = quantity // step * step + step
    assert sized == {Role.WIDE_STOP: None, Role.TIGHT_STOP: rounded, Role.TARGET: rounded}


def test_after_a_coarser_step_the_close_button_still_closes_the_whole() -> None:
    """Rounded down it was a partial exit, which is given up after a while."""
    world, quantity = held()
    step = Decimal("0.01")
    assert quantity % step
    world.give(RulesLoaded(replace(rules(), step_size=step), world.time, world.now))

    holding = world.trader.desks[SYMBOL].memory.holding
    assert holding is not None
    world.swallow.add(Role.EXIT)

    world.wish(ClosePosition, intent_id=holding.trade.intent_id, fraction=1.0)

    leaving = world.trader.desks[SYMBOL].memory.exit
    assert leaving is not None
    assert leaving.is_whole


def test_of_what_is_larger_than_one_order_may_be_a_part_is_guarded_tight_and_nothing_is_sold() -> None:
    """The tight stop for all of it was refused, and the third refusal sold what the wide one guarded."""
    world, quantity = held()
    largest = (quantity / 3).quantize(Decimal("0.001"))
    world.give(RulesLoaded(replace(rules(), max_market_quantity=largest), world.time, world.now))

    later(world, 10)

    assert world.held[SYMBOL] == quantity
    assert {stop.role: stop.quantity for stop in world.stops.values()} == {
        Role.WIDE_STOP: None,
        Role.TIGHT_STOP: largest,
        Role.TARGET: largest,
    }


def test_a_target_that_no_price_can_reach_is_not_placed_and_the_cover_is_told_without_it() -> None:
    world, _ = held()
    desk = world.trader.desks[SYMBOL]
    holding = desk.memory.holding
    assert holding is not None
    low = holding.plan._replace(target=float(desk.terms.rules.tick_size))

    wanted = position.wanted(desk.memory, replace(holding, plan=low), desk.terms)

    assert [want.role for want in wanted] == [Role.WIDE_STOP, Role.TIGHT_STOP]


def test_a_transfer_that_is_heard_again_after_another_one_counts_once() -> None:
    books = Books(SavedAccount(wallet=Decimal(10_000), day_start_equity=Decimal(10_000)))
    first, second = (BalanceChanged(Decimal(left), (), at, 5, Decimal(-1_000)) for left, at in ((9_000, 1), (8_000, 2)))

    for event in (first, second, first):
        books.changed(event)

    assert books.saved.day_start_equity == 8_000


def test_what_is_told_of_stops_after_a_coarser_tick_is_what_rests() -> None:
    world, _ = held()
    tick = Decimal(1)
    world.give(RulesLoaded(replace(rules(), tick_size=tick), world.time, world.now))
    holding = world.trader.desks[SYMBOL].memory.holding
    assert holding is not None
    world.wish(MoveStopToEntry, intent_id=holding.trade.intent_id)
    later(world, 10)

    resting = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)
    moved = told(world, StopMoved)[-1]
    assert isinstance(moved, StopMoved)
    assert moved.after == resting.trigger_price
