"""Who listens to what: connections by stream, and the way of every frame to them.

A stream on the wrong route is accepted and never pushes (reference 1.2); an unknown listen key likewise.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

import msgspec

from sandbox.exchange.clock import MarketClock
from sandbox.exchange.exchange import News
from sandbox.exchange.faults import StreamFaults
from sandbox.exchange.listen_keys import ListenKeys

PUBLIC_STREAMS: Final = ("bookTicker", "depth", "rpiDepth")
MAX_WAITING_FRAMES: Final = 50_000  # a client that is so far behind is cut off


@dataclass(slots=True, eq=False)
class Connection:
    """One open socket. `waited_ms` is the newest event time on it that the market waits for."""

    route: str
    is_combined: bool
    streams: dict[str, None] = field(default_factory=dict)
    keys: list[tuple[str, frozenset[str] | None]] = field(default_factory=list)
    waiting: deque[str] = field(default_factory=deque)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    waited_ms: int = 0
    is_cut: bool = False

    def push(self, text: str, event_ms: int, *, is_waited: bool) -> None:
        """Put a frame into the queue of this socket."""
        if len(self.waiting) >= MAX_WAITING_FRAMES:
            self.is_cut = True
        else:
            self.waiting.append(text)
            if is_waited:
                self.waited_ms = event_ms
        self.wake.set()


class Hub:
    """All open connections. `wants` is asked before a frame is written, so that nobody writes for nobody."""

    def __init__(self, clock: MarketClock, keys: ListenKeys, faults: StreamFaults) -> None:
        self.clock = clock
        self.keys = keys
        self.faults = faults
        self.connections: set[Connection] = set()
        self.told_s: dict[str, float] = {}
        self._listeners: dict[str, list[Connection]] = {}

    def join(self, connection: Connection) -> None:
        """Take a connection in."""
        self.connections.add(connection)
        self._sort()

    def leave(self, connection: Connection) -> None:
        """Let a connection go."""
        self.connections.discard(connection)
        self._sort()

    def subscribe(self, connection: Connection, streams: list[str]) -> None:
        """Add streams to a connection."""
        connection.streams |= dict.fromkeys(streams)
        self._sort()

    def unsubscribe(self, connection: Connection, streams: list[str]) -> None:
        """Take streams off a connection."""
        for stream in streams:
            connection.streams.pop(stream, None)
        self._sort()

    def wants(self, stream: str) -> bool:
        """Say whether anybody listens to a stream on its right route."""
        return stream in self._listeners

    def wanted(self, prefix: str) -> list[str]:
        """List the streams that somebody listens to and that begin so."""
        return [stream for stream in self._listeners if stream.startswith(prefix)]

    def send(self, stream: str, text: str, event_ms: int, *, is_waited: bool = True) -> None:
        """Send a market frame to its listeners, wrapped where the socket is a combined one."""
        listeners = self._listeners.get(stream)
        if listeners is None or self.faults.is_muted(route_of(stream)):
            return
        wrapped = f'{{"stream":"{stream}","data":{text}}}'
        for connection in listeners:
            connection.push(wrapped if connection.is_combined else text, event_ms, is_waited=is_waited)

    def send_news(self, news: list[News]) -> None:
        """Send user events, each with an event time of its own, to every live listener of the account."""
        for event in news:
            for copy in self.faults.user_events(event):
                event_ms = self.clock.stamp()
                text = msgspec.json.encode(copy | {"E": event_ms}).decode()
                self._send_private(copy["e"], text, event_ms)

    def end_key(self, key: str) -> None:
        """Tell the listeners of a key that it is over; their sockets stay open and silent (reference 6)."""
        event_ms = self.clock.stamp()
        text = msgspec.json.encode({"e": "listenKeyExpired", "E": event_ms, "listenKey": key}).decode()
        for connection in self.connections:
            for own, events in connection.keys:
                if own == key and (events is None or "listenKeyExpired" in events):
                    connection.push(_framed(connection, own, text), event_ms, is_waited=True)
            connection.keys = [pair for pair in connection.keys if pair[0] != key]

    def event_marks(self) -> dict[str, int]:
        """Give the newest event time to wait for per route, over the connections that are open now."""
        marks = {"public": 0, "market": 0, "private": 0}
        for connection in self.connections:
            if connection.route in marks:
                marks[connection.route] = max(marks[connection.route], connection.waited_ms)
        return marks

    def note_told(self, symbol: str) -> None:
        """Remember when a symbol's prices were last sent."""
        self.told_s[symbol] = time.monotonic()

    def _send_private(self, kind: str, text: str, event_ms: int) -> None:
        if self.faults.is_muted("private"):
            return
        live = self.keys.live_key()
        for connection in self.connections:
            for key, events in connection.keys:
                if key == live and (events is None or kind in events):
                    connection.push(_framed(connection, key, text), event_ms, is_waited=True)

    def _sort(self) -> None:
        listeners: dict[str, list[Connection]] = {}
        for connection in self.connections:
            for stream in connection.streams:
                route = route_of(stream)
                if connection.route == route or (connection.route == "" and route == "public"):
                    listeners.setdefault(stream, []).append(connection)
        self._listeners = listeners


def route_of(stream: str) -> str:
    """Say which route carries a stream (reference 1.2)."""
    kind = stream.partition("@")[2] if "@" in stream else stream.removeprefix("!")
    return "public" if kind.startswith(PUBLIC_STREAMS) else "market"


def _framed(connection: Connection, key: str, text: str) -> str:
    return f'{{"stream":"{key}","data":{text}}}' if connection.is_combined else text
