"""A card is taken for what it showed: whatever changed in between refuses it, and the second owner hears who was first."""

from itertools import pairwise

import pytest

from engine.model.commands import ApproveEntry, Asked, DecisionMode, DeclineEntry, PauseTrading, SetMode, StopHow, StopTrading
from engine.model.messages import Reply, ReplyCode
from engine.model.notices import EntryProposed, LatchCause
from engine.model.proposals import Proposed
from engine.model.signals import Code, Side
from tests.engine.trader.hands import OpenWorld
from tests.engine.trader.rising import WARMUP, rising, told
from tests.engine.trader.test_outside import a_world


def asked() -> tuple[OpenWorld, Proposed]:
    """A world in which a card is open."""
    world = a_world(mode=DecisionMode.CONFIRM)
    for bar, following in pairwise(rising(WARMUP + 40)[WARMUP + 1 :]):
        world.close(bar, following.open)
        if told(world, EntryProposed):
            return world, told(world, EntryProposed)[-1].proposal
    raise AssertionError("the market never gave a card")


def take(world: OpenWorld, card: Proposed) -> Reply:
    return world.wish(ApproveEntry, intent_id=card.intent_id, fraction=1.0)


def taken_by(world: OpenWorld, card: Proposed, who: str) -> Reply:
    """Somebody among the owners takes the card."""
    outcome = world.trader.handle(ApproveEntry(card.intent_id, 1.0, Asked(who, world.time, world.now)))
    world._act(outcome)
    world._run()
    assert outcome.reply is not None
    return outcome.reply


def test_a_card_is_taken_once_and_sends_the_entry_of_its_own_intent() -> None:
    world, card = asked()

    assert take(world, card).code is ReplyCode.SENT
    assert take(world, card).code is ReplyCode.NO_SUCH_PROPOSAL

    assert [order.intent_id for order in world.orders if not order.reduce_only] == [card.intent_id]


def test_the_second_owner_is_told_who_took_the_card() -> None:
    world, card = asked()

    assert taken_by(world, card, "7").code is ReplyCode.SENT
    late = taken_by(world, card, "8")

    assert (late.code, late.values) == (ReplyCode.NO_SUCH_PROPOSAL, {"who": "7"})


def test_the_second_owner_is_told_who_skipped_the_card() -> None:
    world, card = asked()
    world.wish(DeclineEntry, intent_id=card.intent_id)

    late = world.wish(DeclineEntry, intent_id=card.intent_id)

    assert (late.code, late.values) == (ReplyCode.NO_SUCH_PROPOSAL, {"who": "7"})


@pytest.mark.parametrize("mode", [DecisionMode.AUTO, DecisionMode.SIGNALS])
def test_a_change_of_mode_ends_the_card(mode: DecisionMode) -> None:
    world, card = asked()

    world.wish(SetMode, mode=mode)

    assert take(world, card).code is ReplyCode.NO_SUCH_PROPOSAL
    assert not world.fills


def test_a_pause_or_a_stop_ends_the_card() -> None:
    for pause in (True, False):
        world, card = asked()

        if pause:
            world.wish(PauseTrading)
        else:
            world.wish(StopTrading, how=StopHow.KEEP)

        assert take(world, card).code is ReplyCode.NO_SUCH_PROPOSAL


def test_a_latch_that_was_set_in_between_refuses_the_card() -> None:
    world, card = asked()
    world.trader.books.latched(LatchCause.DRAWDOWN, 0.2, 0.1, world.time)

    reply = take(world, card)

    assert reply.code is ReplyCode.CHECKS_FAILED
    assert Code.LATCHED in {refusal.code for refusal in reply.refusals}
    assert not world.fills


def test_a_position_that_came_in_between_refuses_the_card() -> None:
    world, card = asked()
    world.by_hand(Side.LONG, "0.1")

    reply = take(world, card)

    assert reply.code is ReplyCode.CHECKS_FAILED
    assert {Code.POSITION_OPEN, Code.TAKEN_OUTSIDE} <= {refusal.code for refusal in reply.refusals}


def test_a_restart_ends_the_card() -> None:
    world, card = asked()

    world.restart()

    assert take(world, card).code is ReplyCode.NO_SUCH_PROPOSAL
    assert not world.fills
