"""How long a position is alone after kill -9: the product is killed, its stops are cancelled, and it is started again.

    uv run --locked python benchmarks/start.py --kills 50

Told is the time from the kill to the first request at the exchange, to a position whose stops were listed again, to a page
that says "ready", and to an answer in the chat. Exchange and Bot API are the sandbox's, in this process.
"""

import argparse
import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import aiohttp

HERE: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from sandbox.exchange.config import VenueConfig  # noqa: E402  # found where this file stands, installed or not
from sandbox.exchange.gate import Asked  # noqa: E402
from sandbox.exchange.venue import Venue  # noqa: E402
from sandbox.market import generate  # noqa: E402
from sandbox.telegram.server import BotApi, BotApiConfig  # noqa: E402
from sandbox.world import free_port, named  # noqa: E402

KEY, SECRET, SYMBOL = "k" * 64, "s" * 64, "ETHUSDT"
WITHIN_S: Final = 60.0
LIMITS: Final = 200.0  # a kill every few seconds asks for more than the exchange would allow
LOOK_S: Final = 0.01
CLEAN: Final = ("PATH", "HOME", "TMPDIR", "LANG")
STOPS_WANTED: Final = 2  # the tight one and the wide one


class Waits(NamedTuple):
    """Seconds since the kill."""

    first_request: float
    covered: float
    ready: float
    answered: float


class Eye:
    """Sees every request, and when the first came and the first listing in which all stops stand."""

    def __init__(self, venue: Venue) -> None:
        self._venue = venue
        self.reset()

    def reset(self) -> None:
        """Look for the first ones again."""
        self.first = asyncio.get_running_loop().create_future()
        self.covered = asyncio.get_running_loop().create_future()

    async def before(self, asked: Asked) -> bool:
        """Note the first request."""
        if not self.first.done():
            self.first.set_result(time.monotonic())
        return True

    async def after(self, asked: Asked) -> bool:
        """Note the first listing that shows all stops."""
        stops = [algo for algo in self._venue.exchange.algos.all_open() if algo.is_stop]
        if asked.path.endswith("/openAlgoOrders") and len(stops) >= STOPS_WANTED and not self.covered.done():
            self.covered.set_result(time.monotonic())
        return True


class Bench:
    """One product over one world, killed again and again."""

    def __init__(self, folder: Path, venue: Venue, bot_api: BotApi, variables: dict[str, str]) -> None:
        self._folder, self._venue, self._bot_api, self._variables = folder, venue, bot_api, variables
        self._eye = Eye(venue)
        self._process: asyncio.subprocess.Process | None = None
        self._session = aiohttp.ClientSession()

    async def begin(self) -> None:
        """Start the product once, on a position that it finds."""
        self._venue.show_requests(self._eye)
        await self._wish("trade", {"symbol": SYMBOL, "side": "BUY", "quantity": "0.1"})
        await self._start()
        await self._eye.covered
        await self._until(self._is_ready)
        self._bot_api.send("/start")
        await self._until(self._has_spoken)

    async def kill(self) -> Waits:
        """Kill it, take a stop away, start it again, and wait for everything."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        killed = time.monotonic()
        await self._process.wait()
        await self._wish("cancel", {"symbol": SYMBOL, "what": "stops"})
        self._eye.reset()
        heard = self._bot_api.transcript()[-1]["seq"]
        self._bot_api.send("/help")
        await self._start()
        answered = asyncio.create_task(self._until(lambda: self._is_answered(heard)))
        ready = asyncio.create_task(self._until(self._is_ready))
        async with asyncio.timeout(WITHIN_S):  # what does not come is seen in the product's log
            times = (await self._eye.first, await self._eye.covered, await ready, await answered)
        return Waits(*(moment - killed for moment in times))

    async def end(self) -> None:
        """Leave nothing behind."""
        await self._session.close()
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def _start(self) -> None:
        environment = {name: os.environ[name] for name in CLEAN if name in os.environ} | self._variables
        with (self._folder / "product.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "bot", "run", env=environment, cwd=self._folder, stdout=output, stderr=output
            )

    async def _until(self, holds: Callable[[], Awaitable[bool]]) -> float:
        while not await holds():  # noqa: ASYNC110  # another process is watched
            await asyncio.sleep(LOOK_S)
        return time.monotonic()

    async def _is_ready(self) -> bool:
        try:
            async with self._session.get(f"http://127.0.0.1:{self._variables['HEALTH_PORT']}/healthz") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _is_answered(self, heard: int) -> bool:
        events = self._bot_api.transcript(heard)
        return any(event["kind"] == "message" and "/panic" in str(event["message"]) for event in events)

    async def _has_spoken(self) -> bool:
        return self._bot_api.counts()["messages"] > 0

    async def _wish(self, page: str, wish: dict[str, Any]) -> None:
        async with self._session.post(f"{self._variables['BINANCE_REST_ROOT']}/sandbox/{page}", json=wish) as answer:
            assert answer.status == 200, await answer.text()


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Bench]:
    """The world and the bench in it."""
    market = generate((SYMBOL,), "1m", bars=3_000, warmup=200, seed=1)
    venue, bot_api = Venue(VenueConfig(api_key=KEY, api_secret=SECRET, limit_scale=LIMITS), market), BotApi(BotApiConfig())
    roots, addresses = await venue.start(), await bot_api.start()
    variables = {
        "MODE": "testnet",
        "BINANCE_API_KEY": KEY,
        "BINANCE_API_SECRET": SECRET,
        **named(roots),
        "INTERVAL": "1m",
        "WARMUP_BARS": "200",
        "TELEGRAM_API_ROOT": addresses.api_root,
        "TELEGRAM_BOT_TOKEN": addresses.token,
        "TELEGRAM_OWNER_IDS": "1",
        "DATA_FOLDER": str(folder / "data"),
        "HEALTH_PORT": str(free_port()),
        "GUARD_AFTER_STARTS": "0",  # it is killed on purpose
        "PYTHONPATH": str(HERE),
    }
    venue.hold()  # else a price would reach a level and end the position
    moving = asyncio.create_task(venue.run())
    bench = Bench(folder, venue, bot_api, variables)
    try:
        yield bench
    finally:
        await bench.end()
        moving.cancel()
        await asyncio.wait([moving])
        await venue.close()
        await bot_api.close()


async def measured(kills: int) -> list[Waits]:
    """Kill so often."""
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder)) as bench:
            await bench.begin()
            try:
                return [await bench.kill() for _ in range(kills)]
            except TimeoutError:
                sys.stderr.write((Path(folder) / "product.log").read_text(errors="replace")[-4_000:])
                raise


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=20, help="how often to kill")
    waits = asyncio.run(measured(parser.parse_args().kills))
    print(f"{len(waits)} times kill -9 with an open position and cancelled stops; seconds since the kill\n")
    print(f"{'':16}{'p50':>8}{'p99':>8}{'max':>8}")
    for name, values in zip(Waits._fields, zip(*waits, strict=True), strict=True):
        ordered = sorted(values)
        p50, p99 = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)]
        print(f"{name.replace('_', ' '):16}{p50:8.2f}{p99:8.2f}{ordered[-1]:8.2f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
