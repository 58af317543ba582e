"""Looks for stops that a position left behind: none may stay to hit the next one (I11).

A look counts when it was answered while the books were closed; until then it is repeated.
"""

from dataclasses import dataclass, replace
from typing import Final

from engine.execution.absence import LAG_MS
from engine.model.messages import CancelOrder, Outcome

LOOKS: Final = 3
APART_MS: Final = 4_000
REPEAT_MS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Aftermath:
    """The looks that are left, and when the next one is due (wire).

    `was_held`: in the books; `held_seen_ms`: when the account was last asked for and showed a position, or was asked for first:
    one that was entered right before a start, and not written down any more, may not be listed yet.
    """

    looks_left: int = 0
    due_ms: int = 0
    ask_ms: int = 0
    was_held: bool = False
    held_seen_ms: int = 0

    def booked(self, now_ms: int, *, is_held: bool) -> "Aftermath":
        """What the books hold now: the looks begin when it is over."""
        begun = self._after(now_ms) if self.was_held and not is_held else self
        return replace(begun, was_held=is_held) if begun.was_held is not is_held else begun

    def seen(self, asked_ms: int, *, is_held: bool) -> "Aftermath":
        """What the account shows."""
        return replace(self, held_seen_ms=asked_ms) if is_held or not self.held_seen_ms else self

    def may_be_held(self, asked_ms: int) -> bool:
        """Whether a position that a list no longer shows may be there: the list may lag."""
        return asked_ms - self.held_seen_ms < LAG_MS

    def is_due(self, now_ms: int) -> bool:
        """Whether it is time to have the stops listed."""
        return self.looks_left > 0 and now_ms >= self.ask_ms

    def asked(self, now_ms: int) -> "Aftermath":
        """They were asked for."""
        return replace(self, ask_ms=now_ms + REPEAT_MS)

    def listed(self, asked_ms: int, found: Outcome, *, is_over: bool) -> "Aftermath":
        """They were listed. It is no look before it is due, nor before the books are closed (`is_over`).

        Where one of ours was found and is cancelled the looks begin anew: nobody may answer for the cancel. So it is where the
        position was found when it was flat already.
        """
        if (is_over or not self.was_held) and any(isinstance(errand, CancelOrder) for errand in found.errands):
            return self._after(asked_ms)
        if not self.looks_left or not is_over or asked_ms < self.due_ms:
            return self
        return self._after(asked_ms, self.looks_left - 1)

    def _after(self, now_ms: int, looks: int = LOOKS) -> "Aftermath":
        return replace(self, looks_left=looks, due_ms=now_ms + APART_MS, ask_ms=now_ms + APART_MS)
