"""A position of somebody else, before anybody answered: covered, and left neither at a target nor by a clock of ours."""

from decimal import Decimal

from engine.model.commands import OutsideChoice
from engine.model.orders import Role
from engine.model.signals import Side
from tests.engine.trader.test_outside import a_world, answer, later, roles
from tests.engine.trader.world import SYMBOL


def test_a_strangers_position_gets_stops_and_no_target_until_it_is_adopted() -> None:
    world = a_world()
    world.by_hand(Side.LONG, "1")
    later(world)

    assert roles(world) == {Role.WIDE_STOP, Role.TIGHT_STOP}

    answer(world, OutsideChoice.ADOPT)
    later(world)

    assert roles(world) == {Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET}
    assert world.held[SYMBOL] == Decimal(1)
