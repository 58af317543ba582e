"""Venues and clients for the tests: a made-up market, a venue on loopback, python-binance as it is, and a plain HTTP hand."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp
import numpy as np
from binance import AsyncClient, BinanceSocketManager

from sandbox.exchange.broadcast import Broadcast
from sandbox.exchange.config import Roots, VenueConfig
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.exchange import open_exchange
from sandbox.exchange.faults import StreamFaults
from sandbox.exchange.hub import Hub
from sandbox.exchange.limits import Limits
from sandbox.exchange.listen_keys import ListenKeys
from sandbox.exchange.params import Params
from sandbox.exchange.venue import Venue
from sandbox.market import Market, from_candles, generate
from sandbox.market.candles import Candles

KEY: Final = "k" * 64
SECRET: Final = "s" * 64
START_MS: Final = 1_767_225_600_000
MINUTE_MS: Final = 60_000

type Bar = tuple[float, float, float, float]  # open, high, low, close


def a_config(**changes: Any) -> VenueConfig:
    settings: dict[str, Any] = {"api_key": KEY, "api_secret": SECRET, "speed": 1e6}
    return VenueConfig(**(settings | changes))


def a_market(bars: int = 3, *, symbols: tuple[str, ...] = ("ETHUSDT",), warmup: int = 5) -> Market:
    return generate(symbols, "1m", bars=bars, warmup=warmup, seed=1)


def a_market_of(*bars: Bar, symbol: str = "ETHUSDT", warmup: int = 1, start_ms: int = START_MS) -> Market:
    """A market of exactly these 1m bars; the first `warmup` of them are history."""
    opens, highs, lows, closes = (np.array(column, dtype=np.float64) for column in zip(*bars, strict=True))
    times = start_ms + MINUTE_MS * np.arange(len(bars), dtype=np.int64)
    return from_candles([Candles(symbol, "1m", times, opens, highs, lows, closes, np.ones(len(bars)) * 100)], warmup=warmup)


def a_desk(market: Market | None = None, **changes: Any) -> Desk:
    """The exchange without a wire; ETHUSDT stands at about 3,200 unless a market says otherwise."""
    config = a_config(**changes)
    exchange = open_exchange(config, a_market() if market is None else market)
    hub = Hub(exchange.clock, ListenKeys(exchange.wire, config.listen_key_validity_ms), StreamFaults())
    return Desk(exchange, Broadcast(exchange, hub), hub, Limits(config.limit_scale))


def params(**values: Any) -> Params:
    return Params({name: str(value) for name, value in values.items()})


@asynccontextmanager
async def a_venue(market: Market | None = None, **changes: Any) -> AsyncIterator[tuple[Venue, Roots]]:
    venue = Venue(a_config(**changes), a_market() if market is None else market)
    try:
        yield venue, await venue.start()
    finally:
        await venue.close()


@asynccontextmanager
async def a_client(roots: Roots) -> AsyncIterator[AsyncClient]:
    """python-binance, unchanged but for its address."""
    client = AsyncClient(KEY, SECRET)
    client.FUTURES_URL = f"{roots.rest}/fapi"
    try:
        yield client
    finally:
        await client.close_connection()


@asynccontextmanager
async def a_user_stream(client: AsyncClient, roots: Roots) -> AsyncIterator[Any]:
    """python-binance's user socket."""
    manager = BinanceSocketManager(client)
    manager.FSTREAM_URL = f"{roots.ws_private}/"
    socket = manager.futures_user_socket()
    socket.TIMEOUT = 0.05  # it looks at the end of its life only between two waits for a frame
    async with socket as stream:
        yield stream


@asynccontextmanager
async def a_hand(roots: Roots) -> AsyncIterator["Hand"]:
    async with aiohttp.ClientSession() as session:
        yield Hand(session, roots.rest)


class Hand:
    """Asks the admin pages."""

    def __init__(self, session: aiohttp.ClientSession, root: str) -> None:
        self._session = session
        self._root = root

    async def see(self, name: str) -> Any:
        async with self._session.get(f"{self._root}/sandbox/{name}") as answer:
            return await answer.json()

    async def do(self, name: str, **wish: Any) -> Any:
        async with self._session.post(f"{self._root}/sandbox/{name}", json=wish) as answer:
            return await answer.json()
