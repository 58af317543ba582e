"""Panic as one transaction: whatever dies between any two of its steps, it is taken up again and ends the same way."""

from decimal import Decimal
from itertools import pairwise

import pytest

from engine.model.commands import (
    AnswerOutside,
    ApproveEntry,
    DecisionMode,
    OutsideChoice,
    Panic,
    ResetLatch,
    StartTrading,
    StopHow,
    StopTrading,
)
from engine.model.messages import Outcome, ReplyCode, SyncAccount
from engine.model.notices import EntryProposed, LatchCause, PanicDone
from engine.model.orders import Role
from engine.model.saved import SavedAccount, SavedState
from engine.model.signals import Side
from engine.model.view import Running
from engine.trader import panicking
from engine.trader.books import Books
from tests.engine.trader.hands import OpenWorld
from tests.engine.trader.rising import EAGER, WARMUP, rising, told
from tests.engine.trader.test_outside import a_world, later, until_held
from tests.engine.trader.world import SYMBOL


class Died(Exception):
    """The process was killed."""


class MortalWorld(OpenWorld):
    """A world whose process may be killed around any of its steps: before a step was saved, or before it was acted on."""

    def __post_init__(self) -> None:
        self.left: int | None = None
        self.is_saved = True
        self.kept: SavedState | None = None
        super().__post_init__()

    def _act(self, outcome: Outcome) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                self.saved = self.trader.state() if self.is_saved else self.kept
                self.notices += outcome.notices if self.is_saved else ()  # they are saved with the state
                self._inbox.clear()
                self.left = None
                raise Died
        self.kept = self.trader.state()
        super()._act(outcome)


def a_mortal() -> MortalWorld:
    """A world that holds a position of its own."""
    world = MortalWorld(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    for number, (bar, following) in enumerate(pairwise(rising(200))):
        world.close(bar, following.open, is_history=number < WARMUP)
        if world.held[SYMBOL]:
            return world
    raise AssertionError("the market never gave an entry")


def is_over(world: OpenWorld) -> bool:
    """Everything flat, nothing of ours left, latched, told."""
    saved = world.trader.books.saved
    is_latched = saved.latch is not None and saved.latch.cause is LatchCause.PANIC
    is_done = is_latched and not saved.is_panicking and len(told(world, PanicDone)) >= 1
    return is_done and not world.held[SYMBOL] and not world.stops


@pytest.mark.parametrize("is_saved", [True, False], ids=["saved, not acted on", "not saved"])
@pytest.mark.parametrize("step", range(1, 30))
def test_a_panic_that_dies_at_any_step_is_taken_up_again(step: int, is_saved: bool) -> None:
    world = a_mortal()
    world.left, world.is_saved = step, is_saved
    try:
        world.wish(Panic)
        for _ in range(8):
            world.pass_time(1_000)
    except Died:
        world.wake_up()
    world.left = None

    for second in range(20):
        world.pass_time(1_000, is_check=second == 10)

    assert is_over(world)


def test_a_panic_of_a_trader_that_rests_leaves_it_at_rest() -> None:
    world = a_world()
    world.wish(StopTrading, how=StopHow.KEEP)

    world.wish(Panic)
    later(world)

    assert is_over(world)
    assert world.trader.books.saved.running is Running.STOPPED


def test_a_second_panic_changes_nothing() -> None:
    world = a_world()
    until_held(world)
    world.swallow.add(Role.EXIT)
    world.refuse[Role.EXIT] = -1008

    world.wish(Panic)
    before = world.trader.state()
    reply = world.wish(Panic)

    assert reply.code is ReplyCode.ALREADY
    assert world.trader.state() == before
    later(world)
    assert is_over(world)
    assert len(told(world, PanicDone)) == 1


def test_the_latch_of_a_panic_cannot_be_lifted_before_it_is_done() -> None:
    world = a_world()
    until_held(world)
    world.refuse[Role.EXIT] = -1008
    world.wish(Panic)

    assert world.wish(ResetLatch).code is ReplyCode.NOT_READY


@pytest.mark.parametrize("cause", [LatchCause.DRAWDOWN, LatchCause.PANIC])
def test_who_was_asked_about_an_earlier_latch_does_not_lift_that_of_a_panic(cause: LatchCause) -> None:
    world = a_world()
    world.trader.books.latched(cause, 0.2, 0.1, world.time)
    asked = world.trader.books.saved.latch
    assert asked is not None
    world.wish(Panic)
    later(world)
    assert is_over(world)

    reply = world.wish(ResetLatch, set_ms=asked.set_ms)

    assert reply.code is ReplyCode.NO_SUCH_QUESTION
    assert is_over(world)
    assert world.wish(ResetLatch).code is ReplyCode.DONE


def test_a_drawdown_under_another_latch_is_no_new_one() -> None:
    world = a_world()
    world.trader.books.latched(LatchCause.RESTRICTED, 0.0, 0.0, world.time)
    held = world.trader.books.saved.latch

    for cause in (LatchCause.DRAWDOWN, LatchCause.RESTRICTED):
        assert not world.trader.books.latched(cause, 0.2, 0.1, world.time + 1).notices

    assert world.trader.books.saved.latch == held


def test_panic_ends_open_cards_and_a_tap_on_one_sends_nothing() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    for bar, following in pairwise(rising(WARMUP + 40)[WARMUP + 1 :]):
        world.close(bar, following.open)
        if told(world, EntryProposed):
            break
    card = told(world, EntryProposed)[-1].proposal

    world.wish(Panic)

    assert world.wish(ApproveEntry, intent_id=card.intent_id, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL
    assert not world.fills


def test_panic_closes_what_somebody_else_opened_as_well_and_leaves_their_orders_alone() -> None:
    world = a_world()
    world.rest()
    world.by_hand(Side.LONG, "0.1")
    world.wish(AnswerOutside, question_id=world.question.question_id, choice=OutsideChoice.IGNORE)

    world.wish(Panic)
    later(world)

    assert is_over(world)
    assert world.held[SYMBOL] == Decimal(0)
    assert [order.client_id for order in world.foreign] == ["web_limit"]


def test_a_panic_while_flat_is_not_over_before_the_exchange_itself_was_asked() -> None:
    books = Books(SavedAccount(is_panicking=True))
    books.panic_from_ms = 5_000

    books.looked_ms = 4_999
    early = panicking.ended(books, [], {}, 1, 6_000)
    books.looked_ms = 5_001
    ended = panicking.ended(books, [], {}, 1, 7_000)

    assert (early.notices, early.errands) == ((), (SyncAccount(),))
    assert isinstance(ended.notices[0], PanicDone)


def test_the_report_names_what_is_still_held_of_a_symbol_that_is_no_longer_traded() -> None:
    """It is left to its stops, and nobody here can close it."""
    kept = a_mortal().trader.state().desks[SYMBOL]
    books = Books(SavedAccount(is_panicking=True))
    books.looked_ms, books.held = 1, frozenset({SYMBOL})

    (report,) = panicking.ended(books, [], {SYMBOL: kept}, 1, 6_000).notices

    assert isinstance(report, PanicDone)
    assert report.left == (SYMBOL,)
