"""A real process without its store: away at the start, killed later, and joined again without a restart."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from sandbox.exchange.venue import Venue
from tests.bot.test_app import Running, a_moving, a_process
from tests.bot.world import a_world
from tests.engine.adapters.redis_servers import told

WITHIN_S = 40.0


class Scene:
    """An exchange with a position opened by hand, and a store that comes and goes."""

    def __init__(self, venue: Venue, variables: dict[str, str], server: EmbeddedServer) -> None:
        self.venue = venue
        self.variables = variables
        self.server = server

    async def buy(self) -> None:
        order = {"symbol": "ETHUSDT", "side": "BUY", "quantity": "0.1"}
        async with aiohttp.ClientSession() as session:
            page = self.variables["BINANCE_REST_ROOT"] + "/sandbox/trade"
            assert (await session.post(page, json=order)).status == 200

    def stops(self) -> set[str]:
        """The stops of ours that rest at the exchange."""
        names = (row["client_id"] for row in self.venue.report()["algo_orders"] if row["is_open"])
        return {name for name in names if name.startswith("ab")}

    async def covered(self) -> set[str]:
        await until(lambda: len(self.stops()) == 3)
        return self.stops()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_so():  # noqa: ASYNC110  # another process knows no events of this loop
            await asyncio.sleep(0.02)


async def says(running: Running, **wanted: Any) -> float:
    """Wait until the page says so; give how long that took."""
    began = time.monotonic()
    async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(running.url.split("?")[0]) as answer:
                    body = await answer.json()
                    if all(body.get(name) == value for name, value in wanted.items()):
                        return time.monotonic() - began
            except aiohttp.ClientError:
                assert running.process.returncode is None, "it ended by itself"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def a_guard(scene: Scene) -> AsyncIterator[list[float]]:
    """The moments at which no stop of ours rested; a target is none."""
    bare: list[float] = []

    async def watch() -> None:
        while True:
            if not any(name[2] in "CT" for name in scene.stops()):
                bare.append(time.monotonic())
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    yield bare
    watching.cancel()
    await asyncio.wait({watching})


@asynccontextmanager
async def a_scene(tmp_path: Path) -> AsyncIterator[Scene]:
    server = EmbeddedServer(tmp_path / "store")
    async with a_world(tmp_path) as (venue, variables):
        yield Scene(venue, variables | {"REDIS_URL": server.url}, server)
    await server.stop()


async def test_without_a_store_a_position_is_covered_and_the_store_is_joined_when_it_comes(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.buy()
        async with a_moving(scene.venue), a_process(scene.variables) as running:
            await scene.covered()
            await says(running, memory="apart", store_up=False, ready=False)

            await scene.server.start(0.0)
            await says(running, memory="joined", store_up=True, ready=True)

            assert running.process.returncode is None
            assert len(await scene.covered()) == 3


async def test_a_memory_that_was_away_at_the_start_is_taken_over_and_nothing_stood_bare_meanwhile(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:  # the market stands: nothing shall end the position
        await scene.server.start(0.0)
        await scene.buy()
        async with a_process(scene.variables) as first:
            await says(first, memory="joined", phase="running")
            await scene.covered()
            await asyncio.sleep(0.5)  # its newest save
        intent = {name[3:19] for name in scene.stops()}
        await scene.server.stop()

        async with a_process(scene.variables) as second, a_guard(scene) as bare:
            await says(second, memory="apart", phase="running")
            await scene.covered()
            await scene.server.start(0.0)
            await says(second, memory="joined")
            await until(lambda: {name[3:19] for name in scene.stops()} == intent and len(scene.stops()) == 3)

    assert not bare


async def test_a_store_that_dies_is_noticed_within_a_second_though_nothing_happens(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.server.start(0.0)
        async with a_process(scene.variables) as running:
            await says(running, memory="joined", store_up=True, phase="running")
            os.kill(scene.server.pid, signal.SIGKILL)
            took_s = await says(running, store_up=False)
            await scene.server.stop()
            await scene.server.start(1.0)
            await says(running, store_up=True)

    assert took_s < 3  # one second, and what the chat's import takes from a machine that is busy with other tests


async def test_a_store_that_hangs_keeps_no_exit_waiting(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_moving(scene.venue):
        await scene.server.start(0.0)
        await scene.buy()
        async with a_process(scene.variables) as running:
            await running.ready()
            await scene.covered()
            link = RedisLink(scene.server.url)
            await told(link.client, "CLIENT PAUSE 6000 ALL")
            await says(running, store_up=False)

            gone = next(iter(scene.stops()))
            async with aiohttp.ClientSession() as session:
                page = scene.variables["BINANCE_REST_ROOT"] + "/sandbox/cancel"
                assert (await session.post(page, json={"client_id": gone})).status == 200
            began = time.monotonic()
            await scene.covered()

            assert time.monotonic() - began < 3
            await link.close()


async def test_paper_waits_for_the_store_that_holds_its_money(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_process(scene.variables, MODE="paper") as running:
        await says(running, store_up=False, phase="recovering")
        await scene.server.start(0.0)
        await says(running, memory="joined", phase="running")
