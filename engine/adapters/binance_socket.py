"""One connection to a routed stream, kept alive for ever: connect, read, notice its end, connect again.

The first attempt after a loss comes at once, the following ones with growing, jittered delays. Once a day the exchange
cuts every connection; an hour before that a second one is opened, and the first is closed only when both were read.
"""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from engine.adapters.binance_client import is_loopback
from engine.adapters.binance_errors import ExchangeFailed

OPEN_TIMEOUT_S: Final = 10.0
CLOSE_TIMEOUT_S: Final = 1.0
PING_INTERVAL_S: Final = 20.0
MAX_FRAME_BYTES: Final = 4 * 1024 * 1024
MAX_FRAMES_WAITING: Final = 256
JITTER: Final = 0.2
BEAT_S: Final = 0.5
STOOD_STILL: Final = "this process stood still"
_QUIET: Final = logging.Logger("binance.socket", logging.CRITICAL)  # the library's own would log listen keys


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a connection may be silent, live, and stay away. Wire time, seconds."""

    reconnect_delay_s: float
    max_reconnect_delay_s: float
    ping_timeout_s: float
    healthy_after_s: float = 60.0  # a connection that lived less long counts as a failed attempt
    renew_after_s: float = 23 * 3_600.0
    overlap_s: float = 2.0
    silence_s: float = 5.0  # without a mark price
    public_silence_s: float = 60.0  # without a quote: a quiet contract may well have none for a while
    stood_still_s: float = 3.0  # a process that stood still for longer believes no price that waited for it meanwhile


class Line:
    """Reads one address for ever. `take` gets every frame, `opened` and `lost` tell of the connection's beginning and end.

    `only_fresh`: after this process stood still, what waited in the socket is old; it is dropped with the connection.
    """

    def __init__(
        self,
        *,
        address: Callable[[], Awaitable[str]],
        take: Callable[[bytes], None],
        opened: Callable[[], None],
        lost: Callable[[str], None],
        patience: Patience,
        only_fresh: bool = False,
    ) -> None:
        self._only_fresh = only_fresh
        self._beat_s = 0.0
        self._address = address
        self._take = take
        self._opened = opened
        self._lost = lost
        self._patience = patience
        self._reader: asyncio.Task[str] | None = None
        self._reason = ""
        self._failures = 0

    async def run(self) -> None:
        """Stay connected until cancelled."""
        beat = asyncio.create_task(self._beat())
        try:
            await self._reconnecting()
        finally:
            beat.cancel()

    async def _beat(self) -> None:
        """Notice that this process stood still; whoever reads first, this or a frame, notices it."""
        loop = asyncio.get_running_loop()
        self._beat_s = loop.time()
        while True:
            await asyncio.sleep(BEAT_S)
            if self._stood_still():
                self.drop(STOOD_STILL)
            self._beat_s = loop.time()

    def _stood_still(self) -> bool:
        return self._only_fresh and asyncio.get_running_loop().time() - self._beat_s > self._patience.stood_still_s

    def _taken(self, frame: bytes) -> None:
        if self._stood_still():
            self.drop(STOOD_STILL)
        else:
            self._take(frame)

    async def _reconnecting(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            why = await self._live()
            is_healthy = loop.time() - started >= self._patience.healthy_after_s
            self._failures = 1 if is_healthy else self._failures + 1
            self._lost(why)
            await asyncio.sleep(delay_s(self._failures, self._patience))

    def drop(self, why: str) -> None:
        """Give the connection up: it is open, but worth nothing."""
        if self._reader is not None and not self._reader.done():
            self._reason = why
            self._reader.cancel()

    async def _live(self) -> str:
        """One connection with its renewals. Returns why it ended."""
        socket = await self._connected()
        if isinstance(socket, str):
            return socket
        self._opened()
        self._reader = asyncio.create_task(_read(socket, self._taken))
        fading: tuple[ClientConnection, asyncio.Task[str]] | None = None
        wait_s = self._patience.renew_after_s
        try:
            while True:
                await asyncio.wait((self._reader,), timeout=wait_s)
                if self._reader.done():
                    return self._reason if self._reader.cancelled() else self._reader.result()
                if fading is not None:
                    await _ended(fading)
                    fading, wait_s = None, self._patience.renew_after_s
                    continue
                fresh, wait_s = await self._connected(), self._patience.max_reconnect_delay_s
                if isinstance(fresh, ClientConnection) and (self._reader.done() or self._reader.cancelling()):
                    await fresh.close()  # the old one ended meanwhile: there is a gap, and whoever listens is to hear of it
                elif isinstance(fresh, ClientConnection):
                    fading, socket, wait_s = (socket, self._reader), fresh, self._patience.overlap_s
                    self._reader = asyncio.create_task(_read(fresh, self._taken))
        finally:
            await _ended((socket, self._reader))
            if fading is not None:
                await _ended(fading)

    async def _connected(self) -> ClientConnection | str:
        """A new connection, or why there is none."""
        try:
            address = await self._address()
            return await connect(
                address,
                proxy=None if is_loopback(address) else True,
                compression=None,
                open_timeout=OPEN_TIMEOUT_S,
                close_timeout=CLOSE_TIMEOUT_S,
                ping_interval=PING_INTERVAL_S,
                ping_timeout=self._patience.ping_timeout_s,
                max_size=MAX_FRAME_BYTES,
                max_queue=MAX_FRAMES_WAITING,
                logger=_QUIET,
            )
        except (OSError, ExchangeFailed, WebSocketException, ImportError) as error:  # a SOCKS proxy needs a library
            return f"no connection: {type(error).__name__}"


def fixed(address: str) -> Callable[[], Awaitable[str]]:
    """An address that never changes."""

    async def the_same() -> str:
        return address

    return the_same


def delay_s(failures: int, patience: Patience) -> float:
    """How long to wait before the next attempt. The first one comes at once."""
    if failures <= 1:
        return 0.0
    delay = min(patience.reconnect_delay_s * 2.0 ** min(failures - 2, 16), patience.max_reconnect_delay_s)
    return delay * random.uniform(1 - JITTER, 1 + JITTER)  # noqa: S311  # spreads reconnects, guards no secret


async def _ended(pair: tuple[ClientConnection, asyncio.Task[str]]) -> None:
    socket, reader = pair
    reader.cancel()
    await socket.close()


async def _read(socket: ClientConnection, take: Callable[[bytes], None]) -> str:
    try:
        while True:
            take(await socket.recv(decode=False))
    except ConnectionClosed as closed:
        code = closed.rcvd.code if closed.rcvd is not None else 1006
        return f"closed by the other side ({code})"
