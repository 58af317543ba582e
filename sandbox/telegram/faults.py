"""Faults on demand: floods, errors, answers that never come, a second poller. Set from outside, used up by calls."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

KINDS: Final = frozenset({"flood", "error", "drop_before", "drop_after", "hang", "conflict"})
DEFAULT_SECONDS: Final = 5.0


class BadFault(ValueError):
    """Somebody asked for a fault that does not exist; a test must not run without the one it wanted."""


@dataclass(slots=True)
class Fault:
    """A row that somebody set. `until_s` 0 means that only `times` ends it; method "" fits all but getUpdates."""

    kind: str
    method: str
    times: int
    seconds: float
    until_s: float
    code: int

    def fits(self, method: str) -> bool:
        """Say whether it works on a method."""
        if self.kind == "conflict":
            return method == "getupdates"
        return method == self.method if self.method else method != "getupdates"


@dataclass(slots=True)
class Faults:
    """The waiting faults, first come first served."""

    clock: Callable[[], float]
    rows: list[Fault] = field(default_factory=list)

    def add(self, kind: str, *, method: str = "", times: int = 1, seconds: float = DEFAULT_SECONDS, code: int = 500) -> None:
        """Set a fault. `flood` and `conflict` last `seconds`; the others work `times` times. Raises `BadFault`."""
        if kind not in KINDS:
            raise BadFault(f"no fault is called {kind!r}; there are {', '.join(sorted(KINDS))}")
        until_s = self.clock() + seconds if kind in ("flood", "conflict") else 0.0
        self.rows.append(Fault(kind, method.lower(), times, seconds, until_s, code))

    def clear(self) -> None:
        """End every fault."""
        self.rows.clear()

    def take(self, method: str) -> Fault | None:
        """Find the fault that works on a call, and use it up by one."""
        now_s = self.clock()
        self.rows = [row for row in self.rows if (row.until_s > now_s if row.until_s else row.times > 0)]
        for row in self.rows:
            if row.fits(method):
                row.times -= 1
                return row
        return None

    def seconds_left(self, fault: Fault) -> int:
        """Say how long a flood goes on, in whole seconds."""
        return max(1, math.ceil(fault.until_s - self.clock()))
