"""A world in which orders fill in parts and nothing is sure to arrive: answers and messages are lost, doubled and late,
requests are refused or executed after their time-out, and the process dies between two requests.

Everything is drawn from one seeded chance. `calm` ends the faults; what was lost stays lost.
"""

import heapq
import random
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from engine.adapters.codec import decode, encode
from engine.execution.ids import read
from engine.model.events import (
    AccountSynced,
    BalanceChanged,
    CancelRefused,
    ErrandFailed,
    OrderAccepted,
    OrderFilled,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderUnanswered,
    StopChanged,
)
from engine.model.market import Bar
from engine.model.messages import CancelOrder, Errand, FindOrder, FindStop, Outcome
from engine.model.orders import ApprovedOrder, Role, StopStatus
from engine.model.saved import SavedState
from engine.model.signals import Side
from engine.ports import Event
from tests.engine.trader.world import World

STREAM: Final = (OrderFilled, StopChanged, BalanceChanged)
LOT: Final = Decimal("0.001")
REFUSALS: Final = {True: (-1008, -1008, -2021, -4509, -4116), False: (-1008, -2022)}  # of stops, and of market orders
LEASE_MS: Final = 3_000
MOST_LAG_MS: Final = 4_900  # the product reckons with 5 s
ZERO: Final = Decimal(0)


class Killed(Exception):
    """The process died here."""


@dataclass(frozen=True)
class Faults:
    """How often things go wrong, each between 0 and 1."""

    lose: float = 0.0  # a message of the stream never arrives
    double: float = 0.0
    delay: float = 0.0
    refuse: float = 0.0
    unanswered: float = 0.0  # executed at once, later, or never; nobody says which
    fail: float = 0.0  # a read or a cancel brings nothing, though the cancel may have been done
    kill: float = 0.0
    most_parts: int = 1
    lag: float = 0.0  # a snapshot shows the positions of some seconds ago
    expire: float = 0.0  # a market order executes a part of itself, or nothing, and expires
    deny: float = 0.0  # an order that exists is not found


CALM: Final = Faults()


@dataclass
class HardWorld(World):
    """Counts its wire time in steps of `pass_time`; what is late arrives then."""

    seed: int = 0
    faults: Faults = CALM
    bars: list[Bar] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.executed: dict[str, Decimal] = {}
        self.states: dict[str, tuple[StopStatus, int]] = {}
        self.held_at = dict[str, list[tuple[int, Decimal, Decimal]]]()  # wire time, quantity, entry price
        self._late: list[tuple[int, int, Event | ApprovedOrder]] = []
        self._count = 0
        super().__post_init__()

    def happens(self, how_often: float) -> bool:
        return how_often > 0 and self.chance.random() < how_often

    # --- messages ---------------------------------------------------------------------------------------------------

    def _tell(self, event: Event) -> None:
        if isinstance(event, STREAM) and self.happens(self.faults.lose):
            return
        for _ in range(1 + self.happens(self.faults.double)):
            if self.happens(self.faults.delay):
                self._later(event)
            else:
                self._inbox.append(event)

    def _later(self, what: Event | ApprovedOrder) -> None:
        self._count += 1
        heapq.heappush(self._late, (self.now + self.chance.randrange(50, 2_500), self._count, what))

    def pass_time(self, ms: int, *, is_check: bool = False) -> None:
        """Wire time goes on, and what was late by less arrives."""
        until = self.now + ms
        while self._late and self._late[0][0] <= until:
            due, _, what = heapq.heappop(self._late)
            self.now = max(self.now, due)
            if isinstance(what, ApprovedOrder):
                self._executed(what)
            else:
                self._inbox.append(replace(what, seen_ms=self.now))
            self._run()
        self.now = max(self.now, until) - ms
        super().pass_time(ms, is_check=is_check)

    # --- the process ------------------------------------------------------------------------------------------------

    def _act(self, outcome: Outcome) -> None:
        if (outcome.orders or outcome.errands) and self.happens(self.faults.kill):
            self.saved = decode(encode(self.trader.state()), SavedState)
            self.notices += outcome.notices
            self.trades += outcome.trades
            raise Killed
        super()._act(outcome)

    def restart(self) -> None:
        """A new process from what was saved. What the old one would have heard is gone; late orders are not."""
        self._inbox.clear()
        self._late = [late for late in self._late if isinstance(late[2], ApprovedOrder)]
        faults, self.faults = self.faults, CALM
        self.now += 500
        self.wake_up()
        price = self.price[self.symbols[0]]
        for bar in self.bars[-90:]:
            for symbol in self.symbols:
                self.close(bar, float(price), symbol, is_history=True)
        self.faults = faults

    def reborn(self) -> None:
        """The process ends between two events and starts again."""
        self.saved = decode(encode(self.trader.state()), SavedState)
        self.restart()

    # --- the exchange -----------------------------------------------------------------------------------------------

    def _order(self, order: ApprovedOrder) -> None:
        now = (self.time, self.now)
        if order.role in self.refuse or self.happens(self.faults.refuse):
            code = self.refuse.pop(order.role, 0) or self.chance.choice(REFUSALS[order.trigger_price is not None])
            self._tell(OrderRejected(order.symbol, order.client_id, code, "refused", *now))
        elif self.happens(self.faults.unanswered):
            fate = self.chance.choice(("at once", "later", "never"))
            self._tell(OrderUnanswered(order.symbol, order.client_id, "time-out", *now))
            if fate == "at once":
                self._executed(order)
            elif fate == "later":
                self._later(order)
        else:
            self._tell(self._executed(order))

    def _executed(self, order: ApprovedOrder) -> Event:
        """Let the exchange take an order; its answer."""
        now = (self.time, self.now)
        if order.trigger_price is not None:
            return self._rests(order)
        quantity = order.quantity or Decimal(0)
        if order.reduce_only:
            quantity = min(quantity, max(Decimal(0), -self.held[order.symbol] * int(order.side)))
            if not quantity:
                return OrderRejected(order.symbol, order.client_id, -2022, "reduce only", *now)
        if self.happens(self.faults.expire):
            quantity = (quantity * self.chance.choice((0, 1, 2)) / 4).quantize(LOT)
        self._ids += 1
        order_id = self._ids
        self._filled_in_parts(order.symbol, order.side, quantity, order.client_id, order_id)
        self.executed[order.client_id] = quantity
        return OrderAccepted(order.symbol, order.client_id, order_id, quantity, True, *now)

    def _fill(self, symbol: str, side: Side, quantity: Decimal, name: str, order_id: int) -> None:
        super()._fill(symbol, side, quantity, name, order_id)
        self.held_at.setdefault(symbol, []).append((self.now, self.held[symbol], self.entry[symbol]))

    def _snapshot(self) -> AccountSynced:
        if not self.happens(self.faults.lag):
            return super()._snapshot()
        true, until = (dict(self.held), dict(self.entry)), self.now - self.chance.randrange(MOST_LAG_MS)
        for symbol, known in self.held_at.items():
            _, self.held[symbol], self.entry[symbol] = next((at for at in reversed(known) if at[0] <= until), (0, ZERO, ZERO))
        seen = super()._snapshot()
        self.held, self.entry = true
        return seen

    def _rests(self, order: ApprovedOrder) -> Event:
        now = (self.time, self.now)
        if order.quantity is None:
            same = [s for s in self.stops.values() if s.symbol == order.symbol and s.quantity is None and s.side is order.side]
            if not self.held[order.symbol]:
                return OrderRejected(order.symbol, order.client_id, -4509, "no position", *now)
            if same and same[0].client_id != order.client_id:
                return OrderRejected(order.symbol, order.client_id, -4130, "one of the kind rests", *now)
        self._ids += 1
        if self.states.get(order.client_id, (StopStatus.NEW, 0))[0] is StopStatus.NEW:
            self.stops[order.client_id] = order
            self.states[order.client_id] = (StopStatus.NEW, 0)
        return OrderAccepted(order.symbol, order.client_id, self._ids, Decimal(0), False, *now)

    def _filled_in_parts(self, symbol: str, side: Side, quantity: Decimal, name: str, order_id: int) -> None:
        lots = int(quantity / LOT)
        parts = min(lots, self.chance.randint(1, self.faults.most_parts))  # none where nothing is executed
        for number in range(parts):
            part = lots // parts + (lots % parts if number == 0 else 0)
            self.time += 1
            self._fill(symbol, side, part * LOT, name, order_id)

    def fire(self, order: ApprovedOrder) -> None:
        """A stop triggers, and its order fills in parts; its news come before or after the fills."""
        del self.stops[order.client_id]
        self._ids += 1
        child, held = self._ids, self.held[order.symbol]
        self.states[order.client_id] = (StopStatus.FINISHED, child)
        quantity = abs(held) if order.quantity is None else min(order.quantity, abs(held))
        self._tell(StopChanged(order.symbol, order.client_id, 1, StopStatus.TRIGGERED, child, "", self.time, self.now))
        if held * int(order.side) < 0:
            self._filled_in_parts(order.symbol, order.side, quantity, f"child{child}", child)
        self._tell(StopChanged(order.symbol, order.client_id, 1, StopStatus.FINISHED, child, "", self.time, self.now))
        self._run()

    def _errand(self, errand: Errand) -> None:
        now = (self.time, self.now)
        match errand:
            case _ if self.happens(self.faults.fail):
                self._failed(errand)
            case FindOrder(symbol, name) if self.happens(self.faults.deny):
                self._tell(OrderNotFound(symbol, name, *now))
            case FindOrder(symbol, name) if name in self.executed:
                self._tell(OrderGone(symbol, name, 1, "FILLED", self.executed[name], *now))
            case FindOrder(symbol, name):
                self._tell(OrderNotFound(symbol, name, *now))
            case FindStop(symbol, name) if name in self.states:
                status, child = self.states[name]
                status = StopStatus.EXPIRED if status is StopStatus.NEW and name not in self.stops else status
                self._tell(StopChanged(symbol, name, 1, status, child, "", *now))
            case CancelOrder(_, name, _):
                if name in self.stops:
                    self.states[name] = (StopStatus.CANCELED, 0)
                super()._errand(errand)
            case _:
                super()._errand(errand)

    def _failed(self, errand: Errand) -> None:
        if not isinstance(errand, CancelOrder):
            self._tell(ErrandFailed(type(errand).__name__, getattr(errand, "symbol", ""), "failed", self.time, self.now))
            return
        if errand.client_id in self.stops and self.happens(0.5):
            del self.stops[errand.client_id]
            self.states[errand.client_id] = (StopStatus.CANCELED, 0)
        self._tell(CancelRefused(errand.symbol, errand.client_id, True, self.time, self.now))

    # --- what holds whatever happens --------------------------------------------------------------------------------

    def is_naked(self, symbol: str) -> bool:
        """Whether a position has no stop of ours at the exchange that would close all of it."""
        held = self.held[symbol]
        return held != 0 and not any(
            stop.symbol == symbol
            and stop.role in (Role.TIGHT_STOP, Role.WIDE_STOP)
            and int(stop.side) * held < 0
            and (stop.quantity is None or stop.quantity >= abs(held))
            for stop in self.stops.values()
        )

    def orphans(self, symbol: str) -> list[str]:
        """Stops of ours beside a flat position."""
        ours = [stop.client_id for stop in self.stops.values() if stop.symbol == symbol and read(stop.client_id)]
        return [] if self.held[symbol] else ours


def settle(world: HardWorld, seconds: int, **how: Any) -> None:
    """Let wire time go on second by second, with a look at the account now and then."""
    for second in range(seconds):
        world.pass_time(1_000, is_check=second % 30 == 0, **how)


def settle_without_checks(world: HardWorld, seconds: int) -> None:
    """Wire time goes on without the half-minute's look at the account."""
    for _ in range(seconds):
        world.pass_time(1_000)
