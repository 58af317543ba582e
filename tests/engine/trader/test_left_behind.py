"""Stops that a position left behind are looked for after it is gone, until the exchange has listed what rests (I11)."""

from dataclasses import replace
from decimal import Decimal

from engine.desk.aftermath import APART_MS, LOOKS, Aftermath
from engine.model.commands import StartTrading
from engine.model.events import CancelRefused
from engine.model.messages import CancelOrder, Errand, ListStops, Outcome, SyncAccount
from engine.model.orders import Role
from tests.engine.trader.rising import EAGER, WARMUP, until_open
from tests.engine.trader.world import SYMBOL, World


class MuteWorld(World):
    """An exchange that lists nothing while it is mute."""

    is_mute = False
    asked = 0

    def _errand(self, errand: Errand) -> None:
        if isinstance(errand, ListStops):
            self.asked += 1
        if not self.is_mute or not isinstance(errand, ListStops | SyncAccount):
            super()._errand(errand)


def a_position_that_left_a_stop_behind() -> tuple[MuteWorld, str]:
    world = MuteWorld(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    until_open(world)
    tight = next(stop for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)
    forgotten = replace(tight, client_id="abT" + "a" * 16 + "001")
    world.is_mute = True
    world.fire(tight)
    world.stops[forgotten.client_id] = forgotten
    assert not world.held[SYMBOL]
    return world, forgotten.client_id


def passes(world: World, seconds: int) -> None:
    for _ in range(seconds):
        world.pass_time(1_000)


def test_a_look_that_nobody_answered_is_repeated_until_one_is() -> None:
    world, forgotten = a_position_that_left_a_stop_behind()
    passes(world, 60)
    assert forgotten in world.stops

    world.is_mute = False
    passes(world, 5)

    assert forgotten not in world.stops


class RefusingWorld(World):
    """An exchange that answers for no cancel until it is willing."""

    is_willing = False

    def _errand(self, errand: Errand) -> None:
        if self.is_willing or not isinstance(errand, CancelOrder):
            super()._errand(errand)
            return
        self.give(CancelRefused(errand.symbol, errand.client_id, True, self.time, self.now))


def test_a_stop_that_a_start_finds_on_a_flat_symbol_is_cancelled_again_where_nobody_answered_for_the_cancel() -> None:
    world = RefusingWorld(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    until_open(world)
    world.held[SYMBOL] = Decimal(0)
    assert world.stops

    world.saved = None
    world._inbox.clear()
    world.wake_up()
    passes(world, 3)
    world.is_willing = True
    passes(world, 5)

    assert not world.stops


def test_the_stop_of_a_position_that_was_found_closed_already_is_looked_for_again() -> None:
    """Found by storm seed 20041426: one cancel was answered by a firewall, and its stop rested for half a minute."""
    looks = Aftermath().booked(1_000, is_held=False)
    found = Outcome(errands=(CancelOrder(SYMBOL, "abT", is_stop=True),))

    again = looks.listed(2_000, found, is_over=False)

    assert again.looks_left == LOOKS
    assert again.is_due(2_000 + APART_MS)
    assert not looks.booked(1_500, is_held=True).listed(2_000, found, is_over=False).looks_left


def test_a_few_looks_that_were_answered_are_enough() -> None:
    world, _ = a_position_that_left_a_stop_behind()
    world.is_mute = False
    passes(world, 30)
    before = world.asked

    passes(world, 120)

    assert world.asked == before
