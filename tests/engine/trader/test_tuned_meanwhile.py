"""A setting that changes while an entry or a card is on its way is for the next: this one's size was reckoned without it."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.model.account import SymbolSetup
from engine.model.commands import ApproveEntry, Asked, ClosePosition, DecisionMode, StartTrading, Tune
from engine.model.events import SetupSeen
from engine.model.messages import ReplyCode
from engine.model.notices import ProposalEnded
from engine.model.orders import ApprovedOrder, Role
from engine.model.proposals import ProposalEnd
from tests.engine.trader.rising import EAGER, WARMUP, a_world, rising, told, until_open
from tests.engine.trader.test_cards import with_card
from tests.engine.trader.world import SYMBOL, World


class TunedMeanwhile(World):
    """Its owner asks for stops twice as far away after an entry left, and before it fills."""

    def _order(self, order: ApprovedOrder) -> None:
        if order.role is Role.ENTRY:
            wider = EAGER.stop_atr_multiplier * 2
            outcome = self.trader.handle(Tune("stop_atr_multiplier", wider, asked=Asked("7", self.time, self.now)))
            self._act(outcome)
        super()._order(order)


def test_an_entry_keeps_the_stop_that_its_size_was_reckoned_with() -> None:
    world = TunedMeanwhile(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)

    until_open(world)

    holding = world.trader.desks[SYMBOL].memory.holding
    assert world.trader.params.stop_atr_multiplier == EAGER.stop_atr_multiplier * 2
    assert holding is not None
    distance = float(holding.trade.entry_price) - holding.plan.stop
    assert abs(distance - holding.atr * EAGER.stop_atr_multiplier) < 0.02
    equity = float(world.trader.books.equity(world.trader.desks.values()))
    assert distance * float(world.held[SYMBOL]) <= equity * EAGER.risk_per_trade * 1.01


class GearedMeanwhile(World):
    """Its owner asks for another leverage after an entry left, and before it fills."""

    wanted: float = 0.0

    def _order(self, order: ApprovedOrder) -> None:
        if order.role is Role.ENTRY:
            self._act(self.trader.handle(Tune("leverage", self.wanted, asked=Asked("7", self.time, self.now))))
        super()._order(order)


@pytest.mark.parametrize("times", [0.5, 2.0])
def test_leverage_is_not_switched_under_an_entry_on_its_way_and_is_once_all_is_flat(times: float) -> None:
    """Its liquidation price would come between entry and stop, though its size was reckoned with another one."""
    world = GearedMeanwhile(params=EAGER, warmup=WARMUP)
    world.wanted = EAGER.leverage * times
    world.wish(StartTrading)

    until_open(world)

    holding = world.trader.desks[SYMBOL].memory.holding
    assert holding is not None
    assert world.setups[SYMBOL].leverage == holding.leverage == EAGER.leverage
    world.wish(ClosePosition, intent_id=holding.trade.intent_id, fraction=1.0)
    for _ in range(5):
        world.pass_time(1_000, is_check=True)
    assert not world.held[SYMBOL]
    assert world.setups[SYMBOL].leverage == world.wanted


def test_nothing_is_entered_while_the_leverage_is_being_changed() -> None:
    """It was judged by the old one, and filled at the new one: beyond its liquidation."""
    world = a_world()
    bars = rising(200)
    for bar in bars[: WARMUP + 1]:
        world.close(bar, bar.close, is_history=True)
    world._errand = lambda errand: None  # type: ignore[method-assign]  # its answer is on its way
    assert world.trader.desks[SYMBOL].is_set_up
    world.wish(Tune, name="leverage", value=float(EAGER.leverage * 2))
    assert not world.trader.desks[SYMBOL].is_set_up

    world.give(SetupSeen(SymbolSetup(SYMBOL, int(EAGER.leverage * 2), True), world.time, world.now))

    assert world.trader.desks[SYMBOL].is_set_up


def test_a_leverage_that_the_owner_lowered_at_the_exchange_stays_until_the_setting_changes() -> None:
    world = a_world()
    world.setups[SYMBOL] = SymbolSetup(SYMBOL, EAGER.leverage - 1, True)
    world.give(SetupSeen(world.setups[SYMBOL], world.time, world.now))
    world.pass_time(1_000, is_check=True)
    assert world.setups[SYMBOL].leverage == EAGER.leverage - 1

    world.wish(Tune, name="leverage", value=float(EAGER.leverage + 1))

    assert world.setups[SYMBOL].leverage == EAGER.leverage + 1


def test_a_card_ends_when_a_setting_changes_under_which_it_was_drawn_up() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)

    world.wish(Tune, name="risk_per_trade", value=world.trader.params.risk_per_trade * 2)

    assert [notice.end for notice in told(world, ProposalEnded)] == [ProposalEnd.SUPERSEDED]
    assert world.wish(ApproveEntry, intent_id=intent, fraction=1.0).code is ReplyCode.NO_SUCH_PROPOSAL


def test_a_card_never_enters_more_than_it_showed() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)
    card = world.trader.desks[SYMBOL].memory.proposal
    assert card is not None
    world.wallet *= 3
    for _ in range(3):  # a leap is believed when it is said again
        world.pass_time(1_000, is_check=True)

    world.wish(ApproveEntry, intent_id=intent, fraction=1.0)

    assert 0 < world.held[SYMBOL] <= card.quantity
    assert world.held[SYMBOL] > card.quantity - Decimal("0.002")


def test_half_of_a_card_that_is_smaller_than_the_exchange_takes_is_said_no_to_whatever_the_wallet_is_now() -> None:
    world = a_world(mode=DecisionMode.CONFIRM)
    intent = with_card(world)
    desk = world.trader.desks[SYMBOL]
    assert desk.memory.proposal is not None
    smallest = desk.terms.rules.min_notional / Decimal(repr(desk.memory.proposal.price))
    small = replace(desk.memory.proposal, quantity=(smallest * Decimal("1.5")).quantize(desk.terms.rules.step_size))
    desk.memory = replace(desk.memory, proposal=small)

    assert world.wish(ApproveEntry, intent_id=intent, fraction=0.5).code is ReplyCode.TOO_SMALL
    assert not world.orders
