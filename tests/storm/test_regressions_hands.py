"""What others did at a bad moment, made by hand so that it stays what it was."""

import random
from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.model.commands import Panic, StopHow, StopTrading
from engine.model.notices import LatchCause, LatchSet, OutsideQuestion, PanicDone
from tests.storm.catalogue import FAULTS
from tests.storm.faults_world import half_liquidated
from tests.storm.weather import Ask, Blow, Treatment
from tests.storm.world import World

MUTE = replace(FAULTS["C3"], odds=1.0)
STORE_GONE = replace(FAULTS["D2"], odds=1.0)
ETH = "ETHUSDT"


class Scripted(World):
    """Things happen at set moments."""

    script: tuple[tuple[float, Callable[[World], None]], ...] = ()

    def _begin(self) -> None:
        super()._begin()
        for at_s, act in self.script:
            self.later(at_s - self.loop.time(), act, self)


def lived(
    seed: int, *script: tuple[float, Callable[[World], None]], blows: tuple[Blow, ...] = (), for_s: float = 46.0
) -> World:
    """A world in which this happens, and nothing of it was a violation."""
    world = Scripted(seed, lambda _: list(blows), storm_s=for_s)
    world.script = script
    assert not world.run().violations
    return world


def panics(world: World) -> None:
    world.wish(Panic)


def killed(world: World) -> None:
    world.machine.kill("killed")


def opens(world: World) -> None:
    world.by_hand(ETH, 1, 500)


def told(world: World, kind: type) -> list[object]:
    return [notice for notice in world.disk.notices() if isinstance(notice, kind)]


def forced_in_part(world: World) -> None:
    """The exchange closes the half of a position."""
    world.forced(ETH)
    half_liquidated(world.venue, ETH)


@pytest.mark.parametrize("is_down", [False, True], ids=["the stream is mute", "the process is down"])
def test_a_liquidation_in_part_that_only_a_list_tells_of_latches(is_down: bool) -> None:
    def hit(world: World) -> None:
        if is_down:
            world.machine.kill("killed")
        forced_in_part(world)

    world = lived(4, (31.1, hit), blows=() if is_down else (Blow(MUTE, 20.0, 45.0),))

    assert [latch.cause for latch in told(world, LatchSet) if isinstance(latch, LatchSet)] == [LatchCause.LIQUIDATION]


def test_a_panic_is_not_over_before_the_exchange_says_so_after_the_last_exit() -> None:
    """The look at the account was from before somebody enlarged the position, and no message told of that."""
    held = list[int]()

    def enlarges(world: World) -> None:
        lots = world.venue.lots(ETH)
        world.by_hand(ETH, 1 if lots > 0 else -1, abs(lots))

    def looks(world: World) -> None:
        if told(world, PanicDone) and not held:
            held.append(world.venue.lots(ETH))

    def slow(_: World, ask: Ask, __: random.Random) -> Treatment | None:
        return Treatment(delay_s=0.15) if ask.is_exit else None

    late = replace(FAULTS["A6b"], odds=1.0, on_request=slow)
    blows = (Blow(MUTE, 26.08, 26.14), Blow(late, 25.9, 27.0))

    lived(5, (26.0, panics), (26.1, enlarges), *((27.0 + tenth / 10, looks) for tenth in range(70)), blows=blows, for_s=34.0)

    assert held == [0]


def test_a_panic_of_which_the_file_knows_that_it_ended_closes_nothing_that_was_opened_since() -> None:
    """The store was away when it ended, and came back knowing only that it had begun."""
    held = list[int]()
    gone = Blow(STORE_GONE, 26.03, 36.2)

    lived(5, (26.0, panics), (32.0, opens), (36.0, killed), (44.0, lambda w: held.append(w.venue.lots(ETH))), blows=(gone,))

    assert held == [500]


def test_what_somebody_opens_while_an_unwanted_entry_is_unanswered_is_not_sold() -> None:
    held = list[int]()

    def lost(_: World, ask: Ask, __: random.Random) -> Treatment | None:
        return Treatment(is_lost=True, is_unanswered=True) if ask.is_entry else None

    def stops(world: World) -> None:
        world.wish(StopTrading, how=StopHow.CLOSE)

    unanswered = Blow(replace(FAULTS["A1"], odds=1.0, on_request=lost), 5.0, 25.0)

    world = lived(
        1, (15.0, stops), (16.1, opens), (24.0, lambda w: held.append(w.venue.lots(ETH))), blows=(unanswered,), for_s=40.0
    )

    assert told(world, OutsideQuestion)
    assert held == [500]


def test_a_leverage_that_is_raised_after_the_word_of_an_ended_key_was_lost_is_excused() -> None:
    """Nobody could know of it: the next comparison tells."""
    unheard = Blow(replace(FAULTS["C12"], odds=1.0), 10.9, 11.5)

    def ends_the_key(world: World) -> None:
        world.venue.hub.end_key(world.venue.hub.keys.end())

    lived(25632363, (11.0, ends_the_key), (19.7, lambda world: world.leverage_by_hand(ETH, 20)), blows=(unheard,))
