"""Faults on demand (reference 11 #15): answers that lie, never come, or come as something else; frames lost or doubled.

Each fault is a row that somebody set; it works on the next requests or frames that fit and then is used up.
"""

import time
from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.exchange.errors import TEXTS, Refused
from sandbox.exchange.params import Params

UNKNOWN_TEXT: Final = "Unknown error, please check your request or try again later."
UNAVAILABLE_TEXT: Final = "Service Unavailable."
DEFAULT_DELAY_MS: Final = 2_000
HANGS_MS: Final = 60_000
ANSWER_KINDS: Final = frozenset(
    {
        "503_unknown_before",
        "503_unknown_after",
        "503_unavailable",
        "timeout",
        "timeout_before",
        "drop",
        "drop_before",
        "html",
        "html_after",
        "slow",
        "slow_answer",
        "slow_engine",
    }
)
STREAM_KINDS: Final = frozenset(
    {"mute", "lose_private", "repeat_private", "unknown_event", "lose_closed_bar", "repeat_closed_bar"}
)
OTHER_KINDS: Final = frozenset({"clock", "thin_book"})


@dataclass(slots=True)
class AnswerFault:
    """A fault of the REST side. `kind` may also be an error code of the exchange, like `-1008` or `-1007_after`."""

    kind: str
    path: str
    method: str
    times: int
    delay_ms: int

    @property
    def code(self) -> int | None:
        """The error code to answer with, None where the fault is of another kind."""
        text = self.kind.removesuffix("_after")
        return int(text) if text.startswith("-") else None

    @property
    def acts_first(self) -> bool:
        """Whether the request is carried out although the answer will not say so."""
        return self.kind.endswith("_after") or self.kind in ("timeout", "drop", "slow", "slow_answer")

    @property
    def delay_s(self) -> float:
        """How long the answer takes."""
        usual = HANGS_MS if self.kind.startswith("timeout") else DEFAULT_DELAY_MS
        return (self.delay_ms or usual) / 1000


@dataclass(slots=True)
class AnswerFaults:
    """The waiting faults of the REST side, first come first served."""

    rows: list[AnswerFault] = field(default_factory=list)

    def take(self, path: str, method: str, params: Params) -> AnswerFault | None:
        """Find and use up the first fault that fits a request; what only reduces is exempt from -1008 (reference 2.3)."""
        for row in self.rows:
            if row.times > 0 and row.path in ("", path) and row.method in ("", method):
                if row.code == -1008 and is_exempt(method, params):
                    continue
                row.times -= 1
                return row
        return None


@dataclass(slots=True)
class StreamFaults:
    """The waiting faults of the sockets."""

    muted_until_s: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def is_muted(self, route: str) -> bool:
        """Say whether a route is silent although it looks alive."""
        until = self.muted_until_s.get(route)
        return until is not None and time.monotonic() < until

    def user_events(self, event: dict[str, Any]) -> list[dict[str, Any]]:
        """Give what is sent for one user event: nothing, itself, itself twice, or a stranger before it."""
        if self._use("lose_private"):
            return []
        sent = [event, event] if self._use("repeat_private") else [event]
        return [{"e": "SOMETHING_NEW", "T": event.get("T", 0)}, *sent] if self._use("unknown_event") else sent

    def closed_bar_copies(self) -> int:
        """Say how often a closed bar is told."""
        if self._use("lose_closed_bar"):
            return 0
        return 2 if self._use("repeat_closed_bar") else 1

    def _use(self, kind: str) -> bool:
        left = self.counts.get(kind, 0)
        if left > 0:
            self.counts[kind] = left - 1
        return left > 0


def is_exempt(method: str, params: Params) -> bool:
    """Reduce-only, closePosition and cancel requests pass the -1008 throttle (reference 2.3)."""
    return method != "POST" or "true" in (params.text("reduceOnly"), params.text("closePosition"))


def check_kind(kind: str) -> str:
    """Refuse a fault that does not exist, so that a test never runs without the fault it asked for."""
    if kind in ANSWER_KINDS | STREAM_KINDS | OTHER_KINDS:
        return kind
    code = kind.removesuffix("_after")
    if code.startswith("-") and code[1:].isdecimal() and int(code) in TEXTS:
        return kind
    raise Refused(-1130, f"kind={kind}")
