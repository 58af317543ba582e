"""The line to the owner that needs no store: a few notices in memory, the newest of a kind taking the place of the older.

While the store is away the engine's notices come this way, and what is still unsaid goes into it when it is back; alarms
about the process itself always do. What cannot be said before the process ends is lost, and stands in the log.
"""

import asyncio
from collections import deque
from collections.abc import Set
from dataclasses import dataclass, field
from typing import Final

from engine.model.notices import EntryProposed, Notice

MOST: Final = 50
ONE_OF_A_KIND: Final = ("ProcessTroubled", "FeedWentAway", "FeedCameBack", "StoreWentAway", "StoreCameBack", "EngineReady")


class Line:
    """Fulfils `Alarm`."""

    def __init__(self) -> None:
        self.lost = 0
        self._waiting = deque[Untold]()
        self._arrived = asyncio.Event()

    def tell(self, notice: Notice) -> bool:
        """Queue a notice. A proposal is not taken: its buttons live in the store."""
        if isinstance(notice, EntryProposed):
            return False
        for older in [one for one in self._waiting if _replaces(notice, one.notice)]:
            self._waiting.remove(older)
        self._waiting.append(Untold(notice))
        while len(self._waiting) > MOST:
            self._waiting.popleft()
            self.lost += 1
        self._arrived.set()
        return True

    def take_back(self) -> list[Notice]:
        """What no chat knows. What is being said in this moment may be heard twice."""
        untold = [one for one in self._waiting if not one.known]
        for one in untold:
            self._waiting.remove(one)
        return [one.notice for one in untold]

    async def next(self, chat: int) -> Notice:
        """Wait for the oldest one that this chat does not know; it stays until `told`."""
        while (one := next((one for one in self._waiting if chat not in one.known), None)) is None:
            self._arrived.clear()
            await self._arrived.wait()
        return one.notice

    def told(self, notice: Notice, chat: int, chats: Set[int]) -> None:
        """A chat knows it, or was given up. What all of these chats know is forgotten."""
        for one in [one for one in self._waiting if one.notice is notice]:
            one.known.add(chat)
            if one.known >= chats:
                self._waiting.remove(one)

    def __contains__(self, notice: Notice) -> bool:
        return any(one.notice is notice for one in self._waiting)

    def __len__(self) -> int:
        return len(self._waiting)


@dataclass(slots=True, eq=False)
class Untold:
    """A notice, and the chats that know it already."""

    notice: Notice
    known: set[int] = field(default_factory=set)


def _replaces(notice: Notice, older: Notice) -> bool:
    kind = type(notice).__name__
    return (
        type(older).__name__ == kind
        and kind in ONE_OF_A_KIND
        and getattr(notice, "trouble", None) == getattr(older, "trouble", None)
    )
