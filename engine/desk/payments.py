"""Funding that was paid on what is held: asked for after each time of payment, until it was answered; a stream may be mute."""

from dataclasses import dataclass, replace
from typing import Final

from engine.execution import missed
from engine.model.messages import NOTHING, Outcome
from engine.model.saved import SavedDesk

LATE_MS: Final = 10_000  # the exchange may take so long to pay, and to list it
AGAIN_MS: Final = 10_000  # the list of payments weighs 30


@dataclass(frozen=True, slots=True)
class Payments:
    """`next_ms` is the market time of the coming payment, `due_ms` (wire) when payments are asked for; 0 = not."""

    next_ms: int = 0
    due_ms: int = 0

    def expected(self, next_ms: int, now_ms: int) -> "Payments":
        """The exchange names the coming payment: a later one than before means that one was paid just now.

        So it may be where none was known before: what was asked at the start may have been too early for its list.
        """
        if next_ms == self.next_ms:
            return self
        return Payments(next_ms, now_ms + LATE_MS if self.next_ms < next_ms else self.due_ms)

    def failed(self, now_ms: int) -> "Payments":
        """Nobody answered."""
        return replace(self, due_ms=now_ms + AGAIN_MS)

    def ticked(self, desk: SavedDesk, time_ms: int, now_ms: int) -> tuple["Payments", Outcome]:
        """Time passed: ask, where it is time to."""
        if not self.due_ms or now_ms < self.due_ms:
            return self, NOTHING
        return replace(self, due_ms=0), Outcome(errands=missed.payments(desk, time_ms))
