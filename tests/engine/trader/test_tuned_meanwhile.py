"""A setting that changes while an entry is on its way is for the next one: this one's size was reckoned without it."""

from engine.model.commands import Asked, StartTrading, Tune
from engine.model.orders import ApprovedOrder, Role
from tests.engine.trader.rising import EAGER, WARMUP, until_open
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
