"""A position tells when it changed last. That orders a read of it among the executions, not the moment it was read in."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.desk.lag import booked_quantity
from engine.model.events import AccountSynced, FillsListed, OrderFilled
from engine.model.messages import Errand, FetchFills, SyncAccount
from engine.model.orders import Fill
from engine.model.signals import Side
from tests.engine.trader.test_found import Strict, found_at_a_loss
from tests.engine.trader.world import SYMBOL


class ReadByHand(Strict):
    """Nothing is read or listed but what the test gives; each look begins after all that was heard."""

    asks: list[Errand]

    def __post_init__(self) -> None:
        self.asks = []
        super().__post_init__()

    def _errand(self, errand: Errand) -> None:
        if isinstance(errand, SyncAccount | FetchFills):
            self.asks.append(errand)
        else:
            super()._errand(errand)

    def read(self, quantity: str, changed_ms: int) -> None:
        """A second later the account is read, and no execution is listed."""
        self.pass_time(1_000)
        held, self.held[SYMBOL] = self.held[SYMBOL], Decimal(quantity)
        seen = super()._snapshot()
        self.held[SYMBOL] = held
        positions = tuple(replace(one, changed_ms=changed_ms) for one in seen.account.positions)
        self.give(AccountSynced(replace(seen.account, positions=positions), self.time, self.now))
        self.give(FillsListed(SYMBOL, (), self.time, self.now, self.now))

    def told(self, side: Side, quantity: str, realised: str, *, later_ms: int) -> Fill:
        """The message of an execution."""
        time_ms = self.time + later_ms
        number = 900 + len(self.fills)
        made = Fill(
            SYMBOL,
            number,
            number,
            "web_9",
            side,
            Decimal(quantity),
            self.price[SYMBOL],
            Decimal(0),
            "",
            Decimal(realised),
            time_ms,
        )
        self.fills.append(made)
        self.give(OrderFilled(made, time_ms, self.now))
        return made

    @property
    def booked(self) -> Decimal:
        """What the books hold."""
        return booked_quantity(self.trader.desks[SYMBOL].memory)


def found(side: Side = Side.LONG) -> ReadByHand:
    """A position of 1 that was found without a memory, and whose executions nobody lists. It changed at `world.time`."""
    world = found_at_a_loss(side, "0", kind=ReadByHand)
    assert isinstance(world, ReadByHand)
    for _ in range(3):
        world.read(str(int(side)), world.time)
    assert world.booked == int(side)
    return world


@pytest.mark.parametrize("side", list(Side))
def test_what_executes_after_the_newest_change_of_a_found_position_is_no_part_of_it(side: Side) -> None:
    world = found(side)

    world.told(side, "0.5", "0", later_ms=1)

    assert world.booked == int(side) * Decimal("1.5")


@pytest.mark.parametrize("side", list(Side))
def test_what_reduced_a_found_position_before_it_was_read_is_in_it_though_it_is_told_later(side: Side) -> None:
    world = found(side)
    world.asks.clear()

    told = world.told(Side(-side), "0.5", "-2", later_ms=0)

    assert world.booked == int(side)
    world.pass_time(1_000)
    assert SyncAccount() in world.asks, "it is doubted, and looked at"
    world.give(FillsListed(SYMBOL, (told,), world.time, world.now, world.now))
    assert world.booked == int(side)


def test_a_read_that_is_as_new_as_the_books_does_not_lag_behind_them() -> None:
    world = found()
    world.told(Side.LONG, "0.5", "0", later_ms=10)

    for _ in range(3):  # reduced again, and nobody tells of it
        world.read("1", world.time + 20)

    assert world.booked == 1


def test_a_read_that_is_older_than_the_books_is_a_list_that_lags() -> None:
    world = found()
    world.told(Side.LONG, "0.5", "0", later_ms=10)

    for _ in range(3):
        world.read("1", world.time)

    assert world.booked == Decimal("1.5")


@pytest.mark.parametrize("older", ["1", "0", "0.25"])
def test_a_read_that_is_older_than_one_before_it_says_nothing(older: str) -> None:
    world = found()

    world.read("-2", world.time + 20)
    world.read(older, world.time + 5)
    world.read("-2", world.time + 20)

    assert world.booked == -2


def test_a_position_that_is_gone_is_believed_though_it_was_read_as_open_some_seconds_before() -> None:
    world = found()

    world.read("-2", world.time + 20)
    for _ in range(9):
        world.read("0", 0)

    assert world.booked == 0


def test_of_an_order_that_turned_an_unknown_position_the_part_that_closed_it_is_no_part_of_the_new_one() -> None:
    world = found_at_a_loss(Side.LONG, "0", kind=ReadByHand)  # read once, and not booked yet
    assert isinstance(world, ReadByHand)
    assert world.booked == 0

    closing = world.told(Side.SHORT, "1", "-3", later_ms=30)
    opening = world.told(Side.SHORT, "1", "0", later_ms=30)
    assert world.booked == -1
    world.give(FillsListed(SYMBOL, (closing, opening), world.time, world.now, world.now))

    assert world.booked == -1


def test_reads_that_are_older_than_another_are_believed_once_no_list_can_lag_so_long() -> None:
    world = found()

    world.read("-2", world.time + 90_000)
    for _ in range(9):
        world.read("0.5", world.time + 20)

    assert world.booked == Decimal("0.5")


def test_a_position_that_was_read_as_gone_does_not_come_back_from_a_list_that_lags() -> None:
    world = found()
    world.told(Side.LONG, "0.5", "0", later_ms=10)
    for _ in range(7):  # so long its own fills may explain a list
        world.read("1.5", world.time + 10)

    for _ in range(2):
        world.read("0", 0)
    for _ in range(2):
        world.read("1.5", world.time + 10)

    assert world.booked == 0


@pytest.mark.parametrize("share", ["0.2", "0.94", "1.06", "9"])
def test_an_execution_far_from_the_market_is_listed_before_it_is_booked(share: str) -> None:
    world = found()
    true = world.price[SYMBOL]
    world.quote(SYMBOL, float(true))
    world.price[SYMBOL] = true * Decimal(share)

    odd = world.told(Side.LONG, "0.5", "0", later_ms=10)

    assert world.booked == 1
    world.pass_time(1_000)
    assert SyncAccount() in world.asks
    world.price[SYMBOL] = true
    world.give(FillsListed(SYMBOL, (replace(odd, price=true),), world.time, world.now, world.now))
    assert world.booked == Decimal("1.5")
    assert world.trader.desks[SYMBOL].memory.holding is not None


def test_what_was_assumed_is_asked_for_until_no_list_can_be_so_late() -> None:
    world = found()
    world.told(Side.LONG, "0.5", "0", later_ms=10)
    for _ in range(2):
        world.read("1", world.time + 20)
    assert world.booked == 1
    world.asks.clear()

    for _ in range(12):
        world.pass_time(1_000)
        world.give(FillsListed(SYMBOL, (), world.time, world.now, world.now))

    assert 4 <= sum(isinstance(ask, FetchFills) for ask in world.asks) <= 6
