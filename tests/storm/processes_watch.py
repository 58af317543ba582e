"""What the storm sees at the venue: every request, every moment without cover, and the request at which it is to strike."""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from engine.execution.ids import read
from engine.model.orders import Role
from sandbox.exchange.cover_watch import CoverWatch
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.gate import Asked
from sandbox.exchange.listen_keys import ListenKeys
from tests.storm.processes_draws import Blow, Moment, Point
from tests.storm.processes_life import Life
from tests.storm.stop_moves import is_of_newest_entry

LONGEST_TRACE: Final = 50_000
ORDER: Final = "/fapi/v1/order"
ALGO: Final = "/fapi/v1/algoOrder"
LISTING: Final = "/fapi/v1/openAlgoOrders"
BY_ROLE: Final = {
    Role.ENTRY: Point.ENTRY,
    Role.EXIT: Point.EXIT,
    Role.WIDE_STOP: Point.WIDE,
    Role.TIGHT_STOP: Point.TIGHT,
    Role.TARGET: Point.TARGET,
}
BY_REQUEST: Final = {
    ("DELETE", ALGO): Point.CANCEL,
    ("GET", "/fapi/v3/positionRisk"): Point.POSITIONS,
    ("GET", "/fapi/v2/positionRisk"): Point.POSITIONS,
    ("GET", LISTING): Point.STOPS_LISTED,
    ("POST", "/fapi/v1/listenKey"): Point.LISTEN_KEY,
}


@dataclass(slots=True)
class Stretch:
    """A position without a complete cover. `cause` is the role of the fill that began it, else what ended a stop."""

    symbol: str
    began_s: float
    cause: str
    ended_s: float | None = None


@dataclass(slots=True)
class Hit:
    """A blow that struck. Times are of the monotonic clock; `held` are the symbols with a position at that moment."""

    blow: Blow
    at_s: float
    life: int
    held: tuple[str, ...]
    naked: tuple[str, ...]
    at_point: bool
    first_request_s: float | None = None
    verified_s: float | None = None
    resumed_s: float | None = None


class TimedCover(CoverWatch):
    """A cover watch that also knows the moments, and what began each stretch."""

    def __init__(self, exchange: Exchange) -> None:
        super().__init__()
        self.stretches: list[Stretch] = []
        self.open: dict[str, Stretch] = {}
        self._exchange = exchange
        self._fills = 0

    def look(self, symbol: str, is_naked: bool, market_ms: int) -> None:
        """Note whether the symbol has a position that nothing covers."""
        super().look(symbol, is_naked, market_ms)
        fills = self._exchange.ledger.fills
        last, is_new = fills[-1] if fills else None, len(fills) > self._fills
        self._fills = len(fills)
        if is_naked and symbol not in self.open:
            cause = _role(last.client_id) if is_new and last is not None else "order ended"
            self.open[symbol] = Stretch(symbol, time.monotonic(), cause)
            self.stretches.append(self.open[symbol])
        elif not is_naked and symbol in self.open:
            self.open.pop(symbol).ended_s = time.monotonic()


@dataclass(slots=True)
class Aim:
    """The request at which to strike, and how. `strike` is called in its midst."""

    point: Point
    moment: Moment
    late_s: float
    strike: Callable[[], None]
    struck: asyncio.Event = field(default_factory=asyncio.Event)


class Watch:
    """Fulfils `sandbox.exchange.gate.Witness`."""

    def __init__(self, exchange: Exchange, keys: ListenKeys, life: Life) -> None:
        self.cover = exchange.cover = TimedCover(exchange)
        self.aim: Aim | None = None
        self.hits: list[Hit] = []
        self.gaps: list[str] = []
        self.signatures: set[str] = set()
        self.keys = keys
        self.listen_keys: set[str] = set()
        self.trace: deque[str] = deque(maxlen=LONGEST_TRACE)
        self.requests = 0
        self._exchange = exchange
        self._life = life
        self._naked_before: frozenset[str] = frozenset()

    @property
    def held(self) -> tuple[str, ...]:
        """The symbols with a position."""
        return tuple(name for name, position in self._exchange.account.positions.items() if position.lots)

    async def before(self, asked: Asked) -> bool:
        """Note a request, and strike at it where it is the one."""
        self.requests += 1
        self._note("came", asked)
        if signature := asked.params.text("signature"):
            self.signatures.add(signature)
        self._note_first()
        goes_on = True
        if self._fits(asked, Moment.BEFORE) or self._fits(asked, Moment.LATE):
            aim = self._strike()
            goes_on = aim.moment is Moment.LATE
            if goes_on:
                await asyncio.sleep(aim.late_s)
        self._naked_before = frozenset(self.cover.open)
        return goes_on

    async def after(self, asked: Asked) -> bool:
        """Note what a request did."""
        bared = frozenset(self.cover.open) - self._naked_before
        if bared and asked.method == "DELETE":
            self._note_gap(asked.params.text("clientAlgoId") or "", bared)
        self._note("done", asked)
        if (asked.method, asked.path) == ("GET", LISTING):
            self._note_listing()
        if key := self.keys.live_key():
            self.listen_keys.add(key)
        if self._fits(asked, Moment.AFTER):
            self._strike()
            return False
        return True

    def _note_gap(self, name: str, bared: frozenset[str]) -> None:
        """A stop was cancelled and nothing covers any more."""
        for symbol in bared:
            if is_of_newest_entry(name, symbol, self._exchange.ledger.fills):
                self.gaps.append(f"the cancel of {name} left {symbol} without cover")

    def _note(self, what: str, asked: Asked) -> None:
        values = asked.params.values
        name = values.get("newClientOrderId") or values.get("clientAlgoId") or values.get("origClientOrderId") or ""
        life = self._life.now
        facts = (f"{time.monotonic():.3f}", what, f"life {life.number if life else '-'}", asked.method, asked.path, name)
        self.trace.append(" ".join((*facts, values.get("symbol", ""), values.get("timestamp", ""))))

    def _fits(self, asked: Asked, moment: Moment) -> bool:
        return self.aim is not None and self.aim.moment is moment and self.aim.point is point_of(asked)

    def _strike(self) -> Aim:
        aim, self.aim = self.aim, None
        assert aim is not None
        aim.strike()
        aim.struck.set()
        return aim

    def _note_first(self) -> None:
        hit, life = self.hits[-1] if self.hits else None, self._life.now
        if hit and life and not hit.blow.pause_s and hit.first_request_s is None and life.number > hit.life:
            hit.first_request_s = time.monotonic()

    def _note_listing(self) -> None:
        """A listing of the stops that a new life was given while every position is covered."""
        hit, life = self.hits[-1] if self.hits else None, self._life.now
        if hit is None or life is None or hit.verified_s is not None or self.cover.open:
            return
        is_made_good = hit.resumed_s is not None if hit.blow.pause_s else life.number > hit.life
        if is_made_good:
            hit.verified_s = time.monotonic()


def point_of(asked: Asked) -> Point | None:
    """What a request is for the storm."""
    if asked.method == "POST" and asked.path in (ORDER, ALGO):
        name = read(asked.params.text("newClientOrderId") or asked.params.text("clientAlgoId") or "")
        return BY_ROLE[name.role] if name else None
    return BY_REQUEST.get((asked.method, asked.path))


def _role(client_id: str) -> str:
    name = read(client_id)
    return name.role.name.lower() if name else "other"
