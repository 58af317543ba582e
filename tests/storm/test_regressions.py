"""Weather that once found a fault, made by hand so that it stays what it was."""

from dataclasses import replace
from itertools import pairwise

from tests.storm.catalogue import FAULTS
from tests.storm.weather import Blow, Treatment
from tests.storm.world import World


class Watched(World):
    """Keeps the moments at which stops were asked for."""

    stops_s: list[float]

    def carried_out(self, method, path, encoded, treatment):  # type: ignore[no-untyped-def]
        if method == "POST" and path == "/fapi/v1/algoOrder":
            self.stops_s.append(self.loop.time())
        return super().carried_out(method, path, encoded, treatment)


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
