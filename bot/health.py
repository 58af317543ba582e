"""The health page on loopback: /healthz for whoever watches or waits for this process, /metrics for Prometheus.

`/healthz` may be asked to wait until everything up to given event times has been worked through.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from engine.model.events import Route

if TYPE_CHECKING:
    from aiohttp import web  # imported when the page opens: positions are guarded first

HOST: Final = "127.0.0.1"
LONGEST_WAIT_MS: Final = 10_000
FIRST_LOOKS: Final = 20  # only let the others run; then look again after a short rest
LOOK_AGAIN_S: Final = 0.0005
UNAVAILABLE: Final = 503

type Marks = dict[Route, int]


class Health:
    """What the page shows. The three questions are asked anew at every look."""

    def __init__(
        self,
        *,
        facts: Callable[[], dict[str, Any]],
        is_ready: Callable[[], bool],
        is_settled: Callable[[], bool],
        newest: Callable[[Route], int],
        metrics: Callable[[], bytes],
    ) -> None:
        self._facts = facts
        self._is_ready = is_ready
        self._is_settled = is_settled
        self._newest = newest
        self._metrics = metrics

    async def healthz(self, request: web.Request) -> web.Response:
        """Tell how things stand, after waiting for the marks that were asked for."""
        from aiohttp import web

        try:
            wait_ms = min(_number(request, "wait_ms"), LONGEST_WAIT_MS)
            marks = {route: _number(request, route.value) for route in Route}
        except ValueError:
            return web.json_response({"error": "wait_ms, public, market and private are whole numbers"}, status=400)
        settled = await self.settled(marks, wait_ms)
        ready = self._is_ready()
        body = {"ready": ready, "settled": settled, **self._facts()}
        return web.json_response(body, status=200 if ready else UNAVAILABLE)

    async def settled(self, marks: Marks, wait_ms: int) -> bool:
        """Wait until everything up to the marks was delivered and worked through; tell whether it was."""
        give_up = time.monotonic() + wait_ms / 1_000
        looks = 0
        while not self._has_settled(marks):
            if time.monotonic() >= give_up:
                return False
            looks += 1
            await asyncio.sleep(0 if looks < FIRST_LOOKS else LOOK_AGAIN_S)
        return True

    async def metrics(self, request: web.Request) -> web.Response:
        """Everything that is counted, in Prometheus' words."""
        from aiohttp import web

        return web.Response(body=self._metrics(), content_type="text/plain", charset="utf-8")

    def _has_settled(self, marks: Marks) -> bool:
        reached = all(mark <= 0 or self._newest(route) >= mark for route, mark in marks.items())
        return reached and self._is_settled()


async def serve(health: Health, port: int) -> web.AppRunner:
    """Open the page; `cleanup` closes it. Raises `OSError` where the port is taken."""
    from aiohttp import web

    app = web.Application()
    app.add_routes([web.get("/healthz", health.healthz), web.get("/metrics", health.metrics)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner


def _number(request: web.Request, name: str) -> int:
    return int(request.query.get(name, "0"))
