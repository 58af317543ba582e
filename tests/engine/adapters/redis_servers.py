"""Real servers for tests: one per test module, emptied between tests."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis.asyncio import Redis

from engine.adapters.redis_server import EmbeddedServer


class HandClock:
    """Wire time that moves only when told."""

    def __init__(self, now_ms: int = 1_795_000_000_000) -> None:
        self.ms = now_ms

    def now_ms(self) -> int:
        return self.ms


@contextmanager
def a_server(folder: Path) -> Iterator[EmbeddedServer]:
    """A running server on a folder."""
    server = EmbeddedServer(folder)
    asyncio.run(server.start(0.0))
    try:
        yield server
    finally:
        asyncio.run(server.stop())


async def emptied(server: EmbeddedServer) -> None:
    """Forget everything in it."""
    async with Redis.from_url(server.url) as client:
        await client.flushall()


async def told(client: Redis, command: str) -> None:
    """Send a command as one would type it."""
    await client.execute_command(*command.split())  # type: ignore[no-untyped-call]  # the library leaves it untyped
