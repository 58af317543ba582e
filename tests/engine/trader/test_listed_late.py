"""A symbol that the exchange lists only while the trader runs: bars, sides, limits and a panic count it from the start."""

from dataclasses import dataclass, field
from decimal import Decimal

from engine.model.account import SymbolSetup
from engine.model.commands import AllowSides, Panic, StartTrading
from engine.model.events import RulesLoaded
from engine.model.messages import Errand, FetchBars, SyncAccount
from engine.model.notices import PanicDone
from engine.model.signals import Sides
from tests.engine.trader.rising import EAGER, WARMUP, rising, run, told
from tests.engine.trader.world import HOUR, SYMBOL, World, rules

LATE = "LATEUSDT"


@dataclass
class Growing(World):
    """An exchange that lists a second symbol only later."""

    asked: list[Errand] = field(default_factory=list)

    def _errand(self, errand: Errand) -> None:
        self.asked.append(errand)
        super()._errand(errand)

    def list_it(self) -> None:
        self.asked.clear()
        self.give(RulesLoaded(rules(LATE), self.time, self.now))


def a_growing_world() -> Growing:
    world = Growing(params=EAGER, warmup=WARMUP, symbols=(SYMBOL, LATE))
    del world.trader.desks[LATE]
    world.wish(StartTrading)
    run(world, rising(WARMUP + 2))
    return world


def holds_unseen(world: Growing) -> None:
    """The account shows a position on it."""
    world.held[LATE], world.entry[LATE] = Decimal(1), Decimal(100)
    world.setups[LATE] = SymbolSetup(LATE, 5, True)
    world.pass_time(1_000, is_check=True)


def test_a_symbol_that_is_listed_late_asks_for_the_bars_behind_it_and_for_the_account() -> None:
    world = a_growing_world()

    world.list_it()

    (bars,) = [errand for errand in world.asked if isinstance(errand, FetchBars)]
    assert bars == FetchBars(LATE, world.time - (WARMUP + 1) * HOUR)
    assert SyncAccount() in world.asked


def test_sides_that_were_allowed_for_all_hold_for_it_too() -> None:
    world = a_growing_world()

    world.wish(AllowSides, symbol="", sides=Sides.SHORT)
    world.list_it()

    assert world.trader.desks[LATE].memory.sides is Sides.SHORT


def test_what_is_held_of_it_takes_a_place_among_the_positions() -> None:
    world = a_growing_world()
    desk = world.trader.desks[SYMBOL]
    assert world.trader.account_now(desk).open_positions == 0

    holds_unseen(world)

    assert world.trader.account_now(desk).open_positions == 1


def test_a_panic_is_not_over_while_it_is_held_and_closes_it_once_it_is_listed() -> None:
    world = a_growing_world()
    holds_unseen(world)

    world.wish(Panic)
    for _ in range(5):
        world.pass_time(1_000, is_check=True)
    assert not told(world, PanicDone)

    world.list_it()
    world.quote(LATE, 100.0)
    for _ in range(10):
        world.pass_time(1_000, is_check=True)
    assert not world.held[LATE]
    assert len(told(world, PanicDone)) == 1
