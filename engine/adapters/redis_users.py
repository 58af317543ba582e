"""The people who may speak: who owns the bot, their languages, and small things such as the panel's message."""

from typing import Final

from engine.adapters.redis_link import RedisLink, as_number, as_text
from engine.adapters.redis_writer import PREFIX

USERS: Final = PREFIX + "users"


class Users:
    """One hash; a field is `<user id>:<name>`."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def owners(self) -> frozenset[int]:
        """The user ids of all owners."""
        fields = await self._link.run(self._link.client.hkeys(USERS))
        named = (as_text(field).partition(":") for field in fields)
        owners = (as_number(user) for user, _, name in named if name == "owner")
        return frozenset(user for user in owners if user is not None)

    async def add_owner(self, user: int, time_ms: int) -> bool:
        """Make somebody an owner; False where they are one already. `time_ms` is kept: when it happened."""
        return bool(await self._link.run(self._link.client.hsetnx(USERS, f"{user}:owner", str(time_ms))))

    async def set_language(self, user: int, language: str) -> None:
        """Keep a user's choice of language."""
        await self._link.run(self._link.client.hset(USERS, f"{user}:language", language))

    async def language(self, user: int) -> str | None:
        """A user's chosen language, or None where they never chose."""
        return await self._text(f"{user}:language")

    async def set_value(self, user: int, name: str, value: str) -> None:
        """Keep a small thing about a user. An empty value forgets it."""
        field = f"{user}:value:{name}"
        client = self._link.client
        await self._link.run(client.hset(USERS, field, value) if value else client.hdel(USERS, field))

    async def get_value(self, user: int, name: str) -> str | None:
        """A small thing about a user, or None."""
        return await self._text(f"{user}:value:{name}")

    async def _text(self, field: str) -> str | None:
        text = await self._link.run(self._link.client.hget(USERS, field))
        return None if text is None else as_text(text)
