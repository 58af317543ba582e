"""A store in memory for the conversation's real tokens, users and gate: keys die when a clock that is set by hand says so.

Every call gives way a drawn number of times, as a real one would, so that taps at the same moment interleave.
"""

import asyncio
import random
from collections.abc import Awaitable
from typing import Any

from engine.ports import Clock


class MemoryClient:
    """The few commands of Redis that the conversation uses, each of them whole in one moment."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self.texts: dict[str, tuple[bytes, float]] = {}
        self.hashes: dict[str, dict[str, str]] = {}
        self.writes = 0
        self.clock = clock
        self._chance = chance

    async def set(self, key: str, value: str | bytes, *, nx: bool = False, ex: int | None = None) -> bool | None:
        await self._gives_way()
        if nx and self._text(key) is not None:
            return None
        until_ms = self.clock.now_ms() + 1_000 * ex if ex is not None else float("inf")
        self.texts[key] = (value.encode() if isinstance(value, str) else value, until_ms)
        self.writes += 1
        return True

    async def get(self, key: str) -> bytes | None:
        await self._gives_way()
        return self._text(key)

    async def getdel(self, key: str) -> bytes | None:
        await self._gives_way()
        text = self._text(key)
        self.writes += self.texts.pop(key, None) is not None
        return text

    async def hset(self, key: str, field: str, value: str) -> int:
        await self._gives_way()
        self.hashes.setdefault(key, {})[field] = value
        self.writes += 1
        return 1

    async def hsetnx(self, key: str, field: str, value: str) -> int:
        await self._gives_way()
        if field in self.hashes.get(key, {}):
            return 0
        return await self.hset(key, field, value)

    async def hget(self, key: str, field: str) -> bytes | None:
        await self._gives_way()
        text = self.hashes.get(key, {}).get(field)
        return None if text is None else text.encode()

    async def hdel(self, key: str, field: str) -> int:
        await self._gives_way()
        self.writes += 1
        return int(self.hashes.get(key, {}).pop(field, None) is not None)

    async def hkeys(self, key: str) -> list[bytes]:
        await self._gives_way()
        return [field.encode() for field in self.hashes.get(key, {})]

    async def _gives_way(self) -> None:
        for _ in range(int(self._chance.random() * 4)):
            await asyncio.sleep(0)

    def _text(self, key: str) -> bytes | None:
        value, until_ms = self.texts.get(key, (b"", 0.0))
        return value if until_ms > self.clock.now_ms() else None


class MemoryLink:
    """Stands where the link to the store stands."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self.client: Any = MemoryClient(clock, chance)

    async def run[T](self, call: Awaitable[T], budget_ms: int = 0) -> T:
        return await call
