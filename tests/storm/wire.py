"""The wires between a process and the exchange: requests and sockets with latency, on which the weather works.

What has left a process goes its way, whatever becomes of the process (and the other way round).
"""

import asyncio
import re
from collections import deque
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qsl, urlsplit

from aiohttp import ClientConnectionError, ConnectionTimeoutError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosedError, InvalidHandshake

from engine.adapters.binance_budget import Budget
from engine.adapters.binance_client import BinanceClient, Call
from engine.adapters.binance_rest import BinanceRest
from sandbox.exchange.hub import Connection
from tests.storm.exchange import KEY, SECRET
from tests.storm.loop import PROCESS

if TYPE_CHECKING:
    from tests.storm.machine import Machine

ORDER_TIMEOUT_S: Final = 10.0
LATENCY_S: Final = (0.004, 0.060)
SOCKET_PATH: Final = re.compile(r"^/(?P<route>public|market|private)/(?P<form>ws|stream)$")


class Response:
    """What an answer looks like to the product's client."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self._body = body

    async def read(self) -> bytes:
        return self._body


class StormClient(BinanceClient):
    """The product's client; only the bytes go another way."""

    def __init__(self, machine: "Machine") -> None:
        self._clock = machine.clock
        self._machine = machine
        self.offset_ms = 0
        self.budget = Budget(machine.clock.now_ms, self.exchange_ms)
        self.API_KEY, self.API_SECRET = KEY, SECRET

    async def _send(self, call: Call, encoded: str) -> bytes:
        return await self._handle_response(await asked(self._machine, call.method, call.path, encoded))  # type: ignore[arg-type]

    async def aclose(self) -> None:
        return None


class StormRest(BinanceRest):
    """The product's requests over such a client."""

    def __init__(self, machine: "Machine") -> None:
        self.clock = machine.clock
        self.has_keys = True
        self._synced_ms = 0
        self._client = StormClient(machine)


async def asked(machine: "Machine", method: str, path: str, encoded: str) -> Response:
    """Send a request and wait for its answer. Raises what aiohttp raises."""
    world, loop = machine.world, asyncio.get_running_loop()
    name = point_name(method, path, encoded)
    treatment = world.weather.request(method, path, dict(parse_qsl(encoded)))
    world.leaves(method, path, encoded)
    await machine.point(f"{name}:before")
    if name == "entry":
        world.sent(dict(parse_qsl(encoded))["newClientOrderId"])
    world.manners.leaves(machine, name, encoded)
    if treatment.no_connection:
        await asyncio.sleep(0.05)
        raise ConnectionTimeoutError
    answer: asyncio.Future[Response] = loop.create_future()

    def arrives() -> None:
        response = world.carried_out(method, path, encoded, treatment)
        if response is not None:
            world.later(latency(world) + treatment.answer_delay_s, answers, response)

    def answers(response: Response) -> None:
        if not answer.done():
            answer.set_result(response)

    if not treatment.is_lost:
        world.later(latency(world) + treatment.delay_s, arrives)
    if treatment.is_cut:
        await asyncio.sleep(0.1 + treatment.delay_s)
        raise ClientConnectionError("cut")
    async with asyncio.timeout(ORDER_TIMEOUT_S):
        response = await answer
    world.heard(path, await response.read())
    world.manners.answered(machine, response.status, response.headers, await response.read())
    await machine.point(f"{name}:after")
    return response


def point_name(method: str, path: str, encoded: str) -> str:
    """A name for what a request is, for crash points: entry, exit, wide stop, tight stop, target, cancel, or the path."""
    if path == "/fapi/v1/order" and method == "POST":
        return "exit" if "reduceOnly=true" in encoded else "entry"
    if path == "/fapi/v1/algoOrder" and method == "POST":
        if "closePosition=true" in encoded:
            return "wide"
        return "target" if "TAKE_PROFIT" in encoded else "tight"
    if method == "DELETE":
        return "cancel"
    return f"{method} {path.rsplit('/', 1)[1]}"


def latency(world: Any) -> float:
    """One way over the wire."""
    return float(world.chance.uniform(*LATENCY_S) * world.weather.slowness())


class Wire(Connection):
    """A socket's way from the exchange to a process: in order, late, and not always whole."""

    def lay(self, world: Any, socket: "StormSocket") -> None:
        """Connect both ends."""
        self._world, self._socket, self._due_s = world, socket, 0.0
        self._number = len(socket.machine.sockets)
        self._batch: list[bytes] = []

    __slots__ = ("_batch", "_due_s", "_number", "_socket", "_world")

    def __hash__(self) -> int:
        return self._number  # the hub keeps connections in a set: the same seed gives the same order

    def push(self, text: str, event_ms: int, *, is_waited: bool) -> None:
        """Let a frame travel."""
        frames = self._world.weather.frame(self.route, text)
        if not frames:
            return
        if not self._batch:
            now = asyncio.get_running_loop().time()
            self._due_s = max(self._due_s, now + latency(self._world))
            self._world.later(self._due_s - now, self._arrive)
        self._batch.extend(frames)

    def _arrive(self) -> None:
        batch, self._batch = self._batch, []
        self._socket.arrived(batch)


class StormSocket(ClientConnection):
    """The process's end."""

    def __init__(self, machine: "Machine", wire: Wire) -> None:
        self.machine = machine
        self._wire = wire
        self._frames = deque[tuple[bytes, float]]()  # and when each came in
        self._waiter: asyncio.Future[None] | None = None
        self.is_over = False

    def arrived(self, frames: list[bytes]) -> None:
        """Frames came in; a process that stands still reads them afterwards."""
        now = self.machine.world.loop.time()
        self._frames.extend((frame, now) for frame in frames)
        self._wake()

    def cut(self) -> None:
        """The connection ends."""
        self.is_over = True
        self.machine.world.venue.hub.leave(self._wire)
        self._wake()

    async def recv(self, decode: bool | None = None) -> Any:
        """The next frame."""
        while not self._frames:
            if self.is_over:
                raise ConnectionClosedError(None, None)
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        frame, arrived_s = self._frames.popleft()
        if self._wire.route != "private":
            self.machine.world.told(frame[11 : frame.find(b"@")].decode("ascii", "replace").upper(), arrived_s)
        return frame

    async def close(self, code: int = 1000, reason: str = "") -> None:
        """Hang up."""
        self.cut()

    @property
    def route(self) -> str:
        """Which of the three roads it is."""
        return self._wire.route

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


async def connect(address: str, **_: Any) -> StormSocket:
    """Stands in for websockets' `connect`: the process that asks is the one whose context this is."""
    machine: Any = PROCESS.get()
    world, parts = machine.world, urlsplit(address)
    await machine.point("connect:before")
    await asyncio.sleep(2 * latency(world))
    if world.weather.is_unreachable(parts.path.split("/")[1]):
        raise InvalidHandshake("no")
    found = SOCKET_PATH.match(parts.path)
    assert found is not None, address
    wire = Wire(route=found["route"], is_combined=found["form"] == "stream")
    socket = StormSocket(machine, wire)
    wire.lay(world, socket)
    for name, value in parse_qsl(parts.query):
        if name == "streams":
            wire.streams |= dict.fromkeys(value.split("/"))
        elif name == "listenKey":
            wire.keys.append((value, None))
    world.venue.hub.join(wire)
    machine.sockets.append(socket)
    return socket
