"""A real process without its store: away at the start, killed later, and joined again without a restart."""

import asyncio
import os
import re
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import aiohttp

from bot.store_watch import BEAT_S
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_reading import read_texts
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import SAVE_BUDGET_MS
from sandbox.exchange.venue import Venue
from tests.bot.test_app import Running, a_moving, a_process
from tests.bot.world import a_world

WITHIN_S = 90.0  # no promise: only so that what never happens fails the test, on a busy machine too
INTENT = "[0-9a-z]{16}"


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

    async def cancel(self, client_id: str) -> None:
        async with aiohttp.ClientSession() as session:
            page = self.variables["BINANCE_REST_ROOT"] + "/sandbox/cancel"
            assert (await session.post(page, json={"client_id": client_id})).status == 200

    def stops(self) -> set[str]:
        """The stops of ours that rest at the exchange."""
        names = (row["client_id"] for row in self.venue.report()["algo_orders"] if row["is_open"])
        return {name for name in names if name.startswith("ab")}

    def intents(self) -> set[str]:
        """What the stops belong to, as their names say."""
        return {name[3:19] for name in self.stops()}

    async def has_saved(self) -> None:
        """Wait until the store knows whose stops rest."""
        link = RedisLink(self.server.url)
        try:
            async with asyncio.timeout(WITHIN_S):
                while not self.intents() <= set(re.findall(INTENT, str(await read_texts(link)))):  # noqa: ASYNC110  # as `until`
                    await asyncio.sleep(0.02)
        finally:
            await link.close()

    async def covered(self) -> set[str]:
        await until(lambda: len(self.stops()) == 2)
        return self.stops()


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not is_so():  # noqa: ASYNC110  # another process knows no events of this loop
            await asyncio.sleep(0.02)


async def says(running: Running, **wanted: Any) -> None:
    """Wait until the page says so."""
    async with asyncio.timeout(WITHIN_S), aiohttp.ClientSession() as session:
        while True:
            try:
                async with session.get(running.url.split("?")[0]) as answer:
                    body = await answer.json()
                    if all(body.get(name) == value for name, value in wanted.items()):
                        return
            except aiohttp.ClientError:
                assert running.process.returncode is None, "it ended by itself"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def a_guard(scene: Scene) -> AsyncIterator[list[int]]:
    """The moments of the market at which no stop of ours rested; a target is none."""
    bare: list[int] = []

    async def watch() -> None:
        while True:
            if not any(name[2] in "CT" for name in scene.stops()):
                bare.append(scene.venue.exchange.clock.now_ms)
            await asyncio.sleep(0.005)

    watching = asyncio.create_task(watch())
    try:
        yield bare
    finally:
        watching.cancel()
        await asyncio.wait({watching})


@asynccontextmanager
async def a_scene(tmp_path: Path) -> AsyncIterator[Scene]:
    server = EmbeddedServer(tmp_path / "store")
    try:
        async with a_world(tmp_path) as (venue, variables):
            yield Scene(venue, variables | {"REDIS_URL": server.url}, server)
    finally:
        await server.stop()


@contextmanager
def hanging(server: EmbeddedServer) -> Iterator[None]:
    """Meanwhile it takes connections and words, and answers none."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


async def test_without_a_store_a_position_is_covered_and_the_store_is_joined_when_it_comes(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.buy()
        async with a_moving(scene.venue), a_process(scene.variables) as running:
            await scene.covered()
            await says(running, memory="apart", store_up=False, ready=False)

            await scene.server.start(0.0)
            await says(running, memory="joined", store_up=True, ready=True)

            assert running.process.returncode is None
            assert len(await scene.covered()) == 2


async def test_a_memory_that_was_away_at_the_start_is_taken_over_and_nothing_stood_bare_meanwhile(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:  # the market stands: nothing shall end the position
        await scene.server.start(0.0)
        await scene.buy()
        async with a_process(scene.variables) as first:
            await says(first, memory="joined", phase="running")
            await scene.covered()
            await scene.has_saved()
        intents = scene.intents()
        await scene.server.stop()

        async with a_process(scene.variables) as second, a_guard(scene) as bare:
            await says(second, memory="apart", phase="running")
            await scene.covered()
            await scene.server.start(0.0)
            await says(second, memory="joined")
            await until(lambda: scene.intents() == intents and len(scene.stops()) == 2)

    assert not bare


def test_the_pulse_of_the_store_is_felt_often_enough_to_miss_it_within_a_second() -> None:
    assert BEAT_S + SAVE_BUDGET_MS / 1_000 < 1


async def test_a_store_that_dies_is_noticed_though_nothing_happens(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene:
        await scene.server.start(0.0)
        async with a_process(scene.variables) as running:
            await says(running, memory="joined", store_up=True, phase="running")
            os.kill(scene.server.pid, signal.SIGKILL)
            await says(running, store_up=False)
            await scene.server.stop()
            await scene.server.start(1.0)
            await says(running, store_up=True)


async def test_a_store_that_hangs_keeps_no_exit_waiting(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_moving(scene.venue):
        await scene.server.start(0.0)
        await scene.buy()
        async with a_process(scene.variables) as running:
            await running.ready()
            await scene.covered()
            with hanging(scene.server):
                await says(running, store_up=False)
                await scene.cancel(next(iter(scene.stops())))
                await scene.covered()
                await says(running, store_up=False)


async def test_paper_waits_for_the_store_that_holds_its_money(tmp_path: Path) -> None:
    async with a_scene(tmp_path) as scene, a_process(scene.variables, MODE="paper") as running:
        await says(running, store_up=False, phase="recovering")
        await scene.server.start(0.0)
        await says(running, memory="joined", phase="running")
