"""A background task that ends is begun again, and says so in one line; none dies silently (F14)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 30.0

logger = logging.getLogger(__name__)


async def supervised(name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Keep something at work until cancelled. Only for what may be begun twice without harm."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            await work()
            logger.error("%s ended by itself and begins again in %g s", name, pause_s)
        except Exception:  # whatever it was, the rest of the house must not lose this part without a word
            logger.exception("%s broke and begins again in %g s", name, pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
