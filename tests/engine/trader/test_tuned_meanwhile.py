"""A setting that changes while an entry or a card is on its way is for the next: this one's size was reckoned without it."""

from decimal import Decimal

from engine.model.commands import ApproveEntry, Asked, DecisionMode, StartTrading, Tune
from engine.model.messages import ReplyCode
from engine.model.notices import ProposalEnded
from engine.model.orders import ApprovedOrder, Role
from engine.model.proposals import ProposalEnd
from tests.engine.trader.rising import EAGER, WARMUP, a_world, told, until_open
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


class RaisedMeanwhile(World):
    """Its owner asks for five times the leverage after an entry left, and before it fills."""

    def _order(self, order: ApprovedOrder) -> None:
        if order.role is Role.ENTRY:
            self._act(self.trader.handle(Tune("leverage", EAGER.leverage * 5, asked=Asked("7", self.time, self.now))))
        super()._order(order)


def test_leverage_is_not_switched_under_an_entry_on_its_way() -> None:
    """Its liquidation price would come between entry and stop, though its size was reckoned with another one."""
    world = RaisedMeanwhile(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)

    until_open(world)

    holding = world.trader.desks[SYMBOL].memory.holding
    assert holding is not None
    assert world.setups[SYMBOL].leverage == holding.leverage == EAGER.leverage


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
    world.pass_time(1_000, is_check=True)

    world.wish(ApproveEntry, intent_id=intent, fraction=1.0)

    assert 0 < world.held[SYMBOL] <= card.quantity
    assert world.held[SYMBOL] > card.quantity - Decimal("0.002")
