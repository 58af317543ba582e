"""Cards: an entry that waits for the owner is taken once, in the size that was tapped, and never late."""

from decimal import Decimal
from itertools import pairwise

from engine.model.commands import ApproveEntry, DecisionMode, DeclineEntry
from engine.model.messages import ReplyCode
from engine.model.notices import EntryProposed, ProposalEnded
from engine.model.orders import Role
from engine.model.proposals import ProposalEnd
from engine.model.signals import Verdict
from tests.engine.trader.rising import WARMUP, a_world, rising, run, told
from tests.engine.trader.world import SYMBOL, World


def test_a_card_is_shown_in_confirm_mode_and_nothing_is_sent_before_the_tap() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)

    run(world, rising(WARMUP + 30))

    cards = told(world, EntryProposed)
    assert cards
    assert not world.orders
    assert any(ruling.verdict is Verdict.PROPOSED for ruling in world.rulings)


def with_card(world: World) -> str:
    """Let bars happen until a card is open; its intent."""
    bars = rising(WARMUP + 100)
    for number, (bar, following) in enumerate(pairwise(bars)):
        world.close(bar, following.open, is_history=number < WARMUP)
        card = world.trader.desks[SYMBOL].memory.proposal
        if card is not None:
            world.quote(SYMBOL, card.price)
            return card.intent_id
    raise AssertionError("the market never gave a proposal")


def test_a_confirmed_card_is_entered_once_however_often_it_is_pressed() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    first = world.wish(ApproveEntry, intent_id=intent, fraction=1.0)
    second = world.wish(ApproveEntry, intent_id=intent, fraction=1.0)

    assert first.code is ReplyCode.SENT
    assert second.code is ReplyCode.NO_SUCH_PROPOSAL
    assert sum(order.role is Role.ENTRY for order in world.orders) == 1


def test_half_a_card_enters_half_the_size() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)
    card = world.trader.desks[SYMBOL].memory.proposal
    assert card is not None

    world.wish(ApproveEntry, intent_id=intent, fraction=0.5)

    assert abs(world.held[SYMBOL] - card.quantity / 2) <= Decimal("0.001")


def test_a_card_is_dead_at_its_deadline() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    world.pass_time(60_000)

    assert told(world, ProposalEnded)[-1].end is ProposalEnd.EXPIRED
    assert world.wish(ApproveEntry, intent_id=intent, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL


def test_a_card_is_refused_when_the_price_ran_away() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)
    world.quote(SYMBOL, float(world.price[SYMBOL]) * 1.05)

    reply = world.wish(ApproveEntry, intent_id=intent, fraction=1.0)

    assert reply.code is ReplyCode.PRICE_MOVED
    assert not world.orders


def test_a_card_is_refused_when_the_owner_paused_meanwhile_or_skipped_it() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    assert world.wish(DeclineEntry, intent_id=intent).code is ReplyCode.DONE
    assert world.wish(ApproveEntry, intent_id=intent, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL


def test_an_open_card_is_dead_after_a_restart() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    world.saved = world.trader.state()
    world.wake_up()

    assert told(world, ProposalEnded)[-1].end is ProposalEnd.RESTARTED
    assert world.wish(ApproveEntry, intent_id=intent, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL
