"""Who owns the bot: those named in the settings; where nobody is, whoever sent the one-time code that stands in the log.

While nobody owns it nothing can be started, and nobody is answered.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Iterable
from typing import Final

from engine.adapters.redis_users import Users
from engine.ports import StoreDown

ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH: Final = 12  # 60 bits
MOST_TRIES: Final = 5  # per person, until the next start

logger = logging.getLogger(__name__)


class Owners:
    """The owners' user ids. `load` before use."""

    def __init__(self, named: Iterable[int], users: Users) -> None:
        self._ids = set(named)
        self._users = users
        self._code = ""
        self._tries: dict[int, int] = {}
        self.are_known = asyncio.Event()

    @property
    def ids(self) -> frozenset[int]:
        """All of them."""
        return frozenset(self._ids)

    async def load(self) -> None:
        """Read who claimed the bot before: it counts where nobody is named. Where nobody owns it, make a code.

        Raises `StoreDown` where nobody is named in the settings.
        """
        try:
            claimed = await self._users.owners()
        except StoreDown:
            if not self._ids:
                raise
            logger.warning("the store is away: who claimed the bot before is not known")
            claimed = frozenset()
        left_out = sorted(claimed - self._ids) if self._ids else []
        if left_out:
            logger.warning("TELEGRAM_OWNER_IDS names others than who claimed this bot: no owner any more: %s", left_out)
        self._ids = self._ids or set(claimed)
        if self._ids:
            self.are_known.set()
        elif not self._code:
            self._code = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))
            logger.warning("nobody owns this bot yet: send it /claim %s in Telegram to become its owner", self._code)

    async def claim(self, user: int, text: str, time_ms: int) -> bool:
        """Make somebody the owner who knows the code. It works once, and only while there is no owner."""
        if self._ids or not self._code or self._tries.get(user, 0) >= MOST_TRIES:
            return False
        said = text.split()[-1].upper() if text.split() else ""
        if not hmac.compare_digest(said.encode(), self._code.encode()):
            self._tries[user] = self._tries.get(user, 0) + 1
            return False
        await self._users.add_owner(user, time_ms)
        self._ids.add(user)
        self._code = ""
        self.are_known.set()
        logger.warning("the bot has an owner now: user %d", user)
        return True
