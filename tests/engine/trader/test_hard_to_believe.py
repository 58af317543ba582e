"""What the exchange says once and does not repeat: a wallet that leaps, a damaged name. Neither may size or name anything."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.execution.ids import client_id
from engine.model.events import BalanceChanged, OrderAccepted, OrderFilled
from engine.model.messages import SyncAccount
from engine.model.notices import LatchSet, OutsideQuestion
from engine.model.orders import Fill, Role
from engine.model.signals import Side
from engine.ports import Event
from tests.engine.trader.rising import a_world, told, until_open
from tests.engine.trader.world import SYMBOL, World


def balance(world: World, wallet: Decimal, transferred: str = "0") -> BalanceChanged:
    return BalanceChanged(wallet, (), world.time, world.now, Decimal(transferred))


@pytest.mark.parametrize("times", ["1.2", "9"])
def test_a_wallet_that_leapt_up_in_one_message_sizes_nothing_and_leaves_no_peak(times: str) -> None:
    world = a_world()
    world.pass_time(1_000, is_check=True)
    books = world.trader.books

    outcome = world.trader.handle(balance(world, world.wallet * Decimal(times)))

    assert SyncAccount() in outcome.errands
    assert (books.saved.wallet, books.is_doubted) == (world.wallet, True)
    for _ in range(3):  # the account is read, and says otherwise
        world.pass_time(1_000)
    assert (books.saved.wallet, books.is_doubted) == (world.wallet, False)
    assert books.saved.peak_equity <= world.wallet
    assert not told(world, LatchSet)


def test_a_wallet_that_leapt_up_and_is_said_again_a_second_later_is_believed() -> None:
    world = a_world()
    world.pass_time(1_000, is_check=True)

    world.wallet *= 2
    world.give(balance(world, world.wallet))
    for _ in range(2):
        world.pass_time(1_000, is_check=True)

    assert world.trader.books.saved.wallet == world.wallet
    assert not world.trader.books.is_doubted


def test_what_was_won_explains_a_leap() -> None:
    world = a_world()
    until_open(world)
    gained, held = world.wallet, world.held[SYMBOL]
    fill = Fill(SYMBOL, 99, 99, "web_1", Side.SHORT, held, world.price[SYMBOL], Decimal(0), "USDT", gained, world.time)

    world.trader.handle(OrderFilled(fill, world.time, world.now))
    world.trader.handle(balance(world, world.wallet + gained))

    assert world.trader.books.saved.wallet == world.wallet + gained
    assert not world.trader.books.is_doubted


def test_money_that_came_in_explains_a_leap() -> None:
    world = a_world()
    world.pass_time(1_000, is_check=True)

    world.give(balance(world, world.wallet * 3, str(world.wallet * 2)))

    assert world.trader.books.saved.wallet == world.wallet * 3
    assert not world.trader.books.is_doubted


@pytest.mark.parametrize("name", ["web_1", client_id(Role.EXIT, "a" * 16, 3), client_id(Role.ENTRY, "b" * 16, 0)])
def test_an_execution_of_our_entry_under_a_damaged_name_is_ours_by_its_orders_number(name: str) -> None:
    world = a_world()
    tell = world._tell

    def damaged(event: Event) -> None:
        if isinstance(event, OrderFilled):
            ours = event.fill
            tell(OrderAccepted(SYMBOL, ours.client_id, ours.order_id, Decimal(0), False, world.time, world.now))
            event = replace(event, fill=replace(ours, client_id=name))
        tell(event)

    world._tell = damaged  # type: ignore[method-assign]
    until_open(world)

    held = world.trader.desks[SYMBOL].memory.holding
    assert held is not None
    assert (held.ruling is not None, held.trade.side, held.is_told) == (True, Side.LONG, True)
    assert not told(world, OutsideQuestion)


def test_a_position_that_a_balance_told_of_is_asked_for_while_the_list_may_lag_behind_it() -> None:
    world = a_world()
    world.pass_time(1_000, is_check=True)
    world.give(BalanceChanged(world.wallet, ((SYMBOL, Decimal(-1)),), world.time, world.now, Decimal(0)))  # its fill is lost

    for _ in range(4):  # the list lags
        world.pass_time(1_000)
    assert not world.trader.desks[SYMBOL].memory.holding
    world.held[SYMBOL], world.entry[SYMBOL] = Decimal(-1), world.price[SYMBOL]
    for _ in range(3):
        world.pass_time(1_000)

    assert world.trader.desks[SYMBOL].memory.holding is not None
    assert {order.role for order in world.stops.values()} == {Role.WIDE_STOP, Role.TIGHT_STOP}


def test_what_a_balance_told_of_other_symbols_is_forgotten_whatever_the_clock_does() -> None:
    world = a_world()
    world.pass_time(1_000, is_check=True)
    world.give(BalanceChanged(world.wallet, (("SOLUSDT", Decimal(5)),), world.time, world.now, Decimal(0)))

    world.pass_time(10_000, is_check=True)
    world.now -= 9_000  # it was set back
    world.pass_time(1, is_check=True)

    assert not world.trader.is_halted
    assert world.trader.books.is_even(world.trader.desks.values())
