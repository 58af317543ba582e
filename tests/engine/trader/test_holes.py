"""A hole in the bars is asked for once; one that the exchange itself has is no end: the desk warms up again behind it."""

from dataclasses import dataclass, field

import pytest

from engine.model.commands import StartTrading
from engine.model.events import BarClosed
from engine.model.market import Bar
from engine.model.messages import Errand, FetchBars
from engine.model.orders import Role
from tests.engine.trader.rising import EAGER, WARMUP, rising, until_open
from tests.engine.trader.world import HOUR, SYMBOL, World


@dataclass
class Listing(World):
    """An exchange that lists bars, where it has them."""

    listed: list[Bar] = field(default_factory=list)
    asked: int = 0

    def _errand(self, errand: Errand) -> None:
        if not isinstance(errand, FetchBars):
            super()._errand(errand)
            return
        self.asked += 1
        assert self.asked < 50, "a storm of questions"
        self.now += 20
        for bar in (bar for bar in self.listed if bar.open_time_ms >= errand.since_ms):
            self._tell(BarClosed(SYMBOL, bar, True, self.time, self.now))

    @property
    def last_open_ms(self) -> int:
        return self.trader.desks[SYMBOL].bars.last_open_ms

    @property
    def count(self) -> int:
        return self.trader.desks[SYMBOL].bars.count


def a_listing_world() -> Listing:
    world = Listing(params=EAGER, warmup=WARMUP)
    world.wish(StartTrading)
    return world


def close_all(world: Listing, bars: list[Bar], *, is_history: bool = False) -> None:
    for bar in bars:
        world.listed.append(bar)
        world.close(bar, bar.close, is_history=is_history)


def test_bars_that_nobody_told_of_are_asked_for_once() -> None:
    world, bars = a_listing_world(), rising(WARMUP + 10)
    close_all(world, bars[:WARMUP], is_history=True)

    world.listed += bars[WARMUP:-1]
    close_all(world, bars[-1:])

    assert (world.last_open_ms, world.count, world.asked) == (bars[-1].open_time_ms, len(bars), 1)


def test_behind_a_hole_that_the_exchange_itself_has_the_desk_warms_up_again() -> None:
    """It asked for all bars again with each bar behind the hole, ever more, and took none."""
    world, bars = a_listing_world(), rising(3 * WARMUP)
    close_all(world, bars[:WARMUP], is_history=True)

    close_all(world, bars[WARMUP + 1 : WARMUP + 5])

    assert (world.last_open_ms, world.count, world.asked) == (bars[WARMUP + 4].open_time_ms, 4, 1)
    assert world.rulings[-1].verdict.name == "REFUSED"
    close_all(world, bars[WARMUP + 5 :])
    assert world.asked == 1
    assert world.fills


def test_a_hole_amid_the_bars_of_a_start_is_asked_for_once() -> None:
    world, bars = a_listing_world(), rising(2 * WARMUP)
    world.listed = bars[:10] + bars[11:]

    for bar in world.listed:
        world.give(BarClosed(SYMBOL, bar, True, bars[-1].open_time_ms, world.now))

    assert (world.last_open_ms, world.count, world.asked) == (bars[-1].open_time_ms, len(bars) - 11, 1)


def test_a_bar_that_is_no_bar_is_asked_for_once_however_slow_the_answer() -> None:
    """Each answer that took longer than two seconds was asked for again, for as long as the bar was the newest."""
    world, bars = a_listing_world(), rising(WARMUP + 10)
    close_all(world, bars[:WARMUP], is_history=True)
    bad = bars[WARMUP]._replace(high=-1.0)

    world.give(BarClosed(SYMBOL, bad, False, world.time, world.now))
    for _ in range(20):
        world.now += 2_500
        world.give(BarClosed(SYMBOL, bad, True, world.time, world.now))
    assert world.asked == 1

    close_all(world, bars[WARMUP + 1 : WARMUP + 5])
    assert (world.last_open_ms, world.asked) == (bars[WARMUP + 4].open_time_ms, 2)


@pytest.mark.parametrize("lacking", [1, 3])
def test_an_open_position_keeps_its_stops_over_a_hole_and_its_trail_goes_on(lacking: int) -> None:
    world = a_listing_world()
    last = until_open(world)[0]
    calm = rising(20, start=last.close, step=0.5, first_ms=last.open_time_ms + lacking * HOUR)
    before = max(stop.trigger_price or 0 for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)

    close_all(world, calm)

    assert world.count == 20
    assert world.held[SYMBOL] > 0
    after = max(stop.trigger_price or 0 for stop in world.stops.values() if stop.role is Role.TIGHT_STOP)
    assert after > before


def test_a_regime_of_a_book_that_began_anew_behind_a_hole_closes_nothing_before_it_is_warm() -> None:
    world = Listing(params=EAGER._replace(exit_on_range=1), warmup=WARMUP)
    world.wish(StartTrading)
    bars = until_open(world)
    held = world.held[SYMBOL]

    for bar in bars[1:4]:  # and the exchange lacks the first one
        world.listed.append(bar)
        world.close(bar, bar.close)

    assert world.count == 3
    assert world.held[SYMBOL] == held
    assert not world.trades
