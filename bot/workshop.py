"""One process beside this one that counts and draws: what is heavy to import or keeps a processor busy never meets the loop.

It is begun with the first job, kept warm, ended after a while without one, and begun anew whenever it died. It gets no
secret: neither the environment nor the command line holds one. One job at a time; whoever stops waiting ends it.
"""

import asyncio
import logging
import os
import pickle
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

from engine.model.past import NotMeasured, Progress, WhyNot

ROOT: Final = Path(__file__).resolve().parents[1]
HANDED_ON: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "MPLCONFIGDIR")
HEAD_BYTES: Final = 8
LARGEST_BYTES: Final = 1 << 28
IDLE_S: Final = 300.0
PATIENCE_S: Final = 20.0  # for another short job to end
ENDED_WITHIN_S: Final = 2.0

type Told = Callable[[Progress], None]

logger = logging.getLogger(__name__)


def untold(progress: Progress) -> None:
    """Nobody wants to know."""


class Workshop:
    """`jobs` names the module whose functions are the jobs."""

    def __init__(self, jobs: str = "bot.past_jobs", *, idle_s: float = IDLE_S, patience_s: float = PATIENCE_S) -> None:
        self._jobs = jobs
        self._idle_s = idle_s
        self._patience_s = patience_s
        self._turn = asyncio.Lock()
        self._process: Process | None = None
        self._is_long = False
        self._idle: asyncio.TimerHandle | None = None
        self.begun = 0  # how often a process was begun

    @property
    def is_busy(self) -> bool:
        """Whether a job is being done."""
        return self._turn.locked()

    @property
    def process_id(self) -> int | None:
        """Of the process, where there is one."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def done(self, job: str, *given: Any, within_s: float, told: Told = untold, is_long: bool = False) -> Any:
        """Have a job done and give what it returns. Raises `NotMeasured`."""
        async with self._at_work(is_long):
            try:
                async with asyncio.timeout(within_s):
                    return await self._answered(job, given, told)
            except TimeoutError:
                await self._end()
                raise NotMeasured(WhyNot.TOO_LONG) from None
            except asyncio.CancelledError:
                await self._end()  # its answer would be taken for the next one's
                raise

    async def close(self) -> None:
        """End the process."""
        if self._idle is not None:
            self._idle.cancel()
        await self._end()

    # --- inside -----------------------------------------------------------------------------------------------------

    @asynccontextmanager
    async def _at_work(self, is_long: bool) -> AsyncIterator[None]:
        if self._turn.locked() and (self._is_long or is_long):
            raise NotMeasured(WhyNot.BUSY)
        try:
            async with asyncio.timeout(self._patience_s):
                await self._turn.acquire()
        except TimeoutError:
            raise NotMeasured(WhyNot.BUSY) from None
        self._is_long = is_long
        if self._idle is not None:
            self._idle.cancel()
        try:
            yield
        finally:
            self._is_long = False
            self._turn.release()
            self._idle = asyncio.get_running_loop().call_later(self._idle_s, self._rest)

    async def _answered(self, job: str, given: tuple[Any, ...], told: Told) -> Any:
        try:
            process = await self._running()
        except OSError as error:
            logger.error("the workshop's process cannot be begun: %s", error.strerror)
            raise NotMeasured(WhyNot.BROKE) from error
        assert process.stdin is not None and process.stdout is not None  # noqa: PT018  # both are pipes
        try:
            body = pickle.dumps((job, given), protocol=5)
            process.stdin.write(len(body).to_bytes(HEAD_BYTES) + body)
            await process.stdin.drain()
            while True:
                kind, value = await _frame(process.stdout)
                if kind == "told":
                    told(value)
                elif kind == "done":
                    return value
                elif kind == "refused":
                    raise NotMeasured(*value)
                else:
                    logger.error("a job of the workshop broke (%s):\n%s", job, value)
                    raise NotMeasured(WhyNot.BROKE)
        except (asyncio.IncompleteReadError, OSError) as error:
            await self._end()
            logger.error("the workshop's process died in %s", job)
            raise NotMeasured(WhyNot.BROKE) from error

    async def _running(self) -> Process:
        if self._process is None or self._process.returncode is not None:
            environment = {name: os.environ[name] for name in HANDED_ON if name in os.environ}
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "bot.workshop_main", self._jobs),
                cwd=ROOT,
                env=environment | {"PYTHONPATH": str(ROOT)},
                stdin=PIPE,
                stdout=PIPE,
                limit=1 << 20,
            )
            self.begun += 1
        return self._process

    def _rest(self) -> None:
        """Nobody asked for a while: the memory is given back."""
        process = self._process
        if not self._turn.locked() and process is not None and process.returncode is None:
            logger.info("the workshop's process rests")
            self._process = None  # whoever asks next begins another
            process.kill()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDED_WITHIN_S):
                await process.wait()


async def _frame(pipe: asyncio.StreamReader) -> tuple[str, Any]:
    size = int.from_bytes(await pipe.readexactly(HEAD_BYTES))
    if size > LARGEST_BYTES:
        raise OSError("the workshop's answer is too large")
    kind, value = pickle.loads(await pipe.readexactly(size))  # noqa: S301  # from our own child, over a pipe
    return kind, value
