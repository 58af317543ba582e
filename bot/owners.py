"""Who owns the bot: those named in the settings; where nobody is, whoever sent the one-time code that stands in the log.

While nobody owns it nothing can be started, and nobody is answered.
"""

import asyncio
import hmac
import logging
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from engine.adapters.codec import UNREADABLE
from engine.adapters.local_files import write_durably
from engine.adapters.redis_users import Users
from engine.ports import StoreDown

OWNERS_NAME: Final = "owners.json"
ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH: Final = 12  # 60 bits
MOST_TRIES: Final = 5  # per person, until the next start

logger = logging.getLogger(__name__)


class OwnersFile:
    """Who claimed the bot, in the data folder: the chat has an owner also where the store is away at a start."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / OWNERS_NAME

    def read(self) -> frozenset[int]:
        """The user ids; none where the file is not there or cannot be read."""
        try:
            return frozenset(msgspec.json.decode(self._path.read_bytes(), type=set[int]))
        except (OSError, *UNREADABLE):
            return frozenset()

    def write(self, users: frozenset[int]) -> None:
        """Keep them. A disk that takes nothing costs the chat of a start without the store, and no more."""
        if users == self.read():
            return
        try:
            write_durably(self._path, msgspec.json.encode(sorted(users)))
        except OSError as error:
            logger.warning("who owns the bot cannot be kept in %s: %s", OWNERS_NAME, error.strerror)


class Owners:
    """The owners' user ids. `load` before use."""

    def __init__(self, named: Iterable[int], users: Users, file: OwnersFile | None = None) -> None:
        self._ids = set(named)
        self._users = users
        self._file = file
        self._code = ""
        self._tries: dict[int, int] = {}
        self.are_known = asyncio.Event()

    @property
    def ids(self) -> frozenset[int]:
        """All of them."""
        return frozenset(self._ids)

    async def load(self) -> None:
        """Read who claimed the bot before: it counts where nobody is named. Where nobody owns it, make a code.

        Raises `StoreDown` where nobody is named in the settings, nor in the file of those who claimed it.
        """
        try:
            claimed = await self._users.owners()
        except StoreDown:
            claimed = self._kept()
            if not self._ids and not claimed:
                raise
            logger.warning("the store is away: who claimed the bot before is known from %s", OWNERS_NAME)
        else:
            claimed = claimed or self._kept()  # a store may lose them
            self._keep(claimed)
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
        self._keep(self._ids)
        self._code = ""
        self.are_known.set()
        logger.warning("the bot has an owner now: user %d", user)
        return True

    def _kept(self) -> frozenset[int]:
        return self._file.read() if self._file is not None else frozenset()

    def _keep(self, claimed: Iterable[int]) -> None:
        if self._file is not None:
            self._file.write(frozenset(claimed))
