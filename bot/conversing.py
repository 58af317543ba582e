"""Brings the conversation up when the engine already trades, and again whenever it breaks: Telegram stops nothing.

Its library is heavy, so it is imported here, late and beside the loop.
"""

import asyncio
import importlib
import logging
from typing import Final

from bot.app import House
from bot.keeping import Keeping
from bot.line import Line

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0

logger = logging.getLogger(__name__)


async def converse(house: House, keeping: Keeping, line: Line) -> None:
    """Talk until cancelled."""
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            telegram = await asyncio.to_thread(importlib.import_module, "bot.telegram")
            await telegram.talk(house, keeping, line)
        except Exception:  # the chat's own faults end here: the engine trades on, and the chat comes back
            logger.exception("the conversation broke off and starts again in %g s", pause_s)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
