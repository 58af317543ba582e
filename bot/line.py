"""The line to the owner that needs no store: a few notices in memory, the newest of a kind taking the place of the older.

While the store is away the engine's notices come this way; alarms about the process itself always do. What cannot be said
before the process ends is lost, and stands in the log.
"""

import asyncio
from collections import deque
from typing import Final

from engine.model.notices import EntryProposed, Notice

MOST: Final = 50
ONE_OF_A_KIND: Final = ("ProcessTroubled", "FeedWentAway", "FeedCameBack", "StoreWentAway", "StoreCameBack", "EngineReady")


class Line:
    """Fulfils `Alarm`."""

    def __init__(self) -> None:
        self.lost = 0
        self._waiting = deque[Notice]()
        self._arrived = asyncio.Event()

    def tell(self, notice: Notice) -> bool:
        """Queue a notice. A proposal is not taken: its buttons live in the store."""
        if isinstance(notice, EntryProposed):
            return False
        for older in [one for one in self._waiting if _replaces(notice, one)]:
            self._waiting.remove(older)
        self._waiting.append(notice)
        while len(self._waiting) > MOST:
            self._waiting.popleft()
            self.lost += 1
        self._arrived.set()
        return True

    async def next(self) -> Notice:
        """Wait for the oldest one; it stays until `done`."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        return self._waiting[0]

    def done(self, notice: Notice) -> None:
        """It was said, or given up."""
        if notice in self._waiting:
            self._waiting.remove(notice)

    def __len__(self) -> int:
        return len(self._waiting)


def _replaces(notice: Notice, older: Notice) -> bool:
    kind = type(notice).__name__
    return (
        type(older).__name__ == kind
        and kind in ONE_OF_A_KIND
        and getattr(notice, "trouble", None) == getattr(older, "trouble", None)
    )
