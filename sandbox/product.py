"""The product as a child process: a clean environment, its own folder and log, started again when a signal ended it.

It is a stranger: what is known of it is its command line, its environment, its exit code and its health page.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

COMMAND: Final = (sys.executable, "-m", "bot")
LOG_NAME: Final = "product.log"
INHERITED: Final = ("PATH", "HOME", "TMPDIR", "TZ", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "VIRTUAL_ENV", "SYSTEMROOT")
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 5.0
LIVED_S: Final = 10.0  # a life this long makes the pause short again
STOP_LIMIT_S: Final = 20.0
EXPORT_LIMIT_S: Final = 60.0
TAIL_BYTES: Final = 8_192
PR_SET_PDEATHSIG: Final = 1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def clean_environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Give the child's whole environment: what a process needs to run here, and the settings, nothing else of ours."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    here = str(Path(__file__).resolve().parent.parent)
    return inherited | {"PYTHONPATH": here, "PYTHONUNBUFFERED": "1"} | dict(settings)


class Product:
    """One product. `say` is told what the owner of the demo should know."""

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, str],
        say: Callable[[str], None],
        command: Sequence[str] = COMMAND,
    ) -> None:
        self.log = folder / LOG_NAME
        self.deaths = 0
        self._folder = folder
        self._environment = clean_environment(settings)
        self._say = say
        self._command = command
        self._process: Process | None = None
        self._output_from = 0
        self._is_stopping = False

    @property
    def pid(self) -> int:
        """The child's process id; 0 while there is none."""
        return self._process.pid if self._process is not None and self._process.returncode is None else 0

    async def run(self) -> int:
        """Keep it running until it ends by itself or is stopped; return its exit code."""
        pause_s = FIRST_PAUSE_S / 2
        while True:
            began_s = time.monotonic()
            code = await self._live()
            if code >= 0 or self._is_stopping:
                return code
            self.deaths += 1
            pause_s = FIRST_PAUSE_S if time.monotonic() - began_s > LIVED_S else min(LONGEST_PAUSE_S, pause_s * 2)
            self._say(f"The product was ended by {signal.Signals(-code).name}; it starts again in {pause_s:.1f} s.")
            await asyncio.sleep(pause_s)

    def kill(self) -> int:
        """Kill it as the kernel would, without a word; return the process id, 0 where nothing ran."""
        pid = self.pid
        if pid:
            os.kill(pid, signal.SIGKILL)
        return pid

    async def stop(self) -> None:
        """Ask it to end, and end it after a while."""
        self._is_stopping = True
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            self._say(f"The product did not end within {STOP_LIMIT_S:.0f} s and was killed.")
            process.kill()
            await process.wait()

    def last_words(self) -> str:
        """Give the last line with words that the present child wrote."""
        try:
            with self.log.open("rb") as log:
                log.seek(max(self._output_from, log.seek(0, os.SEEK_END) - TAIL_BYTES))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return ""
        return next((line.strip(" |+-") for line in reversed(lines) if any(map(str.isalpha, line))), "")

    async def export(self) -> tuple[int, str]:
        """Run the owner's own export command; return its exit code and what it wrote."""
        words = (*self._command, "export", "--json")
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *words, cwd=self._folder, env=self._environment, stdout=asyncio.subprocess.PIPE, stderr=log
            )
            try:
                async with asyncio.timeout(EXPORT_LIMIT_S):
                    output, _ = await process.communicate()
            except TimeoutError:
                process.kill()
                await process.wait()
                return -1, ""
        return process.returncode or 0, output.decode()

    async def _live(self) -> int:
        """One life, from start to exit code."""
        with self.log.open("ab") as log:
            self._output_from = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "run",
                cwd=self._folder,
                env=self._environment,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                start_new_session=True,  # an interrupt typed here is not meant for it: it is asked to stop afterwards
                preexec_fn=_end_with_parent,
            )
        return await self._process.wait()


def _end_with_parent() -> None:
    """Runs in the child before the program: the kernel ends it when this process dies, however it dies."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
