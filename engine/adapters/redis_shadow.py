"""The shadow's memory in the store, under a key of its own: nothing of it is ever read by the live engine.

It is no money's journal: it is written now and then, not before each act, and whoever wrote last is right.
"""

from collections.abc import Mapping
from typing import Any, Final

from engine.adapters.redis_link import RedisLink, as_text
from engine.adapters.redis_writer import PREFIX

SHADOW: Final = PREFIX + "shadow"


class RedisShadow:
    """Texts by name, of one account. Raises `StoreDown`."""

    def __init__(self, link: RedisLink, namespace: str) -> None:
        self._link = link
        self._key = f"{SHADOW}:{namespace}"

    async def load(self) -> dict[str, bytes]:
        """All of it; empty where there is no shadow."""
        call: Any = self._link.client.hgetall(self._key)
        found = await self._link.run(call)
        return {as_text(name): value for name, value in found.items()}

    async def save(self, texts: Mapping[str, bytes]) -> None:
        """Write these; others stay."""
        fields: Any = dict(texts)
        call: Any = self._link.client.hset(self._key, mapping=fields)
        await self._link.run(call)

    async def clear(self) -> None:
        """Forget all of it."""
        await self._link.run(self._link.client.delete(self._key))
