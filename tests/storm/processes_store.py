"""The storm's own Redis: a real server on a port, with the product's durability, that can be killed and lose its tail."""

import asyncio
import os
import random
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from engine.adapters.redis_process import server_binary
from sandbox.world import HOST, free_port
from tests.storm.processes_life import end_with_parent

POLL_S: Final = 0.01
START_LIMIT_S: Final = 10.0
LONGEST_TAIL_BYTES: Final = 2_000


class StoreServer:
    """One server on one folder. Its port stays the same over all its lives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        """Start it and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "server.log").open("ab") as log:
            words = [str(server_binary()), *self._flags()]
            self._process = subprocess.Popen(words, stdout=log, stderr=log, preexec_fn=end_with_parent)  # noqa: ASYNC220, PLW1509
        async with asyncio.timeout(START_LIMIT_S):
            while not await self._answers():  # noqa: ASYNC110  # another process starts
                await asyncio.sleep(POLL_S)

    async def die(self, away_s: float, tail: random.Random | None) -> None:
        """Die, stay away for a while, come back; with a tail that is torn off where there is a chance for it."""
        await self.kill()
        if tail is not None:
            self.cut_tail(tail)
        await asyncio.sleep(away_s)
        await self.start()

    async def stop(self) -> None:
        """End it politely."""
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """End it as the kernel would."""
        await self._end(signal.SIGKILL)

    def cut_tail(self, chance: random.Random) -> int:
        """Tear the end off its journal, as a power cut does; say how many bytes."""
        journal = max(self.folder.glob("appendonlydir/*.incr.aof"), key=lambda path: path.stat().st_mtime)
        size = journal.stat().st_size
        lost = min(size, chance.randint(1, LONGEST_TAIL_BYTES))
        os.truncate(journal, size - lost)
        return lost

    async def asked(self, command: bytes) -> bytes:
        """Ask one thing over a connection of its own; give the last line of the answer."""
        reader, writer = await asyncio.open_connection(HOST, self.port)
        try:
            writer.write(command + b"\r\n")
            line = await reader.readline()
            if line.startswith(b"$") and not line.startswith(b"$-1"):
                line = await reader.readline()
            return line.strip()
        finally:
            writer.close()

    async def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(number)
        while process.poll() is None:  # noqa: ASYNC110  # another process ends
            await asyncio.sleep(POLL_S)

    async def _answers(self) -> bool:
        try:
            reader, writer = await asyncio.open_connection(HOST, self.port)
        except OSError:
            return False
        try:
            writer.write(b"PING\r\n")
            return await reader.readline() == b"+PONG\r\n"
        except OSError:
            return False
        finally:
            writer.close()

    def _flags(self) -> list[str]:
        settings = {
            "dir": str(self.folder),
            "port": str(self.port),
            "bind": HOST,
            "appendonly": "yes",
            "appendfsync": "always",
            "aof-load-truncated": "yes",
            "save": "",
            "maxmemory-policy": "noeviction",
            "loglevel": "warning",
        }
        return [word for name, value in settings.items() for word in (f"--{name}", value)]


class OwnStore:
    """The product's own Redis on its data folder: a child of the product, which starts it again when it dies."""

    port = 0

    def __init__(self, data: Path) -> None:
        self._words = str(data / "store").encode()

    async def start(self) -> None:
        """The product starts it."""

    async def stop(self) -> None:
        """It ends with the product."""

    async def die(self, away_s: float, tail: random.Random | None) -> None:
        """Kill it; how long it stays away is the product's affair, and its files are left as they are."""
        del away_s, tail
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _pids(self) -> list[int]:
        """Every server that runs on the folder; the product itself does not have it among its words."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                words = (process / "cmdline").read_bytes()
                if self._words in words and b"appendonly" in words:
                    found.append(int(process.name))
        return found
