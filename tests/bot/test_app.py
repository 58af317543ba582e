"""The process as its supervisor sees it: ready, ending on a signal, giving way to a newer one, deaf to Telegram's absence."""

import asyncio
import os
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from engine.adapters.redis_server import EmbeddedServer
from sandbox.exchange.venue import Venue
from sandbox.world import free_port
from tests.bot.world import a_world

ROOT = Path(__file__).resolve().parents[2]
READY_WITHIN_S = 90.0  # no promise: only so that what never happens fails the test, on a busy machine too
MUCH = 1 << 24


class Running:
    """A product's process, its page, and what it said so far: in a file, for a pipe that nobody empties would stop it."""

    def __init__(self, process: Process, port: int, log: int) -> None:
        self.process = process
        self._log = log
        self.url = f"http://127.0.0.1:{port}/healthz?wait_ms=500"

    async def ready(self) -> dict[str, Any]:
        """Wait until it is ready; give what its page says."""
        async with asyncio.timeout(READY_WITHIN_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(self.url) as answer:
                        body: dict[str, Any] = await answer.json()
                        if body["ready"]:
                            return body
                except aiohttp.ClientError:
                    assert self.process.returncode is None, "it ended by itself"
                await asyncio.sleep(0.05)

    async def code(self) -> int:
        return await self.process.wait()

    def said(self) -> str:
        return os.pread(self._log, MUCH, 0).decode()

    async def says(self, words: str) -> None:
        """Wait until it said these words."""
        async with asyncio.timeout(READY_WITHIN_S):
            while words not in self.said():
                assert self.process.returncode is None, "it ended by itself"
                await asyncio.sleep(0.02)


@asynccontextmanager
async def a_process(variables: dict[str, str], **more: str) -> AsyncIterator[Running]:
    port = free_port()
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HEALTH_PORT": str(port)} | variables | more
    with tempfile.TemporaryFile() as log:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "run", env=environment, cwd="/", stderr=log)
        try:
            yield Running(process, port, log.fileno())
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()


@asynccontextmanager
async def a_moving(venue: Venue) -> AsyncIterator[None]:
    moving = asyncio.create_task(venue.run())
    try:
        yield
    finally:
        moving.cancel()
        await asyncio.wait([moving])


async def test_it_gets_ready_though_telegram_is_away_and_ends_soon_after_a_signal(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as (venue, variables),
        a_moving(venue),
        a_process(variables, TELEGRAM_API_ROOT="http://127.0.0.1:9") as running,
    ):
        body = await running.ready()
        running.process.terminate()
        code = await asyncio.wait_for(running.code(), READY_WITHIN_S)
        said = running.said()

    assert (body["phase"], body["label"], body["cards_open"]) == ("running", "DEMO", 0)
    assert code == 0
    assert "Traceback" not in said
    assert variables["TELEGRAM_BOT_TOKEN"] not in said


async def test_a_newer_process_on_the_same_store_takes_over_and_the_older_one_stops(
    tmp_path: Path, server: EmbeddedServer
) -> None:
    async with a_world(tmp_path) as (venue, variables), a_moving(venue):
        variables["REDIS_URL"] = server.url
        async with (
            a_process(variables, DATA_FOLDER=str(tmp_path / "older")) as older,
            a_process(variables, DATA_FOLDER=str(tmp_path / "newer")) as newer,
        ):
            first = await asyncio.wait_for(either_ends(older, newer), READY_WITHIN_S)
            other = newer if first is older else older
            assert "took over" in first.said()
            assert await first.code() == 75
            await other.ready()


async def test_real_money_is_not_traded_with_a_key_that_may_move_it_out(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path, withdrawals_enabled=True) as (_, variables),
        a_process(variables, MODE="live", I_UNDERSTAND="live-money") as running,
    ):
        code = await asyncio.wait_for(running.code(), READY_WITHIN_S)
        said = running.said()

    assert code == 1
    assert said.splitlines()[-1].startswith("Error: BINANCE_API_KEY may move money out")


WRONG_TOKEN = "7000000009:" + "a" * 35


async def test_a_token_that_telegram_refuses_ends_the_start_in_one_line(tmp_path: Path) -> None:
    async with (
        a_world(tmp_path) as (_, variables),
        a_process(variables, TELEGRAM_BOT_TOKEN=WRONG_TOKEN) as running,
    ):
        code = await asyncio.wait_for(running.code(), READY_WITHIN_S)
        said = running.said()

    assert code == 1
    assert said.splitlines()[-1].startswith("Error: TELEGRAM_BOT_TOKEN: Telegram refuses it")
    assert WRONG_TOKEN not in said
    assert "Traceback" not in said


async def test_a_refused_token_does_not_leave_an_open_position_alone(tmp_path: Path) -> None:
    async with a_world(tmp_path) as (venue, variables):
        order = {"symbol": "ETHUSDT", "side": "BUY", "quantity": "0.1"}
        async with aiohttp.ClientSession() as session:
            page = variables["BINANCE_REST_ROOT"] + "/sandbox/trade"
            assert (await session.post(page, json=order)).status == 200
        async with a_process(variables, TELEGRAM_BOT_TOKEN=WRONG_TOKEN) as running, a_moving(venue):
            body = await running.ready()

            assert body["phase"] == "running"
            assert running.process.returncode is None


async def either_ends(*running: Running) -> Running:
    """The process that ends first."""
    waits = {asyncio.create_task(one.code()): one for one in running}
    done, rest = await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for task in rest:
        task.cancel()
    return waits[done.pop()]
