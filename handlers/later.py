"""What goes on behind an answer: something is measured beside the conversation, and its message is drawn anew when it is there.

Nobody waits for it: the answer stands at once with everything that can be done. A message whose buttons were used meanwhile
shows something else by then, and is left alone.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Coroutine
from typing import Any, Final

from aiogram.exceptions import TelegramAPIError

from engine.ports import StoreDown

MOST_AT_ONCE: Final = 16
MESSAGES_KEPT: Final = 1_000

type Place = tuple[int, int]  # chat and message

logger = logging.getLogger(__name__)


class Later:
    """One per conversation."""

    def __init__(self) -> None:
        self._at_work = set[asyncio.Task[None]]()
        self._touches = Counter[Place]()

    def start(self, work: Coroutine[Any, Any, None]) -> bool:
        """Begin something beside the conversation; False where too much goes on already."""
        if len(self._at_work) >= MOST_AT_ONCE:
            work.close()
            return False
        task = asyncio.create_task(_quietly(work))
        self._at_work.add(task)
        task.add_done_callback(self._at_work.discard)
        return True

    def touched(self, place: Place) -> None:
        """A button of this message was pressed."""
        self._touches[place] += 1
        while len(self._touches) > MESSAGES_KEPT:
            del self._touches[next(iter(self._touches))]

    def touches(self, place: Place) -> int:
        """How often its buttons were pressed: where that is still the same, it still shows the same."""
        return self._touches.get(place, 0)

    async def settled(self) -> None:
        """Wait until nothing goes on any more."""
        while self._at_work:
            await asyncio.wait(self._at_work)

    async def close(self) -> None:
        """End everything."""
        for task in self._at_work:
            task.cancel()
        await self.settled()


async def _quietly(work: Coroutine[Any, Any, None]) -> None:
    """Its faults end here: the answer that it belongs to stands already."""
    try:
        await work
    except (TelegramAPIError, StoreDown) as error:
        logger.warning("something measured could not be shown: %s", type(error).__name__)
    except Exception:  # like every update of the chat: a fault in words stops nothing
        logger.exception("something measured could not be shown")
