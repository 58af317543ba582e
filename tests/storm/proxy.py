"""A TCP link that can fail: it delays, cuts, goes silent, or breaks an answer off in the middle.

One link stands between the product and one of its neighbours. What passes can be looked at by a `tap`, which may swallow it.
"""

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Final

HOST: Final = "127.0.0.1"
CHUNK: Final = 65_536

type Tap = Callable[[bytes], bool]  # sees what the product sends; False swallows it and ends the connection


class Failing(StrEnum):
    """How a link fails."""

    DELAY = "delay"  # everything is late
    CUT = "cut"  # connections are reset, new ones too
    HALF_OPEN = "half_open"  # connections are taken and nothing is delivered
    TRUNCATE = "truncate"  # the next answers break off in the middle


class Link:
    """One proxy. Failures last a while; `strikes` counts them by kind."""

    def __init__(self, target_port: int, seed: int) -> None:
        self.tap: Tap | None = None
        self.port = 0
        self.strikes: dict[Failing, int] = {}
        self._target_port = target_port
        self._chance = random.Random(seed)
        self._failing: Failing | None = None
        self._until_s = 0.0
        self._delay_s = 0.0
        self._server: asyncio.Server | None = None
        self._pairs: set[Pair] = set()

    async def open(self) -> None:
        """Listen on a port of its own."""
        self._server = await asyncio.start_server(self._accepted, HOST, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and end every connection."""
        if self._server is not None:
            self._server.close()
        pairs = list(self._pairs)
        for pair in pairs:
            pair.abort()
        await asyncio.gather(*(pair.over.wait() for pair in pairs))

    def strike(self, failing: Failing, seconds: float) -> None:
        """Begin to fail."""
        self._failing, self._until_s = failing, time.monotonic() + seconds
        self._delay_s = self._chance.uniform(0.05, 1.0)
        self.strikes[failing] = self.strikes.get(failing, 0) + 1
        if failing is Failing.CUT:
            for pair in tuple(self._pairs):
                pair.abort()

    def calm(self) -> None:
        """Fail no longer."""
        self._failing = None

    @property
    def failing(self) -> Failing | None:
        """How it fails now."""
        if self._failing is not None and time.monotonic() >= self._until_s:
            self._failing = None
        return self._failing

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.failing is Failing.CUT:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(HOST, self._target_port)
        except OSError:
            writer.transport.abort()
            return
        pair = Pair(writer, far_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                self._carry(reader, far_writer, pair, is_answer=False), self._carry(far_reader, writer, pair, is_answer=True)
            )
        finally:
            pair.abort()
            self._pairs.discard(pair)
            pair.over.set()

    async def _carry(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, pair: "Pair", *, is_answer: bool
    ) -> None:
        """Carry one direction until either end leaves."""
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                if not is_answer and self.tap is not None and not self.tap(data):
                    break
                passed = data if self.failing is None else await self._spoilt(data, is_answer=is_answer)
                if pair.is_broken:
                    break
                writer.write(passed)
                await writer.drain()
                if len(passed) < len(data):
                    break
        pair.abort()

    async def _spoilt(self, data: bytes, *, is_answer: bool) -> bytes:
        """What is left of what passes now; anything less than the whole ends the connection."""
        failing = self.failing
        if failing is Failing.DELAY:
            await asyncio.sleep(self._delay_s)
            return data
        if failing is Failing.HALF_OPEN:
            while self.failing is Failing.HALF_OPEN:  # noqa: ASYNC110  # the failure's end is a moment, not an event
                await asyncio.sleep(0.02)
            return b""
        if failing is Failing.TRUNCATE and is_answer and len(data) > 1:
            return data[: self._chance.randrange(1, len(data))]
        return data


class Pair:
    """Both ends of one connection."""

    def __init__(self, near: asyncio.StreamWriter, far: asyncio.StreamWriter) -> None:
        self.over = asyncio.Event()
        self.is_broken = False
        self._ends = (near, far)

    def abort(self) -> None:
        """Reset both ends."""
        self.is_broken = True
        for end in self._ends:
            end.transport.abort()
