"""Weather that once found a fault, made by hand so that it stays what it was."""

import random
from dataclasses import replace
from itertools import pairwise

from tests.storm.catalogue import FAULTS
from tests.storm.weather import Act, Blow, Treatment
from tests.storm.world import World


class Watched(World):
    """Keeps the moments at which stops were asked for."""

    stops_s: list[float]

    def carried_out(self, method, path, encoded, treatment):  # type: ignore[no-untyped-def]
        if method == "POST" and path == "/fapi/v1/algoOrder":
            self.stops_s.append(self.loop.time())
        return super().carried_out(method, path, encoded, treatment)


class Entered(World):
    """Keeps the moments at which entries were sent."""

    entries_s: list[float]

    def sent(self, name: str) -> None:
        self.entries_s.append(self.loop.time())
        super().sent(name)


def _still(seconds: float) -> Act:
    """The process stands still for a while."""

    def act(world: World, _: random.Random) -> bool:
        world.pause(seconds)
        return True

    return act


def test_prices_that_came_in_while_a_process_stood_still_for_a_moment_are_as_old_as_their_arrival() -> None:
    """A false alarm of the watch once: it took them for as old as the newest price before the process stood still."""
    moment, longer = (replace(FAULTS["F4"], act=_still(seconds)) for seconds in (0.5, 2.0))
    world = Entered(100_531, lambda _: [Blow(moment, 9.7, 9.8), Blow(longer, 11.1, 11.2)], storm_s=30.0)
    world.entries_s = list[float]()

    ended = world.run()

    assert any(13.1 < second < 14.0 for second in world.entries_s)
    assert not ended.violations


def test_a_stop_that_is_refused_while_a_process_starts_is_placed_again_before_all_is_read(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """The bars of a start may take long; a position must not wait for them."""
    refused = replace(FAULTS["A5"], odds=1.0)
    slow = replace(
        FAULTS["A38"],
        odds=1.0,
        on_request=lambda _, ask, __: Treatment(answer_delay_s=6.0) if ask.path == "/fapi/v1/klines" else None,
    )
    world = Watched(2, lambda _: [Blow(refused, 12.05, 24.0), Blow(slow, 12.05, 40.0)], storm_s=50.0)
    world.stops_s = list[float]()
    world.on_point = lambda _, name: name == "entry:after" and world.kills == 0

    ended = world.run()

    during = [second for second in world.stops_s if 13.0 < second < 22.0]
    assert max(later - earlier for earlier, later in pairwise(during)) < 1.5
    assert not ended.violations
