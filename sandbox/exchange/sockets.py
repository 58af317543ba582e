"""The websocket side: routed paths, control frames, pings and limits (reference 1.2-1.4)."""

import asyncio
import json
import re
import time
from collections import deque
from typing import Any, Final

import msgspec
from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from sandbox.exchange.config import VenueConfig
from sandbox.exchange.hub import Connection, Hub

MESSAGES_PER_SECOND: Final = 10
MAX_STREAMS: Final = 1024
CLOSE_TIMEOUT_S: Final = 2.0
STREAM_NAME: Final = re.compile(r"^[^\s,]+$")
SOCKET_PATH: Final = re.compile(r"^/(?:(?P<route>public|market|private)/)?(?P<form>ws|stream)(?:/(?P<stream>.+))?$")
INVALID: Final = {"code": 2, "msg": "Invalid request: "}

type Reply = dict[str, Any]


class Sockets:
    """Opens and serves sockets; what they carry comes from the hub."""

    def __init__(self, hub: Hub, config: VenueConfig) -> None:
        self.hub = hub
        self.config = config
        self._open: dict[web.WebSocketResponse, str] = {}

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """Serve one socket until either side closes it."""
        connection = _connection_for(request)
        if connection is None:
            return web.Response(status=400, text="Bad Request")
        socket = web.WebSocketResponse(compress=False, autoping=False, timeout=CLOSE_TIMEOUT_S)
        self.hub.join(connection)  # before the handshake is answered: whoever sees it done misses nothing
        try:
            await socket.prepare(request)
            await self._carry(socket, connection)
        finally:
            self.hub.leave(connection)
        return socket

    async def close_all(self, route: str | None = None) -> int:
        """Close the sockets of a route or every one, as the exchange does before maintenance; say how many."""
        closing = [socket for socket, own in self._open.items() if route in (None, own)]
        await asyncio.gather(*(socket.close(code=WSCloseCode.GOING_AWAY) for socket in closing))
        return len(closing)

    async def _carry(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        self._open[socket] = connection.route
        tasks = [asyncio.create_task(job) for job in (self._write(socket, connection), self._mind(socket))]
        try:
            await self._read(socket, connection)
        finally:
            del self._open[socket]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        arrivals: deque[float] = deque(maxlen=MESSAGES_PER_SECOND + 1)
        async for message in socket:
            arrivals.append(time.monotonic())
            if len(arrivals) > MESSAGES_PER_SECOND and arrivals[-1] - arrivals[0] < 1.0:
                await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too many requests")
                return
            await self._answer(socket, connection, message)

    async def _answer(self, socket: web.WebSocketResponse, connection: Connection, message: WSMessage) -> None:
        if message.type is WSMsgType.PING:
            await socket.pong(message.data)
        elif message.type is WSMsgType.PONG:
            socket["pong_s"] = time.monotonic()
        elif message.type is WSMsgType.TEXT:
            reply = control_reply(self.hub, connection, message.data)
            connection.push(msgspec.json.encode(reply).decode(), 0, is_waited=False)

    async def _write(self, socket: web.WebSocketResponse, connection: Connection) -> None:
        """Send what waits; where the client has gone, the reading side notices."""
        try:
            while not connection.is_cut:
                await connection.wake.wait()
                connection.wake.clear()
                while connection.waiting:
                    await socket.send_str(connection.waiting.popleft())
            await socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"Too slow")
        except ConnectionError:
            await socket.close()

    async def _mind(self, socket: web.WebSocketResponse) -> None:
        """Ping now and then, and end the connection without a pong or at the end of its life."""
        born_s = socket["pong_s"] = time.monotonic()
        try:
            while True:
                life_s = born_s + self.config.connection_lifetime_s - time.monotonic()
                if life_s <= 0 or time.monotonic() - socket["pong_s"] > self.config.pong_timeout_s:
                    break
                await asyncio.sleep(min(self.config.ping_interval_s, life_s))
                await socket.ping()
        except ConnectionError:
            return  # the client has gone; the reading side ends the socket
        await socket.close(code=WSCloseCode.GOING_AWAY)


def control_reply(hub: Hub, connection: Connection, text: str) -> Reply:
    """Carry out a control frame (reference 1.3); errors come without an envelope."""
    try:
        frame = json.loads(text)
    except ValueError:
        return {"code": 3, "msg": "Invalid JSON"}
    if not isinstance(frame, dict):
        return {"code": 3, "msg": "Invalid JSON"}
    number = frame.get("id")
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        return INVALID | {"msg": INVALID["msg"] + "request ID must be an unsigned integer"}  # type: ignore[operator]
    return _carry_out(hub, connection, frame, number)


def _carry_out(hub: Hub, connection: Connection, frame: dict[str, Any], number: int) -> Reply:
    method, params = frame.get("method"), frame.get("params", [])
    if method == "LIST_SUBSCRIPTIONS":
        return {"result": list(connection.streams), "id": number}
    if method == "SET_PROPERTY" and isinstance(params, list) and params[:1] == ["combined"] and len(params) == 2:
        connection.is_combined = bool(params[1])
        return {"result": None, "id": number}
    if method not in ("SUBSCRIBE", "UNSUBSCRIBE"):
        return {"code": 1, "msg": f"Invalid value type or unknown method: {method}", "id": number}
    if not isinstance(params, list) or not all(isinstance(one, str) and STREAM_NAME.match(one) for one in params):
        return {"code": 2, "msg": "Invalid request: params must be a list of stream names", "id": number}
    if method == "UNSUBSCRIBE":
        hub.unsubscribe(connection, params)
    elif len(connection.streams) + len(params) > MAX_STREAMS:
        return {"code": 0, "msg": "Too many streams", "id": number}
    else:
        hub.subscribe(connection, params)
    return {"result": None, "id": number}


def is_socket_path(path: str) -> bool:
    """Say whether a path belongs to this side."""
    return SOCKET_PATH.match(path) is not None


def _connection_for(request: web.Request) -> Connection | None:
    """Read path and query; None where the handshake fails (a comma between streams does that, reference 1.2)."""
    found = SOCKET_PATH.match(request.path)
    if found is None or request.headers.get("Upgrade", "").lower() != "websocket":
        return None
    connection = Connection(route=found["route"] or "", is_combined=found["form"] == "stream")
    names = [found["stream"]] if found["stream"] else []
    streams = request.query.get("streams", "")
    names += streams.split("/") if streams else []
    if not all(STREAM_NAME.match(name) for name in names) or len(names) > MAX_STREAMS:
        return None
    if connection.route == "private":
        connection.keys = [(name, None) for name in names] + _keys(request)
    else:
        connection.streams = dict.fromkeys(names)
    return connection


def _keys(request: web.Request) -> list[tuple[str, frozenset[str] | None]]:
    """Read `listenKey=K1&events=A/B&listenKey=K2...`: events belong to the key before them and are not validated."""
    keys: list[tuple[str, frozenset[str] | None]] = []
    for name, value in request.query.items():
        if name == "listenKey":
            keys.append((value, None))
        elif name == "events" and keys:
            keys[-1] = (keys[-1][0], frozenset(value.split("/")))
    return keys
