"""The dead man's switch: an address outside is called each minute, only while everything is good. Its silence alarms.

It tells the owner what Telegram cannot: that the machine, the process, or Telegram's own token is gone.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Final

import aiohttp

EACH_S: Final = 60.0
WITHIN_S: Final = 10.0

logger = logging.getLogger(__name__)


class Heartbeat:
    """Calls `url` until cancelled. The address may be a secret, so no error shows it."""

    def __init__(self, url: str, is_good: Callable[[], bool], each_s: float = EACH_S) -> None:
        self.sent = 0
        self._url = url
        self._is_good = is_good
        self._each_s = each_s

    async def run(self) -> None:
        """Call each minute."""
        timeout = aiohttp.ClientTimeout(total=WITHIN_S)
        async with aiohttp.ClientSession(timeout=timeout, trust_env=True) as session:
            while True:
                if self._is_good():
                    await self._call(session)
                await asyncio.sleep(self._each_s)

    async def _call(self, session: aiohttp.ClientSession) -> None:
        try:
            async with session.get(self._url) as answer:
                self.sent += answer.status < 300
                if answer.status >= 300:
                    logger.warning("the heartbeat was answered with %d", answer.status)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            logger.warning("the heartbeat did not arrive (%s)", type(error).__name__)
