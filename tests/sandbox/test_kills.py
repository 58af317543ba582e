"""Kills come at the bars that were named, while the market holds, and at random ones that a seed repeats."""

from sandbox.kills import Killer
from sandbox.options import KillOptions


class FakePace:
    """A market that goes on by a bar whenever it is looked at, and holds at given bars until it is let go."""

    def __init__(self, holds: tuple[int, ...] = ()) -> None:
        self.holds = set(holds)
        self.bars = 0

    @property
    def bars_done(self) -> int:
        if not self.is_held:
            self.bars += 1
        return self.bars

    @property
    def is_held(self) -> bool:
        return self.bars in self.holds

    def resume(self) -> None:
        self.holds.discard(self.bars)


async def test_the_product_is_killed_at_every_hold_and_the_market_goes_on() -> None:
    pace = FakePace(holds=(3, 6))
    killer = Killer(KillOptions(at_bars=(3, 6)), 10, pace, lambda: 42, lambda _: None)

    await killer.run()

    assert killer.done == [3, 6]
    assert not pace.is_held


async def test_random_kills_come_as_often_as_asked() -> None:
    said: list[str] = []
    killer = Killer(KillOptions(times=2, seed=3), 5, FakePace(), lambda: 42, said.append)

    await killer.run()

    assert len(killer.done) == len(said) == 2


async def test_a_random_kill_waits_for_a_product_that_is_dead_already() -> None:
    pids = iter((0, 0, 42))
    killer = Killer(KillOptions(times=1), 2, FakePace(), lambda: next(pids), lambda _: None)

    await killer.run()

    assert len(killer.done) == 1
    assert next(pids, None) is None
