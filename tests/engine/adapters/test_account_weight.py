"""What a look at the account costs, and that looks never use up the weight that the next one needs."""

import asyncio

from engine.adapters.binance_account import SPACED_S
from engine.model.events import AccountSynced
from engine.model.messages import SyncAccount
from tests.storm.machine import Machine
from tests.storm.market import SYMBOLS
from tests.storm.world import World

LIMIT = 2_400


class Idle(World):
    """A world in which the test itself asks."""

    looks: int = 0
    used: float = 0.0

    async def asks(self, machine: Machine, seconds: float) -> None:
        """Ask for the account as fast as it can be had."""
        assert machine.runner is not None
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while loop.time() < until:
            news = await machine.runner._broker.run(SyncAccount())
            assert any(isinstance(event, AccountSynced) for event in news), news
            self.looks += 1
            self.used = max(self.used, self.venue.limits.weight.used / LIMIT)


def test_looks_that_are_asked_for_without_end_leave_weight_for_what_else_has_to_be_read() -> None:
    world = Idle(1, lambda _: [], storm_s=50.0)
    world.loop.call_at(5.0, lambda: world.machine.run(world.asks(world.machine, 40.0)))

    ended = world.run()

    assert not ended.violations
    assert world.looks > 40 / SPACED_S
    assert world.used < 0.8


def test_a_look_at_few_symbols_weighs_a_fraction_of_one_at_all() -> None:
    world = Idle(1, lambda _: [], storm_s=20.0)
    weights = list[int]()

    async def once() -> None:
        assert world.machine.runner is not None
        before = world.venue.limits.weight.used
        await world.machine.runner._broker.run(SyncAccount())
        weights.append(world.venue.limits.weight.used - before)

    world.loop.call_at(18.0, lambda: world.machine.run(once()))
    world.run()

    assert weights
    assert weights[0] <= 20 + 2 * len(SYMBOLS)
