"""The store's own server: a private child on a unix socket, durable to the last acknowledged write, gone with its parent.

Two servers on one folder would ruin it: the folder is locked, and the child holds the lock as long as it lives.
"""

import asyncio
import logging
import os
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from engine.adapters.file_lock import FileLock
from engine.adapters.redis_process import NoServer, answers, end, last_words, server_binary, spawn

SOCKET_NAME: Final = "server.sock"
SOCKET_PATH_LIMIT: Final = 100  # bytes; systems allow 103 to 107
LOCK_WAIT_S: Final = 3.0  # a server whose parent was killed needs a moment to leave
START_LIMIT_S: Final = 30.0  # reading a large file takes time
POLL_S: Final = 0.02
WATCH_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0  # where it does not start

logger = logging.getLogger(__name__)


class FolderInUse(NoServer):
    """Another process runs a server on this folder."""


@dataclass(frozen=True, slots=True)
class Reached:
    """Where the store is. `server` is None where its life is not ours to end."""

    url: str
    server: "EmbeddedServer | None"

    async def close(self) -> None:
        """Leave the store, and end the server if it is ours."""
        if self.server is not None:
            await self.server.stop()


async def reach(redis_url: str, folder: Path) -> Reached:
    """Use the server that the settings name, else start one of our own on `folder`. Raises `NoServer`."""
    if redis_url:
        return Reached(redis_url, None)
    server = EmbeddedServer(folder)
    await server.start(LOCK_WAIT_S)
    return Reached(server.url, server)


async def connect_or_start(redis_url: str, folder: Path) -> Reached:
    """Like `reach`, but share a server that already runs on `folder`: for a second process that only reads."""
    if redis_url:
        return Reached(redis_url, None)
    server = EmbeddedServer(folder)
    try:
        await server.start(0.0)
    except FolderInUse:
        await server.join()
    return Reached(server.url, server)


class EmbeddedServer:
    """A server on a folder. Start it in the main thread: the kernel ends it together with the thread that made it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._lock = FileLock(self._folder / "server.lock")
        self._alias: Path | None = None
        self._is_up = asyncio.Event()
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for a client, once started or joined."""
        return f"unix://{quote(str(self._socket))}"

    @property
    def pid(self) -> int:
        """The child's process id; 0 while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else 0

    async def start(self, lock_wait_s: float) -> None:
        """Start the server and wait until it answers. Raises `FolderInUse` or `NoServer`."""
        assert threading.current_thread() is threading.main_thread(), "the server would end with this thread"
        binary = server_binary()
        self._make_folder()
        await self._take_lock(lock_wait_s)
        try:
            self._shorten()
            await self._launch(binary)
        except BaseException:
            await self._end()
            raise

    async def join(self) -> None:
        """Wait for the server that another process runs on this folder. Raises `FolderInUse` where none answers."""
        self._shorten()
        give_up = time.monotonic() + LOCK_WAIT_S
        while not await answers(self._socket):
            if time.monotonic() > give_up:
                self._drop_alias()
                raise FolderInUse(f"{self._folder} is in use by {self._lock.holder()}, and no server answers there")
            await asyncio.sleep(POLL_S)

    async def keep_running(self) -> None:
        """Have the server running, also where it does not start at first, and again whenever it died; until cancelled."""
        pause_s = WATCH_S
        while True:
            if not self.pid:
                try:
                    await self._revive()
                    pause_s = WATCH_S
                except NoServer as error:
                    if pause_s == WATCH_S:
                        logger.error("%s", error)
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            await asyncio.sleep(pause_s)

    async def answers_within(self, limit_s: float) -> bool:
        """Wait for the server's first answer, for a while at most."""
        try:
            async with asyncio.timeout(limit_s):
                await self._is_up.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        """End the child cleanly and leave the folder to others. A server that was joined runs on."""
        await self._end()
        self._drop_alias()

    async def _end(self) -> None:
        if self._process is not None:
            await end(self._process)
            self._process = None
        self._lock.release()

    @property
    def _socket(self) -> Path:
        self._shorten()
        return (self._alias or self._folder) / SOCKET_NAME

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._folder.chmod(0o700)
        except OSError as error:
            raise NoServer(f"{self._folder} cannot hold the store: {error.strerror}") from error

    def _shorten(self) -> None:
        """Reach a deep folder through a short private link."""
        if len(os.fsencode(self._folder / SOCKET_NAME)) > SOCKET_PATH_LIMIT and self._alias is None:
            self._alias = Path(tempfile.mkdtemp(prefix="autobot-")) / "s"
            self._alias.symlink_to(self._folder)

    def _drop_alias(self) -> None:
        if self._alias is not None:
            shutil.rmtree(self._alias.parent, ignore_errors=True)
            self._alias = None

    async def _take_lock(self, wait_s: float) -> None:
        give_up = time.monotonic() + wait_s
        while not self._lock.take():
            if time.monotonic() >= give_up:
                raise FolderInUse(f"{self._folder} is in use by {self._lock.holder()}: stop it, or choose another folder")
            await asyncio.sleep(POLL_S)

    async def _launch(self, binary: Path) -> None:
        process = self._process = spawn(binary, self._folder, self._socket, self._lock.fileno())
        give_up = time.monotonic() + START_LIMIT_S
        while not await answers(self._socket):
            if process.poll() is not None or time.monotonic() > give_up:
                await end(process)
                raise NoServer(f"the store's server does not start on {self._folder}: {last_words(self._folder)}")
            await asyncio.sleep(POLL_S)
        self._is_up.set()

    async def _revive(self) -> None:
        if not self._lock.is_held:
            await self.start(LOCK_WAIT_S)
            return
        logger.warning("the store's server died and is started again")
        await self._launch(server_binary())
