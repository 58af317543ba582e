"""A server with memory that answers requests as it is told: what arrived is counted, what goes out is scripted."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

API_KEY = "k" * 64
API_SECRET = "secretExample"
PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Request:
    """What arrived. `text` is the query or the body, as it was sent."""

    method: str
    path: str
    text: str

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(self.text, keep_blank_values=True))


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back, after `delay_s` and `held`. `body` a str is sent as it is; None in `status` cuts the connection."""

    body: Any = None
    status: int | None = 200
    headers: dict[str, str] = field(default_factory=dict)
    delay_s: float = 0.0
    cut_in_body: bool = False
    held: asyncio.Event | None = None  # nothing goes back before it is set


class ManualClock:
    """Wire time by hand: moves only when told, or by `step_ms` with every look."""

    def __init__(self, now_ms: int = 1_795_399_718_679, step_ms: int = 0) -> None:
        self.time_ms = now_ms
        self.step_ms = step_ms

    def now_ms(self) -> int:
        self.time_ms += self.step_ms
        return self.time_ms


class FakeExchange:
    """Answers each (method, path) from its script, again and again with the last one; `-5000` where there is none."""

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Request] = []
        self.arrived = asyncio.Event()  # set with every request
        self._scripts: dict[tuple[str, str], list[Answer | Callable[[Request], Answer]]] = {}

    def on(self, method: str, path: str, *answers: Answer | Callable[[Request], Answer]) -> None:
        self._scripts[method, path] = list(answers)

    def seen(self, method: str, path: str) -> list[Request]:
        return [one for one in self.requests if (one.method, one.path) == (method, path)]

    async def asked(self, method: str, path: str) -> None:
        """Wait until such a request arrived."""
        async with asyncio.timeout(PATIENCE_S):
            while not self.seen(method, path):
                self.arrived.clear()
                await self.arrived.wait()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        text = request.raw_path.partition("?")[2] if request.method == "GET" else (await request.read()).decode()
        arrived = Request(request.method, request.path, text)
        self.requests.append(arrived)
        self.arrived.set()
        script = self._scripts.get((request.method, request.path))
        if not script:
            return web.json_response({"code": -5000, "msg": f"Path {request.path} is invalid"}, status=404)
        scripted = script.pop(0) if len(script) > 1 else script[0]
        answer = scripted(arrived) if callable(scripted) else scripted
        await asyncio.sleep(answer.delay_s)
        if answer.held is not None:
            await answer.held.wait()
        return await _sent(request, answer)


async def _sent(request: web.Request, answer: Answer) -> web.StreamResponse:
    if answer.status is None or answer.cut_in_body:
        assert request.transport is not None
        if answer.cut_in_body:
            response = web.StreamResponse(headers={"Content-Length": "1000"})
            await response.prepare(request)
            await response.write(b'{"orderId":')
        request.transport.close()
        return web.Response()
    if isinstance(answer.body, str):
        return web.Response(text=answer.body, status=answer.status, headers=answer.headers, content_type="text/html")
    return web.json_response(answer.body, status=answer.status, headers=answer.headers)


@asynccontextmanager
async def running_exchange() -> AsyncIterator[FakeExchange]:
    exchange = FakeExchange()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", exchange.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    exchange.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield exchange
    finally:
        await runner.cleanup()
