"""What leaves a process, judged on the wire: silence that the exchange asked for (I18), exits without delay (I10), entries as
they were planned and written down (I1, R2).
"""

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl

from tests.storm.loop import EPOCH_S

if TYPE_CHECKING:
    from tests.storm.machine import Machine
    from tests.storm.world import World

TOO_MANY_REQUESTS: Final = -1003
SILENCE_S: Final = 60.0  # a 429 that says nothing more
BAN_S: Final = 120.0  # the shortest ban
MEASURED_S: Final = 2.5  # so far a process's idea of the exchange's clock may be off, where answers take four seconds
ROUNDED_S: Final = 0.01
EXIT_S: Final = 1.0 + 0.05
LOWERS_RISK: Final = frozenset(
    {"exit", "wide", "tight", "target", "cancel", "GET time"}
)  # the clock, where it keeps an exit back
RECENT_WRITES: Final = 50
_BANNED_UNTIL: Final = re.compile(rb"banned until (\d{12,14})")


class Manners:
    """Looks at every request as it leaves, and at every answer as it comes in."""

    def __init__(self, world: "World") -> None:
        self.planned = dict[str, Decimal]()  # what was written down of an entry, by its name
        self._world = world
        self._paused = dict[int, float]()  # by process: until when all but exits rest
        self._banned = dict[int, float]()
        self._exits = set[str]()  # names of exits that left
        self._exits_s = dict[str, float]()  # when the newest exit of a symbol left
        self._wished = dict[str, float]()  # by symbol: since when the owner wants to be out

    # --- requests and answers ---------------------------------------------------------------------------------------

    def leaves(self, machine: "Machine", name: str, encoded: str) -> None:
        """A request leaves now."""
        self._silent(machine, name)
        if name == "entry":
            self._entry(machine, dict(parse_qsl(encoded)))
        elif name == "exit":
            self._exit(machine, dict(parse_qsl(encoded)))

    def answered(self, machine: "Machine", status: int, headers: Any, body: bytes) -> None:
        """A process hears an answer now."""
        now, who = self._world.loop.time(), id(machine)
        said = headers.get("Retry-After", "")
        if status == 418:
            found = _BANNED_UNTIL.search(body)
            until_s = int(found.group(1)) / 1_000 - EPOCH_S - MEASURED_S if found else now + BAN_S
            self._banned[who] = max(self._banned.get(who, 0.0), now + float(said) if said else until_s)
        elif status == 429 and b"%d" % TOO_MANY_REQUESTS in body:
            self._paused[who] = max(self._paused.get(who, 0.0), now + (float(said) if said else SILENCE_S))

    def is_banned(self, machine: "Machine") -> bool:
        """Whether not even an exit may leave."""
        return self._world.loop.time() < self._banned.get(id(machine), -1.0) + 2 * MEASURED_S

    def _silent(self, machine: "Machine", name: str) -> None:
        now, who = self._world.loop.time() + ROUNDED_S, id(machine)
        if now < self._banned.get(who, 0.0):
            self._world.watch.violated("I18", f"{name} {self._banned[who] - now:.1f} s before the end of a ban")
        elif name not in LOWERS_RISK and now < self._paused.get(who, 0.0):
            self._world.watch.violated("I18", f"{name} {self._paused[who] - now:.1f} s before a 429 is over")

    # --- entries ----------------------------------------------------------------------------------------------------

    def _entry(self, machine: "Machine", params: dict[str, str]) -> None:
        name, quantity, world = params["newClientOrderId"], Decimal(params["quantity"]), self._world
        newest = world.disk.writes[-RECENT_WRITES:]
        desks = (state.desks.get(params["symbol"]) for state, _, _ in reversed(newest) if state is not None)
        entries = (desk.entry for desk in desks if desk is not None and desk.entry is not None)
        written = next((entry for entry in entries if entry.client_id == name), None)
        if written is None:
            world.watch.violated("I1", f"entry {name} was sent and written down nowhere")
        elif quantity > written.quantity:
            world.watch.violated("I1", f"entry {name} was planned as {written.quantity} and sent as {quantity}")
        self.planned[name] = written.quantity if written is not None else quantity

    # --- exits ------------------------------------------------------------------------------------------------------

    def wished(self, symbols: list[str]) -> None:
        """The owner wants these positions closed, wholly, and no exit of them is on its way."""
        for symbol in symbols:
            self._wished.setdefault(symbol, self._world.loop.time())

    def look(self) -> None:
        """Exits that are wanted and have not left."""
        machine, now = self._world.machine, self._world.loop.time()
        for symbol, since in list(self._wished.items()):
            if not self._world.venue.lots(symbol) or self._exits_s.get(symbol, -1.0) >= since or not self._is_calm(since):
                del self._wished[symbol]
            elif now - since > EXIT_S:
                del self._wished[symbol]
                self._late(f"no exit of {symbol} left within {now - since:.1f} s of the owner's wish")
        if machine.is_dead or machine.runner is None or machine.runner.phase != "running":
            return
        for desk in machine.runner.trader.desks.values():
            leaving = desk.memory.exit
            if leaving is not None and leaving.piece and leaving.client_id not in self._exits:
                self._in_time(machine, leaving.client_id, leaving.sent_ms)

    def _exit(self, machine: "Machine", params: dict[str, str]) -> None:
        name, symbol = params["newClientOrderId"], params["symbol"]
        self._exits.add(name)
        self._exits_s[symbol] = self._world.loop.time()
        if machine.runner is not None and symbol in machine.runner.trader.desks:
            leaving = machine.runner.trader.desks[symbol].memory.exit
            if leaving is not None and leaving.client_id == name:
                self._in_time(machine, name, leaving.sent_ms)

    def _in_time(self, machine: "Machine", name: str, sent_ms: int) -> None:
        late_s = (machine.clock.now_ms() - sent_ms) / 1_000
        since = self._world.loop.time() - late_s
        if late_s > EXIT_S and since >= machine.started_s and self._is_calm(since):
            self._late(f"exit {name} was wanted {late_s:.1f} s ago")

    def _late(self, what: str) -> None:
        if not self.is_banned(self._world.machine):
            self._world.watch.violated("I10", what)

    def _is_calm(self, since: float) -> bool:
        """Whether nothing struck from a moment on."""
        world = self._world
        return max(world.weather.excused_until_s, world.excused_until_s) < since
