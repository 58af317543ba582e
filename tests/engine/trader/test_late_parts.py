"""A part of an entry that is heard of late: the stop that has moved meanwhile never loosens."""

from decimal import Decimal
from itertools import pairwise

from engine.model.commands import StartTrading
from engine.model.orders import Role
from engine.model.signals import Side
from tests.engine.trader.rising import EAGER, WARMUP, rising
from tests.engine.trader.world import SYMBOL, World

BARS_MEANWHILE = 5


class Halved(World):
    """Fills half of an entry at once."""

    def __post_init__(self) -> None:
        self.late: list[tuple[str, Side, Decimal, str, int]] = []
        super().__post_init__()

    def _fill(self, symbol: str, side: Side, quantity: Decimal, name: str, order_id: int) -> None:
        if name[2:3] == Role.ENTRY.value and not self.late:
            half = (quantity / 2).quantize(Decimal("0.001"))
            self.late.append((symbol, side, quantity - half, name, order_id))
            quantity = half
        super()._fill(symbol, side, quantity, name, order_id)

    def the_rest_fills(self) -> None:
        self._fill(*self.late[0])
        self._run()


def test_a_stop_that_has_trailed_stays_where_it_is_when_a_late_part_of_the_entry_is_told() -> None:
    world = Halved(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    meanwhile = 0
    for number, (bar, following) in enumerate(pairwise(rising(WARMUP + 100))):
        world.close(bar, following.open, is_history=number < WARMUP)
        meanwhile += bool(world.held[SYMBOL])
        if meanwhile > BARS_MEANWHILE:
            break
    before = world.trader.desks[SYMBOL].memory.holding
    assert before is not None
    assert before.plan.stop > float(before.trade.first_stop)

    world.the_rest_fills()

    after = world.trader.desks[SYMBOL].memory.holding
    assert after is not None
    assert after.quantity == world.held[SYMBOL] > before.quantity
    assert (after.plan.stop, after.plan.best_close) == (before.plan.stop, before.plan.best_close)
