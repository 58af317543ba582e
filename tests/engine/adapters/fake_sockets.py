"""A server of streams that sends what it is told, remembers who connected, and can hang up or fall silent."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from engine.ports import Event

PATIENCE_S = 5.0


class FakeSockets:
    """Connections by route (`public`, `market`, `private`), newest last."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.refuses = False
        self.greeting: dict[str, list[bytes]] = {}  # what a new connection of a route gets first
        self._open: dict[str, list[ServerConnection]] = {"public": [], "market": [], "private": []}
        self._changed = asyncio.Condition()

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        path = connection.request.path
        route = path.split("/")[1]
        async with self._changed:
            self.paths.append(path)
            self._changed.notify_all()
        if self.refuses:
            await connection.close(1013)
            return
        for frame in self.greeting.get(route, ()):
            await connection.send(frame)
        async with self._changed:
            self._open[route].append(connection)
            self._changed.notify_all()
        await connection.wait_closed()
        async with self._changed:
            self._open[route].remove(connection)
            self._changed.notify_all()

    def count(self, route: str) -> int:
        return len(self._open[route])

    async def connected(self, route: str, count: int = 1) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: len(self._open[route]) == count)

    async def connections_made(self, route: str, count: int) -> None:
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(
                lambda: sum(f"/{route}/" in path for path in self.paths) >= count and bool(self._open[route])
            )

    async def asked_for(self, route: str, count: int) -> None:
        """Wait until so many connections were tried, refused ones included."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: sum(f"/{route}/" in path for path in self.paths) >= count)

    async def send(self, route: str, *messages: Any) -> None:
        for message in messages:
            raw = message if isinstance(message, bytes) else json.dumps(message).encode()
            await self._open[route][-1].send(raw)

    async def send_to_all(self, route: str, *messages: Any) -> None:
        for message in messages:
            for connection in self._open[route]:
                await connection.send(json.dumps(message).encode())

    async def hang_up(self, route: str) -> None:
        for connection in list(self._open[route]):
            await connection.close(1001)


@asynccontextmanager
async def running_sockets() -> AsyncIterator[FakeSockets]:
    sockets = FakeSockets()
    async with serve(sockets.handle, "127.0.0.1", 0, compression=None, close_timeout=0.2) as server:
        sockets.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        yield sockets


class Inbox:
    """Keeps every event that was posted, and waits for those that are still to come."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._more = asyncio.Event()

    def post(self, event: Event) -> None:
        self.events.append(event)
        self._more.set()

    def of[T](self, kind: type[T]) -> list[T]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until something posted makes it hold."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._more.clear()
                await self._more.wait()

    async def has[T](self, kind: type[T], count: int = 1) -> list[T]:
        await self.until(lambda: len(self.of(kind)) >= count)
        return self.of(kind)
