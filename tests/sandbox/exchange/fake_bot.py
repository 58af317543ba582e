"""A bot for the tests: three sockets, signed requests that take their time, and a health page that says when it has settled.

It does what the test tells it on every closed bar; the venue at full speed waits for it, however slow it is.
"""

import asyncio
import hashlib
import hmac
import json
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
from aiohttp import web

from sandbox.exchange.config import Roots
from sandbox.exchange.venue import Venue
from sandbox.market import Market
from tests.sandbox.exchange.builders import KEY, SECRET, a_config

EVENTS: Final = "ORDER_TRADE_UPDATE/ACCOUNT_UPDATE/ALGO_UPDATE/MARGIN_CALL/TRADE_LITE/listenKeyExpired"

type Page = Callable[[web.Request], Awaitable[web.Response]]
type OnBar = Callable[["FakeBot", int, dict[str, Any]], Awaitable[None]]


@dataclass(slots=True)
class FakeBot:
    """`frames` and `news` are what came in; `latency` makes every request late by a random time."""

    on_bar: OnBar
    latency: random.Random | None = None
    is_ready: bool = True
    cards_open: int = 0
    asked: int = 0
    frames: list[dict[str, Any]] = field(default_factory=list)
    news: list[dict[str, Any]] = field(default_factory=list)
    newest: dict[str, int] = field(default_factory=lambda: dict.fromkeys(("public", "market", "private"), 0))
    bars: dict[str, int] = field(default_factory=dict)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    _session: aiohttp.ClientSession | None = None
    _root: str = ""

    async def health(self, request: web.Request) -> web.Response:
        """Answer the venue's question, waiting a little for what it asks for."""
        self.asked += 1
        wanted = {route: int(request.query[route]) for route in self.newest}
        is_settled = True
        try:
            async with asyncio.timeout(int(request.query["wait_ms"]) / 1000), self._changed:
                await self._changed.wait_for(lambda: all(self.newest[route] >= wanted[route] for route in wanted))
        except TimeoutError:
            is_settled = False
        answer = {"ready": self.is_ready, "settled": is_settled, "cards_open": self.cards_open, "phase": "running"}
        return web.json_response(answer)

    async def ask(self, method: str, path: str, **params: Any) -> Any:
        """Send a signed request."""
        if self.latency is not None:
            await asyncio.sleep(self.latency.uniform(0, 0.004))
        assert self._session is not None
        text = urlencode(params | {"timestamp": int(time.time() * 1000)})
        signature = hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()
        url = f"{self._root}{path}?{text}&signature={signature}"
        async with self._session.request(method, url, headers={"X-MBX-APIKEY": KEY}) as answer:
            return await answer.json()

    async def market(self, side: str, quantity: str, symbol: str = "ETHUSDT", **more: Any) -> Any:
        """Send a market order."""
        order = {"symbol": symbol, "side": side, "type": "MARKET", "quantity": quantity, "newOrderRespType": "RESULT"}
        return await self.ask("POST", "/fapi/v1/order", **(order | more))

    async def algo(self, side: str, kind: str, trigger: str, symbol: str = "ETHUSDT", **more: Any) -> Any:
        """Place a conditional order."""
        order = {"symbol": symbol, "side": side, "type": kind, "triggerPrice": trigger, "algoType": "CONDITIONAL"}
        return await self.ask("POST", "/fapi/v1/algoOrder", **(order | more))

    async def connect(self, roots: Roots, symbols: tuple[str, ...], stack: AsyncExitStack) -> list[asyncio.Task[None]]:
        """Open the three sockets and begin to read them."""
        self._root = roots.rest
        self._session = await stack.enter_async_context(aiohttp.ClientSession())
        key = (await self.ask("POST", "/fapi/v1/listenKey"))["listenKey"]
        kinds = ("kline_1m", "aggTrade", "markPrice@1s")
        streams = "/".join(f"{symbol.lower()}@{kind}" for symbol in symbols for kind in kinds)
        quotes = "/".join(f"{symbol.lower()}@bookTicker" for symbol in symbols)
        paths = {
            "public": f"{roots.ws_public}/public/stream?streams={quotes}",
            "market": f"{roots.ws_market}/market/stream?streams={streams}",
            "private": f"{roots.ws_private}/private/ws?listenKey={key}&events={EVENTS}",
        }
        sockets = {route: await stack.enter_async_context(self._session.ws_connect(url)) for route, url in paths.items()}
        return [asyncio.create_task(self._read(route, socket)) for route, socket in sockets.items()]

    async def _read(self, route: str, socket: aiohttp.ClientWebSocketResponse) -> None:
        async for message in socket:
            frame = json.loads(message.data)
            data = frame.get("data", frame)
            (self.news if route == "private" else self.frames).append(data)
            if data["e"] == "kline" and data["k"]["x"]:
                self.bars[data["s"]] = self.bars.get(data["s"], 0) + 1
                await self.on_bar(self, self.bars[data["s"]], data["k"])
            async with self._changed:
                self.newest[route] = max(self.newest[route], data["E"])
                self._changed.notify_all()


async def do_nothing(bot: FakeBot, number: int, bar: dict[str, Any]) -> None:
    """Look on."""
    del bot, number, bar


@dataclass(frozen=True, slots=True)
class Ended:
    """What is left of a run."""

    bot: FakeBot
    venue: Venue
    report: dict[str, Any]


async def run_market(market: Market, on_bar: OnBar = do_nothing, *, latency_seed: int | None = None, **changes: Any) -> Ended:
    """Run a market to its end with a bot that the venue waits for."""
    bot = FakeBot(on_bar, None if latency_seed is None else random.Random(latency_seed))
    async with AsyncExitStack() as stack:
        url = await serve_health(bot.health, stack)
        venue = Venue(a_config(**({"speed": None, "follow_url": url} | changes)), market)
        stack.push_async_callback(venue.close)
        readers = await bot.connect(await venue.start(), market.symbols, stack)
        for reader in readers:
            stack.callback(reader.cancel)
        async with asyncio.timeout(20):
            await asyncio.wait([asyncio.ensure_future(venue.run()), *readers], return_when=asyncio.FIRST_COMPLETED)
        for reader in readers:
            if reader.done():
                reader.result()
        assert venue.is_over
        return Ended(bot, venue, venue.report())


async def serve_health(page: Page, stack: AsyncExitStack) -> str:
    """Open a bot's health page and give its address."""
    app = web.Application()
    app.router.add_get("/healthz", page)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    return f"http://{host}:{port}/healthz"
