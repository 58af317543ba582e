"""A trader that lost its memory: what guards a position stays until its own stops were seen."""

from engine.model.messages import Errand
from tests.engine.trader.hard_world import HardWorld
from tests.engine.trader.test_adversity import a_hard_world
from tests.engine.trader.test_trader import until_open
from tests.engine.trader.world import SYMBOL


def an_open_world() -> HardWorld:
    """A position that its stops were seen to cover."""
    world = a_hard_world()
    until_open(world)
    for _ in range(30):
        world.pass_time(100)
    assert len(world.stops) == 3
    return world


def test_stops_that_nobody_remembers_stay_until_others_were_seen_and_go_then() -> None:
    world = an_open_world()
    before, naked, carry_out = set(world.stops), list[Errand](), world._errand

    def watched(errand: Errand) -> None:
        carry_out(errand)
        if world.is_naked(SYMBOL):
            naked.append(errand)

    world._errand = watched  # type: ignore[method-assign]
    world.saved = None
    world.restart()
    for moment in range(80):
        world.pass_time(100, is_check=moment % 10 == 0)

    assert not naked
    assert world.held[SYMBOL]
    assert len(world.stops) == 3
    assert not before & set(world.stops)
