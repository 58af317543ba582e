"""The product as a process that is killed, paused and always started again, as a supervisor would, without back-off."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.product import clean_environment

COMMAND: Final = (sys.executable, "-m", "bot", "run")
PR_SET_PDEATHSIG: Final = 1
EXPORT: Final = (sys.executable, "-m", "bot", "export", "--json")
EXPORT_LIMIT_S: Final = 60.0
RESTART_S: Final = 0.2
STOP_LIMIT_S: Final = 20.0


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def end_with_parent() -> None:
    """Runs in a child before its program: it does not outlive the storm, however that ends."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


@dataclass(slots=True)
class Born:
    """One life of the process. `code` is its exit code, below 0 a signal's number."""

    number: int
    pid: int
    began_s: float
    ended_s: float | None = None
    code: int | None = None
    log_from: int = 0


class Life:
    """Keeps one product alive. Every life is remembered."""

    def __init__(self, folder: Path, settings: Mapping[str, str], command: Sequence[str] = COMMAND) -> None:
        self.log = folder / "product.log"
        self.lives: list[Born] = []
        self.may_start = asyncio.Event()
        self.may_start.set()
        self._folder = folder
        self._environment = clean_environment(settings)
        self._command = command
        self._process: Process | None = None
        self._is_paused = False
        self._is_stopping = False

    @property
    def now(self) -> Born | None:
        """The life that is lived, None between two of them."""
        return self.lives[-1] if self.lives and self.lives[-1].ended_s is None else None

    def lived_s(self) -> float:
        """How long the present life has lasted; 0 between two."""
        return time.monotonic() - self.now.began_s if self.now else 0.0

    async def keep(self) -> None:
        """Start it again whenever it ended, until it is stopped."""
        while True:
            await self.may_start.wait()
            await self._live()
            if self._is_stopping:
                return
            await asyncio.sleep(RESTART_S)

    def kill(self) -> bool:
        """Kill -9; say whether anything lived."""
        return self._signal(signal.SIGKILL)

    def pause(self) -> bool:
        """SIGSTOP; say whether anything lived."""
        self._is_paused = self._signal(signal.SIGSTOP)
        return self._is_paused

    def resume(self) -> None:
        """SIGCONT."""
        if self._is_paused:
            self._is_paused = False
            self._signal(signal.SIGCONT)

    async def terminated(self) -> tuple[int | None, float]:
        """Ask it to end, once; give its code (None where it had to be killed) and how long it took. It starts again."""
        process, began_s = self._process, time.monotonic()
        if process is None or process.returncode is not None:
            return None, 0.0
        process.terminate()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                code: int | None = await process.wait()
        except TimeoutError:
            process.kill()
            code = None
        return code, time.monotonic() - began_s

    async def exported(self) -> tuple[int, str]:
        """Run the owner's own export beside it; give its code and what it wrote."""
        process = await asyncio.create_subprocess_exec(
            *EXPORT,
            cwd=self._folder,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            preexec_fn=end_with_parent,
        )
        output, _ = await asyncio.wait_for(process.communicate(), EXPORT_LIMIT_S)
        return process.returncode or 0, output.decode()

    async def stop(self) -> None:
        """End it for good."""
        self._is_stopping = True
        self.may_start.set()
        self.resume()
        self.kill()

    def words(self, life: Born, limit: int = 4_000) -> str:
        """The end of what one life logged."""
        end = next((one.log_from for one in self.lives if one.number > life.number), None)
        text = self.log.read_bytes()[life.log_from : end]
        return text[-limit:].decode(errors="replace")

    def _signal(self, number: signal.Signals) -> bool:
        life = self.now
        if life is None or self._process is None or self._process.returncode is not None:
            return False
        os.kill(life.pid, number)
        return True

    async def _live(self) -> None:
        with self.log.open("ab") as log:
            log_from = log.tell()
            self._process = process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        life = Born(len(self.lives) + 1, process.pid, time.monotonic(), log_from=log_from)
        self.lives.append(life)
        try:
            life.code = await process.wait()
        finally:
            if process.returncode is None:  # this task was cancelled: nothing of ours outlives it
                process.kill()
                life.code = await process.wait()
            life.ended_s = time.monotonic()
