"""The embedded server: private, durable, alone on its folder, gone with its parent."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from redis.asyncio import Redis

from engine.adapters import redis_process
from engine.adapters.redis_process import NoServer, server_binary
from engine.adapters.redis_server import EmbeddedServer, FolderInUse, connect_or_start, reach


async def eventually(condition: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a condition, and fail where it does not come true."""
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "it did not come true in time"
        await asyncio.sleep(0.01)


async def test_it_is_private_and_durable(tmp_path: Path) -> None:
    reached = await reach("", tmp_path / "store")
    try:
        async with Redis.from_url(reached.url, protocol=2) as client:
            config = await client.config_get("*")
        folder = stat.S_IMODE((tmp_path / "store").stat().st_mode)
        socket = stat.S_IMODE((tmp_path / "store" / "server.sock").stat().st_mode)
    finally:
        await reached.close()

    assert (config["port"], config["appendonly"], config["appendfsync"]) == ("0", "yes", "always")
    assert (config["save"], config["maxmemory-policy"], config["aof-use-rdb-preamble"]) == ("", "noeviction", "no")
    assert (folder, socket) == (0o700, 0o700)


async def test_a_named_server_is_used_and_nothing_is_started(tmp_path: Path) -> None:
    reached = await reach("redis://store:6379/0", tmp_path / "store")

    assert reached.url == "redis://store:6379/0"
    assert not (tmp_path / "store").exists()
    await reached.close()


async def test_a_second_server_on_the_folder_is_refused_by_name(tmp_path: Path) -> None:
    first = EmbeddedServer(tmp_path)
    await first.start(0.0)
    try:
        with pytest.raises(FolderInUse, match=f"is in use by process {os.getpid()}"):
            await EmbeddedServer(tmp_path).start(0.1)
    finally:
        await first.stop()


async def test_a_reader_shares_the_running_server_and_leaves_it_running(tmp_path: Path) -> None:
    first = EmbeddedServer(tmp_path)
    await first.start(0.0)
    try:
        reader = await connect_or_start("", tmp_path)
        async with Redis.from_url(reader.url) as client:
            await client.set("seen", "1")
        await reader.close()

        assert first.pid
    finally:
        await first.stop()


async def test_a_reader_starts_the_server_where_none_runs_and_takes_it_along(tmp_path: Path) -> None:
    reader = await connect_or_start("", tmp_path)
    assert reader.server is not None
    pid = reader.server.pid
    await reader.close()

    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_acknowledged_writes_survive_a_kill_and_a_torn_tail(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    await server.start(0.0)
    async with Redis.from_url(server.url) as client:
        for number in range(200):
            await client.rpush("list", number)
    os.kill(server.pid, signal.SIGKILL)
    await eventually(lambda: server.pid == 0)
    await server.stop()
    journal = next((tmp_path / "appendonlydir").glob("*.incr.aof"))
    with journal.open("ab") as file:
        file.write(b"*3\r\n$5\r\nRPUSH\r\n$4\r\nli")

    await server.start(1.0)
    async with Redis.from_url(server.url) as client:
        numbers = await client.lrange("list", 0, -1)
    await server.stop()

    assert [int(number) for number in numbers] == list(range(200))


async def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    await server.start(0.0)
    keeper = asyncio.create_task(server.keep_running())
    try:
        before = server.pid
        os.kill(before, signal.SIGKILL)
        await eventually(lambda: server.pid not in (0, before))
        await EmbeddedServer(tmp_path).join()
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await server.stop()


PARENT = """
import asyncio, sys
from pathlib import Path
from engine.adapters.redis_server import EmbeddedServer

async def main():
    server = EmbeddedServer(Path(sys.argv[1]))
    await server.start(0.0)
    print(server.pid, flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""


def child_of_a_killed_parent(folder: Path) -> int:
    """Start a process with a server on the folder, kill the process, and return its server's pid."""
    with subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
        return child


async def test_it_dies_with_a_parent_that_was_killed_and_frees_the_folder(tmp_path: Path) -> None:
    child = child_of_a_killed_parent(tmp_path)

    server = EmbeddedServer(tmp_path)
    await server.start(3.0)
    try:
        assert server.pid not in (0, child)
    finally:
        await server.stop()


async def test_a_deep_folder_is_reached_through_a_short_link(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 60) / ("b" * 60)
    server = EmbeddedServer(deep)
    await server.start(0.0)
    reader = await connect_or_start("", deep)
    try:
        async with Redis.from_url(reader.url) as client:
            assert await client.ping()
        assert len(server.url) < 107
    finally:
        await reader.close()
        await server.stop()


async def test_a_broken_journal_is_told_in_one_line(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    await server.start(0.0)
    await server.stop()
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(NoServer, match=r"does not start on .*: .+") as failure:
        await server.start(0.0)

    assert "\n" not in str(failure.value)
    await server.stop()


async def test_a_folder_that_cannot_be_made_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(NoServer, match="cannot hold the store"):
        await EmbeddedServer(tmp_path / "file" / "store").start(0.0)


def test_without_any_server_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_process, "_in_wheel", lambda: None)
    monkeypatch.setenv("PATH", "")

    with pytest.raises(NoServer, match=r"set REDIS_URL, or install"):
        server_binary()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
async def test_the_child_does_not_inherit_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOT_TOKEN", "canary")
    server = EmbeddedServer(tmp_path)
    await server.start(0.0)
    try:
        assert b"canary" not in environment_of(server.pid)
    finally:
        await server.stop()


def environment_of(pid: int) -> bytes:
    return Path(f"/proc/{pid}/environ").read_bytes()
