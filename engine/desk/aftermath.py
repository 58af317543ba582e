"""Looks for stops that a position left behind: none may stay to hit the next one (I11).

A look counts when it was answered while the books were closed; until then it is repeated.
"""

from dataclasses import dataclass, replace
from typing import Final

from engine.model.messages import CancelOrder, Outcome

LOOKS: Final = 3
APART_MS: Final = 4_000
REPEAT_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The looks that are left, and when the next one is due (wire)."""

    looks_left: int = 0
    due_ms: int = 0
    ask_ms: int = 0

    def is_due(self, now_ms: int) -> bool:
        """Whether it is time to have the stops listed."""
        return self.looks_left > 0 and now_ms >= self.ask_ms

    def asked(self, now_ms: int) -> "Aftermath":
        """They were asked for."""
        return replace(self, ask_ms=now_ms + REPEAT_MS)

    def listed(self, asked_ms: int, found: Outcome, *, is_over: bool) -> "Aftermath":
        """They were listed. It is no look before it is due, nor before the books are closed (`is_over`).

        Where one of ours was found and is cancelled the looks begin anew: nobody may answer for the cancel.
        """
        if is_over and any(isinstance(errand, CancelOrder) for errand in found.errands):
            return after(asked_ms)
        if not self.looks_left or not is_over or asked_ms < self.due_ms:
            return self
        return after(asked_ms, self.looks_left - 1)


def after(now_ms: int, looks: int = LOOKS) -> Aftermath:
    """What is still to be looked at."""
    return Aftermath(looks, now_ms + APART_MS, now_ms + APART_MS)
