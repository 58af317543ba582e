"""Whether the exchange answers. After a request that failed nothing is entered until the account was read again.

An entry that is made while reads fail cannot be seen to be covered, and would be closed again at a loss.
"""

from collections.abc import Iterable
from typing import Final

from engine.model.orders import IntentState
from engine.model.saved import EntryIntent, SavedDesk

UNKNOWN_HOLDS_MS: Final = 60_000  # all others; what one symbol alone does not hear of for longer holds only itself


class Silence:
    """Times are wire time."""

    def __init__(self) -> None:
        self._since_ms = 0
        self._read_ms = 0
        self._of = dict[str, tuple[int, int]]()  # by symbol: since when its own requests fail, and when one did last

    def failed(self, seen_ms: int, symbol: str = "") -> bool:
        """A request was not answered, could not be sent, or brought nothing. Gives whether that counts as silence: where only
        the requests of one symbol fail for long, and the account can be read, it is that symbol's own trouble.
        """
        if symbol:
            first_ms, last_ms = self._of.get(symbol, (seen_ms, seen_ms))
            first_ms = first_ms if seen_ms - last_ms <= UNKNOWN_HOLDS_MS else seen_ms
            self._of[symbol] = (first_ms, seen_ms)
            if seen_ms - first_ms >= UNKNOWN_HOLDS_MS:
                return False
        self._since_ms = max(self._since_ms, seen_ms)
        return True

    def read(self, asked_ms: int) -> None:
        """The account was read."""
        self._read_ms = asked_ms
        if asked_ms >= self._since_ms:
            self._since_ms = 0

    def holds(self, memories: Iterable[SavedDesk]) -> bool:
        """Whether nothing may be entered. While nobody knows what became of one entry, no other one leaves, for a while."""
        return self._since_ms > 0 or any(self._is_open(memory.entry) for memory in memories)

    def _is_open(self, entry: EntryIntent | None) -> bool:
        if entry is None or entry.state is not IntentState.UNKNOWN:
            return False
        return self._read_ms < entry.signed_ms + UNKNOWN_HOLDS_MS
