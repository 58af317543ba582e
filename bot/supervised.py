"""A background task that ends is begun again, and says so in one line; none dies silently (F14)."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0
RAN_WELL_S: Final = 300.0  # what broke after that is no series of faults

logger = logging.getLogger(__name__)


class Pauses:
    """The pauses between the beginnings of something that breaks: each twice as long, until it ran well for a while."""

    def __init__(self, first_s: float, longest_s: float, now_s: Callable[[], float] = time.monotonic) -> None:
        self._first_s = self._next_s = first_s
        self._longest_s = longest_s
        self._now_s = now_s
        self._began_s = now_s()

    def begun(self) -> None:
        """It begins now."""
        self._began_s = self._now_s()

    def broken(self) -> float:
        """It ended now. How long to wait before it begins again."""
        if self._now_s() - self._began_s >= RAN_WELL_S:
            self._next_s = self._first_s
        pause_s, self._next_s = self._next_s, min(2 * self._next_s, self._longest_s)
        return pause_s


async def supervised(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Keep something at work until cancelled. Only for what may be begun twice without harm."""
    pauses = Pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
    while True:
        pauses.begun()
        try:
            await work()
            pause_s = pauses.broken()
            logger.error("%s ended by itself and begins again in %g s", name, pause_s)
        except Exception:  # whatever it was, the rest of the house must not lose this part without a word
            pause_s = pauses.broken()
            logger.exception("%s broke and begins again in %g s", name, pause_s)
        await asyncio.sleep(pause_s)
