"""After starts that failed again and again: nothing is entered, the ruling says so, and the owner's /run ends it."""

from engine.model.commands import StartTrading
from engine.model.messages import ReplyCode
from engine.model.signals import Code
from tests.engine.trader.rising import a_world, rising, run, until_open
from tests.engine.trader.world import SYMBOL


def test_a_guarded_engine_enters_nothing_and_says_why() -> None:
    world = a_world()
    world.trader.is_guarded = True

    run(world, rising(120))

    assert not world.fills
    judged = world.trader.desks[SYMBOL].rulings
    assert any({refusal.code for refusal in ruling.refusals} == {Code.GUARDED} for ruling in judged)


def test_the_owners_run_ends_it_although_the_engine_ran_before() -> None:
    world = a_world()
    world.trader.is_guarded = True
    assert world.trader.view().is_guarded

    reply = world.wish(StartTrading)

    assert reply.code is ReplyCode.DONE
    assert not world.trader.view().is_guarded
    until_open(world)
