"""Funding that was paid on what is held is booked although nobody told of it: asked for until it is answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from engine.desk.payments import MOST_LISTS
from engine.execution.missed import PAYMENTS_BACK_MS
from engine.model.commands import ClosePosition, StartTrading
from engine.model.events import ErrandFailed, FeedLost, FeedRestored, FundingPaid, MarkSeen, Route
from engine.model.market import DAY_MS
from engine.model.messages import Errand, FetchFills, FetchFunding
from engine.model.orders import Role
from tests.engine.trader.rising import EAGER, WARMUP, until_open
from tests.engine.trader.world import HOUR, SYMBOL, World

PAID = Decimal("-1.25")


@dataclass
class Paying(World):
    """An exchange that took funding and told nobody; its list of payments may fail."""

    paid: list[str] = field(default_factory=list)
    can_list: bool = True
    asked: int = 0
    since: list[int] = field(default_factory=list)

    def _errand(self, errand: Errand) -> None:
        if isinstance(errand, FetchFills) and errand.paid_since_ms:
            self._errand(FetchFunding(errand.symbol, errand.paid_since_ms))
        if not isinstance(errand, FetchFunding):
            super()._errand(errand)
            return
        self.asked += 1
        self.since.append(errand.since_ms)
        if self.can_list:
            for name in self.paid:
                self._tell(FundingPaid(SYMBOL, PAID, name, self.time, self.now))
        else:
            self._tell(ErrandFailed("FetchFunding", SYMBOL, "no answer in time", self.time, self.now))

    @contextmanager
    def mute(self) -> Iterator[None]:
        """Nobody is told of what happens meanwhile."""
        heard, self._tell = self._tell, lambda event: None  # type: ignore[method-assign]
        try:
            yield
        finally:
            self._tell = heard  # type: ignore[method-assign]

    def pays(self) -> None:
        """It is settled now."""
        self.paid.append(f"{SYMBOL}:{self.time // HOUR}")

    def mark(self, next_funding_ms: int) -> None:
        """The mark stream names the coming payment."""
        self.give(MarkSeen(SYMBOL, float(self.price[SYMBOL]), 0.0001, next_funding_ms, self.time, self.now))

    def lives(self, seconds: int) -> None:
        for _ in range(seconds):
            self.pass_time(1_000)

    @property
    def booked(self) -> Decimal:
        """The funding in the books of the position."""
        holding = self.trader.desks[SYMBOL].memory.holding
        assert holding is not None
        return holding.trade.funding


def an_open_world() -> Paying:
    world = Paying(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    until_open(world)
    world.mark(world.time + HOUR)
    world.lives(30)
    world.asked = 0
    return world


def test_a_payment_that_nobody_told_of_is_asked_for_after_its_time() -> None:
    world = an_open_world()

    world.time += HOUR
    world.pays()
    world.mark(world.time + 8 * HOUR)
    world.lives(30)

    assert world.booked == PAID
    assert world.asked == 1


def test_a_payment_that_the_list_lacked_at_the_start_is_asked_for_once_more() -> None:
    world = an_open_world()
    world.saved = world.trader.state()
    world.wake_up()
    world.asked = 0

    world.pays()
    world.mark(world.time + 8 * HOUR)
    world.lives(30)

    assert (world.booked, world.asked) == (PAID, 1)


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_payment_on_what_was_closed_right_after_it_counts_for_the_day_though_nobody_told_of_it(is_restarted: bool) -> None:
    world = an_open_world()
    world.mark(world.time + HOUR)
    world.time += HOUR
    paid_ms, before = world.time, world.trader.books.saved.day_funding
    world.pays()

    world.time += 2_000
    holding = world.trader.desks[SYMBOL].memory.holding
    assert holding is not None
    world.wish(ClosePosition, intent_id=holding.trade.intent_id, fraction=1.0)
    assert len(world.trades) == 1
    if is_restarted:
        world.saved = world.trader.state()
        world.wake_up()
    world.mark(paid_ms + HOUR)
    world.lives(30)

    assert world.trader.books.saved.day_funding == before + PAID
    assert world.since[-1] <= paid_ms


def test_a_payment_that_was_told_of_is_not_asked_for_and_one_that_never_comes_not_for_ever() -> None:
    world = an_open_world()
    world.time += HOUR
    world.give(FundingPaid(SYMBOL, PAID, f"{SYMBOL}:{world.time // HOUR}", world.time, world.now))
    world.mark(world.time + HOUR)
    world.lives(30)
    assert world.asked == 0

    world.time += HOUR
    world.mark(world.time + HOUR)
    world.lives(300)
    assert world.asked == MOST_LISTS


def test_payments_are_asked_for_until_somebody_answers() -> None:
    world = an_open_world()
    world.pays()
    world.can_list = False
    world.give(FeedLost(Route.PRIVATE, "cut", world.time, world.now))
    world.give(FeedRestored(Route.PRIVATE, 1_000, world.time, world.now))

    world.lives(50)
    assert world.asked > 3
    world.can_list = True
    world.lives(15)

    assert world.booked == PAID
    before = world.asked
    world.lives(30)
    assert world.asked == before


def test_a_connection_that_comes_back_before_any_market_frame_asks_for_no_more_than_the_books_remember() -> None:
    """Its news carries no market time then, and payments since the entry were read, however long ago that was."""
    world = an_open_world()
    world.time += 30 * DAY_MS
    world.pass_time(1_000)
    world.since.clear()
    world.give(FeedLost(Route.PRIVATE, "cut", 0, world.now))

    world.give(FeedRestored(Route.PRIVATE, 1_000, 0, world.now))

    assert world.since == [world.time - PAYMENTS_BACK_MS]


def test_a_mark_that_names_the_same_payment_again_asks_for_nothing() -> None:
    world = an_open_world()
    due_ms = world.time + 2 * HOUR
    world.mark(due_ms)
    world.lives(100)
    world.asked = 0

    for _ in range(5):
        world.mark(due_ms)
        world.lives(10)

    assert world.asked == 0


def test_what_is_found_to_be_closed_is_booked_with_the_funding_that_was_paid_while_it_was_held() -> None:
    """Found by the thousand kills: the executions that closed it came before the list of payments (seed 5400)."""
    world = an_open_world()
    world.pays()
    stop = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)

    with world.mute():
        world.fire(stop)
    world.pass_time(1_000, is_check=True)
    world.lives(30)

    (trade,) = world.trades
    assert trade.funding == PAID
