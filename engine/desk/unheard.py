"""A position that is as large as the books say, and yet changed after the newest execution in them.

Somebody may have turned it and turned it back, or closed and opened it again, while the stream was mute: sizes agree, sums
do not. The exchange's time of the newest change tells; executions are listed for it, once it was answered no more.
"""

from dataclasses import dataclass, replace

from engine.execution import missed
from engine.model.account import PositionSeen
from engine.model.messages import NOTHING, Outcome
from engine.model.saved import SavedDesk


@dataclass(frozen=True, slots=True)
class Unheard:
    """The newest change that executions are, or were, listed for. Market time, and the wire time at which it was found."""

    changed_ms: int = 0
    found_ms: int = 0
    is_looked_up: bool = True

    def seen(self, desk: SavedDesk, position: PositionSeen | None, now_ms: int) -> tuple["Unheard", Outcome]:
        """The account was read, and the position is as large as the books say."""
        if position is None or desk.holding is None or position.changed_ms <= desk.last_fill_ms:
            return self, NOTHING
        found = self if position.changed_ms == self.changed_ms else Unheard(position.changed_ms, now_ms, is_looked_up=False)
        return found, NOTHING if found.is_looked_up else Outcome(errands=missed.questions(desk))

    def listed(self, asked_ms: int) -> "Unheard":
        """Executions were listed; what was asked for before the change was found says nothing of it."""
        return replace(self, is_looked_up=True) if asked_ms >= self.found_ms else self


NOTHING_UNHEARD = Unheard()
