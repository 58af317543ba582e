"""Whether the exchange answers. After a request that failed nothing is entered until the account was read again.

An entry that is made while reads fail cannot be seen to be covered, and would be closed again at a loss.
"""

from collections.abc import Iterable

from engine.model.orders import IntentState
from engine.model.saved import SavedDesk


class Silence:
    """Times are wire time."""

    def __init__(self) -> None:
        self._since_ms = 0

    def failed(self, seen_ms: int) -> None:
        """A request was not answered, could not be sent, or brought nothing."""
        self._since_ms = max(self._since_ms, seen_ms)

    def read(self, asked_ms: int) -> None:
        """The account was read."""
        if asked_ms >= self._since_ms:
            self._since_ms = 0

    def holds(self, memories: Iterable[SavedDesk]) -> bool:
        """Whether nothing may be entered. While nobody knows what became of one entry, no other one leaves."""
        entries = (memory.entry for memory in memories)
        return self._since_ms > 0 or any(entry is not None and entry.state is IntentState.UNKNOWN for entry in entries)
