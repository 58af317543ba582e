"""How the process ends, and how it begins after it failed too often; each as its supervisor sees it."""

import asyncio
import os
import signal
import sys
import time
from pathlib import Path

from bot.process import STOPPED_WITHIN_S
from bot.starts import Starts
from engine.adapters.redis_server import EmbeddedServer
from tests.bot.test_app import READY_WITHIN_S, ROOT, a_moving, a_process
from tests.bot.world import a_world

AT_ONCE_S = 4.0  # sooner than the end that comes by itself
GUARDED = "recovered: "
NEVER_ENDS = """
import asyncio, pathlib, sys
from bot.process import stop_signal
from bot.starts import Starts

async def main():
    starts = Starts(pathlib.Path(sys.argv[1]), 5)
    stop = stop_signal(starts.ran_well)
    starts.begin(1)
    print("begun", flush=True)
    await stop.wait()
    print("asked", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_it_ends_in_time_although_the_store_hangs(tmp_path: Path, server: EmbeddedServer) -> None:
    async with (
        a_world(tmp_path) as (venue, variables),
        a_moving(venue),
        a_process(variables, REDIS_URL=server.url) as running,
    ):
        await running.ready()
        os.kill(server.pid, signal.SIGSTOP)
        try:
            running.process.terminate()
            code = await asyncio.wait_for(running.code(), READY_WITHIN_S)
        finally:
            os.kill(server.pid, signal.SIGCONT)

    assert code == 0
    assert STOPPED_WITHIN_S <= 5  # a thread of its own sees to that


async def test_who_asks_twice_is_not_kept_waiting_and_it_is_no_failed_start(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", NEVER_ENDS, str(tmp_path), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    for said in (b"begun", b"asked"):
        assert (await asyncio.wait_for(process.stdout.readline(), READY_WITHIN_S)).strip() == said
        process.terminate()
    code = await asyncio.wait_for(process.wait(), AT_ONCE_S)

    assert code == 0
    starts = Starts(tmp_path, 5)
    starts.begin(2)
    assert starts.failed == 0


async def test_it_ends_at_once_while_the_chat_is_still_being_imported(tmp_path: Path) -> None:
    async with a_world(tmp_path) as (venue, variables), a_moving(venue), a_process(variables) as running:
        await running.says(GUARDED)
        running.process.terminate()
        code = await asyncio.wait_for(running.code(), AT_ONCE_S)
        said = running.said()

    assert code == 0
    assert "the chat is open" not in said


async def test_after_five_failed_starts_it_guards_and_an_end_that_was_asked_for_is_no_failure(tmp_path: Path) -> None:
    async with a_world(tmp_path) as (venue, variables), a_moving(venue):
        folder = Path(variables["DATA_FOLDER"])
        folder.mkdir()  # noqa: ASYNC240  # a test has time
        starts = Starts(folder, 5)
        now_ms = round(time.time() * 1_000)
        for number in range(5):
            starts.begin(now_ms - 5 + number)
        async with a_process(variables) as running:
            first = await running.ready()
            running.process.terminate()
            assert await asyncio.wait_for(running.code(), READY_WITHIN_S) == 0
        async with a_process(variables) as running:
            second = await running.ready()

    assert (first["guarded"], second["guarded"]) == (True, False)
    assert first["lag_ms"] >= 0
