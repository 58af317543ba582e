"""Seeded storms over a Trader: prices, wishes and hands at random, while messages, answers and the process get lost.

After every step the exchange's own books are looked at; when the weather has cleared, both books agree to the last digit.
"""

import random
from dataclasses import replace
from decimal import Decimal
from typing import Final

import pytest

from engine.model.commands import ClosePosition, MoveStopToEntry, Panic, PauseTrading, ResetLatch, StartTrading, Tune
from engine.model.events import FeedRestored, PriceSeen, QuoteSeen, Route
from engine.model.market import Bar, PriceWindow
from engine.model.orders import ApprovedOrder, Role, TriggerBy
from engine.model.signals import Side
from tests.engine.trader.hard_world import LOT, Faults, HardWorld, Killed
from tests.engine.trader.rising import EAGER, WARMUP
from tests.engine.trader.world import HOUR

SYMBOLS: Final = ("ETHUSDT", "BTCUSDT")
FOREIGN: Final = "a_stop_of_mine"
NAKED_LIMIT_MS: Final = 2_000
UNHEARD_LIMIT_MS: Final = 4_000  # where messages are lost the answer is the first to tell: up to 2.5 s late, and a tick of 1 s
ORPHAN_LIMIT_MS: Final = 15_000
DUST: Final = Decimal("1e-15")  # the exchange's average entry price is a rounded quotient
STEPS: Final = 260
WEATHER: Final = {
    "calm": Faults(most_parts=4),
    "late and doubled": Faults(double=0.1, delay=0.3, most_parts=4),
    "unanswered": Faults(unanswered=0.15, refuse=0.1, fail=0.1, most_parts=3),
    "lossy": Faults(lose=0.08, delay=0.1, most_parts=4),
    "deadly": Faults(kill=0.03, most_parts=2),
    "lagging and thin": Faults(lag=0.3, expire=0.15, deny=0.3, refuse=0.05, unanswered=0.05, most_parts=3),
    "all of it": Faults(0.04, 0.05, 0.15, 0.05, 0.06, 0.05, 0.01, most_parts=4, lag=0.1, expire=0.05, deny=0.1),
}


class Storm:
    """One seeded life of a Trader, watched from the exchange's side."""

    def __init__(self, seed: int, faults: Faults, *, hands: bool) -> None:
        self.world = HardWorld(params=EAGER, warmup=WARMUP, symbols=SYMBOLS, seed=seed)
        self.chance = random.Random(seed + 1)
        self.hands = hands
        self.naked_limit_ms = UNHEARD_LIMIT_MS if faults.lose else NAKED_LIMIT_MS
        self.drift = 0.0
        self.naked_since: dict[str, int] = {}
        self.flat_since: dict[str, int] = {}
        self.began_with = self.world.wallet
        self.world.wish(StartTrading)
        self.price = 1_000.0
        for number in range(WARMUP):
            self._bar(is_history=True, drift=2.0 if number % 3 else -1.0)
        self.world.faults = faults

    def step(self) -> None:
        """Something happens; a process that dies of it starts again."""
        try:
            self._happens()
        except Killed:
            self.world.restart()
        self.hold()

    def _happens(self) -> None:
        dice = self.chance.random()
        if dice < 0.30:
            self._bar(is_history=False, drift=self._drift())
        elif dice < 0.80:
            for _ in range(self.chance.randint(1, 10)):
                self.world.pass_time(self.chance.choice((200, 500, 1_000)), is_check=self.chance.random() < 0.1)
                self.hold()
        elif dice < 0.86:
            self._spike()
        elif dice < 0.90 and self.world.faults.kill:
            self.world.reborn()
        elif dice < 0.95:
            self._wish()
        elif self.hands:
            self._by_hand()

    def _drift(self) -> float:
        if self.chance.random() < 0.08:
            self.drift = self.chance.choice((-3.0, 3.0, 3.0))
        return (self.drift or 3.0) * (1.6 if self.chance.random() < 0.7 else -0.9)

    def _bar(self, *, is_history: bool, drift: float) -> None:
        opened = self.price
        close = max(50.0, round(opened + drift * (0.5 + self.chance.random()), 2))
        reach = abs(drift) * (1.0 + self.chance.random())
        first_ms = (self.world.bars[-1].open_time_ms if self.world.bars else 0) + HOUR
        bar = Bar(first_ms, opened, max(opened, close) + reach, min(opened, close) - reach, close, 100 + self.chance.random())
        self.world.bars.append(bar)
        self.price = close
        for symbol in SYMBOLS:
            self.world.close(bar, close, symbol, is_history=is_history)
            if not is_history:  # a bar takes a second of wire time: the clock ticks in it, and what was late arrives
                self.world.pass_time(0)

    def _spike(self) -> None:
        """A price far away, for a moment; or no price at all."""
        symbol, price = self.chance.choice(SYMBOLS), self.price
        if self.chance.random() < 0.3:
            nan = float("nan")
            self.world.give(QuoteSeen(symbol, nan, nan, self.world.time, self.world.now))
        else:
            far = price * self.chance.choice((0.97, 1.03))
            self.world.give(
                PriceSeen(symbol, price, PriceWindow(far, min(far, price), max(far, price)), self.world.time, self.world.now)
            )
            self.world.quote(symbol, price)

    def _wish(self) -> None:
        world, chance = self.world, self.chance
        view = world.trader.view()
        held = [desk.position for desk in view.desks.values() if desk.position is not None]
        match chance.randrange(6):
            case 0 if held:
                fraction = chance.choice((0.5, 0.5, 1.0))
                world.wish(ClosePosition, intent_id=held[0].trade.intent_id, fraction=fraction)
            case 1 if held:
                world.wish(MoveStopToEntry, intent_id=held[0].trade.intent_id)
            case 2 if chance.random() < 0.3:
                world.wish(Panic)
            case 3:
                world.wish(Tune, name="ema_long", value=chance.choice((18.0, 21.0, 24.0)))
            case 4 if chance.random() < 0.3:
                world.wish(PauseTrading)
            case _:
                world.wish(ResetLatch)
                world.wish(StartTrading)

    def _by_hand(self) -> None:
        """The owner adds to, reduces or turns a position at the exchange itself."""
        world = self.world
        symbol = next((symbol for symbol in SYMBOLS if world.held[symbol]), "")
        if not symbol:
            return
        held = world.held[symbol]
        side = Side.LONG if held > 0 else Side.SHORT
        what = self.chance.choice(("add", "reduce", "close", "turn"))
        half = (abs(held) / 2).quantize(LOT)
        quantity = {"add": half, "reduce": half, "close": abs(held), "turn": abs(held) * 2}[what]
        if quantity:
            world._fill(symbol, side if what == "add" else Side(-side), quantity, "web_order", 800_000 + len(world.fills))
            world._run()

    # --- what holds -------------------------------------------------------------------------------------------------

    def hold(self) -> None:
        """Look at the exchange: cover, number of positions, orphans, entries."""
        world, now = self.world, self.world.now
        assert sum(quantity != 0 for quantity in world.held.values()) <= world.trader.params.max_positions
        entries = [order.intent_id for order in world.orders if order.role is Role.ENTRY]
        assert len(entries) == len(set(entries)), "an intent was sent twice"
        for symbol in SYMBOLS:
            leaving = world.trader.desks[symbol].memory.exit
            if world.is_naked(symbol) and not (leaving is not None and leaving.is_whole):
                assert now - self.naked_since.setdefault(symbol, now) <= self.naked_limit_ms, f"{symbol} is naked"
            else:
                self.naked_since.pop(symbol, None)
            if world.orphans(symbol):
                assert now - self.flat_since.setdefault(symbol, now) <= ORPHAN_LIMIT_MS, world.orphans(symbol)
            else:
                self.flat_since.pop(symbol, None)

    def clear(self) -> None:
        """The weather clears: what was lost is looked for, and everything comes to rest."""
        self.world.faults = replace(Faults(), most_parts=1)
        try:
            self.world.give(FeedRestored(Route.PRIVATE, 1_000, self.world.time, self.world.now))
            for second in range(45):
                self.world.pass_time(1_000, is_check=second % 30 == 0)
                self.hold()
        except Killed as died:
            raise AssertionError("nobody dies in clear weather") from died

    def books_agree(self) -> None:
        """Positions, and every execution booked once."""
        world = self.world
        for symbol, desk in world.trader.desks.items():
            holding = desk.memory.holding
            booked = holding.quantity * int(holding.trade.side) if holding is not None else Decimal(0)
            assert booked == world.held[symbol], f"{symbol}: {booked} booked, {world.held[symbol]} held"
            assert desk.memory.entry is None
            assert not world.is_naked(symbol)
            assert not world.orphans(symbol)
        assert not world.trader.is_busy
        open_net = sum(
            (desk.memory.holding.trade.net for desk in world.trader.desks.values() if desk.memory.holding), Decimal(0)
        )
        missing = sum((trade.net for trade in world.trades), open_net) - (world.wallet - self.began_with)
        assert abs(missing) < DUST, f"{missing} is missing in the books"
        assert FOREIGN in world.stops, "a stop that is not ours was touched"


def a_foreign_stop(symbol: str) -> ApprovedOrder:
    """A stop that the owner placed at the exchange."""
    return ApprovedOrder(
        FOREIGN, "", symbol, Role.TIGHT_STOP, Side.SHORT, Decimal("0.001"), Decimal(1), TriggerBy.LAST, reduce_only=True
    )


@pytest.mark.parametrize("hands", [False, True], ids=["alone", "with hands"])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("weather", WEATHER)
def test_the_position_is_guarded_and_the_books_are_true_in(weather: str, seed: int, hands: bool) -> None:
    print(f"storm {weather!r}, seed {seed}")
    storm = Storm(seed, WEATHER[weather], hands=hands)
    storm.world.stops[FOREIGN] = a_foreign_stop("ETHUSDT")

    for _ in range(STEPS):
        storm.step()
    storm.clear()

    storm.books_agree()
    assert storm.world.fills, "the storm saw no trade"
