"""`autobot demo` and `autobot sandbox`: the whole product on one machine, or its world alone for any other client.

The venue, the Bot API and the owner live here; the product is a child process that knows nothing of it.
"""

import asyncio
import json
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from sandbox.kills import Killer
from sandbox.market import BadCandles
from sandbox.options import BadOption, DemoOptions, SandboxOptions
from sandbox.owners_chat import OwnersChat
from sandbox.player import NoAnswer, Player
from sandbox.product import COMMAND, Product
from sandbox.report import BadExport, make_report, read_export, summary, write_report
from sandbox.world import HOST, World, free_port, open_world, product_settings

INTERRUPTED: Final = 130
BAD_OPTION: Final = 2
FAILED: Final = 1
POLL_S: Final = 0.05
PROGRESS_S: Final = 10.0
GO_ON: Final = -1  # the market is over, nothing failed

type Say = Callable[[str], None]


def say_line(text: str) -> None:
    """Print a line at once; what went wrong is kept out of the output, which other programs may read."""
    print(text, file=sys.stderr if text.startswith("Error: ") else sys.stdout, flush=True)


async def demo(options: DemoOptions, *, say: Say = say_line, command: Sequence[str] = COMMAND) -> int:
    """Run the demo; return the exit code."""
    stop = _interrupted()
    folder = options.folder or Path(tempfile.mkdtemp(prefix="autobot-demo-"))
    is_kept = options.folder is not None
    health_port = free_port()
    world: World | None = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        world = await open_world(
            options.market,
            port=options.port,
            language=options.language,
            follow_url=f"http://{HOST}:{health_port}/healthz",
            wait_for_cards=True,
            hold_at_bars=options.kills.at_bars,
        )
        product = Product(folder, product_settings(world, options, folder, health_port), say, command)
        code = await Run(options, world, product, say).go(stop)
        is_kept = is_kept or code not in (0, BAD_OPTION, INTERRUPTED)
        return code
    except (BadOption, BadCandles, BadExport, NoAnswer, OSError) as error:
        say(f"Error: {error}")
        return BAD_OPTION if isinstance(error, BadOption | BadCandles) else FAILED
    finally:
        if world is not None:
            await world.close()
        if not is_kept:
            shutil.rmtree(folder, ignore_errors=True)


async def sandbox(options: SandboxOptions, *, say: Say = say_line) -> int:
    """Run venue and Bot API alone until interrupted; the first line says where everything is."""
    stop = _interrupted()
    try:
        world = await open_world(options.market, port=options.port, language="en", follow_url="", wait_for_cards=False)
    except (BadOption, BadCandles, OSError) as error:
        say(f"Error: {error}")
        return BAD_OPTION
    try:
        say(json.dumps(world.described()))
        market = asyncio.create_task(world.venue.run())
        await stop.wait()
        await _ended(market)
    finally:
        await world.close()
    return 0


class Run:
    """One run of the demo in a world that stands."""

    def __init__(self, options: DemoOptions, world: World, product: Product, say: Say) -> None:
        self._options = options
        self._world = world
        self._product = product
        self._say = say
        self._began_s = time.monotonic()
        self._killer = Killer(options.kills, world.market.bars, world.venue, product.kill, say)

    async def go(self, stop: asyncio.Event) -> int:
        """Let it all run until the market, the product or the person ends it."""
        living = asyncio.create_task(self._product.run())
        tasks = [asyncio.create_task(job) for job in (self._market(), self._killer.run(), self._progress())]
        stopping = asyncio.create_task(stop.wait())
        try:
            code = await self._outcome(living, stopping, tasks[0])
            if code != GO_ON:
                return code
            await self._product.stop()
            return await self._settle_books()
        finally:
            await self._product.stop()
            for task in (*tasks, stopping, living):
                await _ended(task)

    async def _outcome(self, living: asyncio.Task[int], stopping: asyncio.Task[Any], market: asyncio.Task[None]) -> int:
        """Wait for whatever ends the run; GO_ON where it was the market's end."""
        waited: set[asyncio.Task[Any]] = {living, stopping, market}
        while True:
            done, _ = await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
            if living in done:
                return self._product_ended(living.result())
            if stopping in done:
                self._say("Stopping.")
                return INTERRUPTED
            market.result()
            if self._options.ends_by_itself:
                return GO_ON
            self._say("The market is over. The chat stays open; end with Ctrl-C.")
            waited.discard(market)

    def _product_ended(self, code: int) -> int:
        """Say why the product ended by itself; a wrong setting needs no log to be understood."""
        words = self._product.last_words() or f"The product ended by itself with code {code}."
        self._say(words if code == BAD_OPTION else f"{words} (code {code}; its log: {self._product.log})")
        return code or FAILED

    async def _market(self) -> None:
        """Open the owner's side, then run the market to its end."""
        if not self._options.auto:
            while not self._world.bot_api.desk.calls["getupdates"]:  # noqa: ASYNC110  # the product is another process
                await asyncio.sleep(POLL_S)
            self._say(f"Chat page: {self._world.addresses.chat_url} (send /start, then /run). End with Ctrl-C.")
            await self._world.venue.run()
            return
        player = Player(OwnersChat(self._world.bot_api), self._say)
        await player.open()
        jobs = [asyncio.create_task(self._world.venue.run()), asyncio.create_task(player.play())]
        try:
            done, _ = await asyncio.wait(jobs, return_when=asyncio.FIRST_COMPLETED)
            for job in done:
                job.result()
        finally:
            for job in jobs:
                await _ended(job)

    async def _progress(self) -> None:
        """Say from time to time how far the run is, and what it waits for."""
        while self._options.auto:
            await asyncio.sleep(PROGRESS_S)
            state = self._world.venue.state()
            waits = f", waiting: {state['holding']}" if state["holding"] else ""
            self._say(f"{state['bars']} of {state['bars_total']} bars{waits}")

    async def _settle_books(self) -> int:
        """Ask for the owner's books, hold them against the venue's, say and write what came out."""
        world, venue = self._world, self._world.venue.report()
        export = read_export(*await self._product.export())
        report = make_report(
            bars=world.venue.bars_done,
            symbols=world.market.symbols,
            export=export,
            venue=venue,
            telegram=world.bot_api.counts(),
            run={
                "seconds": round(time.monotonic() - self._began_s, 1),
                "killed_at_bars": self._killer.done,
                "restarts": self._product.deaths,
                "telegram_errors": world.bot_api.errors(),
            },
        )
        if self._options.report is not None:
            write_report(self._options.report, report)
        self._say(summary(report))
        return 0 if report["books_equal"] else FAILED


def _interrupted() -> asyncio.Event:
    """Give an event that Ctrl-C and a polite end set."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


async def _ended(task: "asyncio.Task[Any]") -> None:
    """Cancel a task and wait for its end; what it raised was or will be told elsewhere."""
    task.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await task
