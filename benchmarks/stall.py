"""How long the loop stands still while history is asked: the lag of a short sleep, alone, and beside what-ifs and dials.

    uv run --locked python benchmarks/stall.py [--symbols 1] [--rounds 20]

The loop is a bare one with the parts that answer the chat in it; the counting runs in the workshop's process. A busy machine
shows in the first line too, so the difference of the lines is what counts.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, NamedTuple, cast

from bot.past_desk import PastDesk
from bot.workshop import Workshop
from engine.model.commands import DecisionMode
from engine.model.events import BarClosed, RulesLoaded
from engine.model.market import Bar
from engine.model.orders import TriggerBy
from engine.params import TradingParams
from engine.runner import Runner
from engine.trader import Trader, TraderSetup
from tests import builders

WARMUP: Final = 1_000
BARS: Final = 2_000
DAYS: Final = 30
BEAT_S: Final = 0.001


class Lag(NamedTuple):
    """How late short sleeps ended, in milliseconds."""

    name: str
    beats: int
    p50: float
    p99: float
    longest: float
    took_s: float


class NothingMore:
    """An exchange without a past: the engine remembers enough."""

    async def bars(self, symbol: str, interval: str, begin_ms: int, end_ms: int) -> AsyncIterator[Sequence[Bar]]:
        """No bar."""
        return
        yield

    async def funding(self, symbol: str, begin_ms: int, end_ms: int) -> Sequence[tuple[int, float]]:
        """No payment."""
        return []


def a_desk(symbols: int, folder: Path) -> PastDesk:
    """The parts, over a trader that remembers as many bars as one does."""
    names = tuple(f"S{number}USDT" for number in range(symbols))
    setup = TraderSetup("bench", names, builders.HOUR_MS, WARMUP, TriggerBy.LAST, TradingParams(), DecisionMode.AUTO)
    trader = Trader(setup, None)
    for number, name in enumerate(names):
        trader.handle(RulesLoaded(builders.rules(symbol=name), 0, 0))
        for bar in builders.walk(BARS, number):
            trader.handle(BarClosed(name, bar, True, bar.open_time_ms + builders.HOUR_MS, 0))
    runner = cast(Runner, SimpleNamespace(trader=trader, setup=setup, interval="1h"))
    return PastDesk(runner, cast(Any, None), NothingMore(), Workshop(), folder=folder, label="PAPER")


async def lag_beside(name: str, work: Callable[[], Awaitable[object]]) -> Lag:
    """Beat while something is done."""
    lags, begun = list[float](), time.perf_counter()
    task = asyncio.ensure_future(work())
    while not task.done():
        slept = time.perf_counter()
        await asyncio.sleep(BEAT_S)
        lags.append((time.perf_counter() - slept - BEAT_S) * 1_000)
    await task
    lags.sort()
    took = time.perf_counter() - begun
    return Lag(name, len(lags), lags[len(lags) // 2], lags[int(len(lags) * 0.99)], lags[-1], took)


async def measured(symbols: int, rounds: int) -> list[Lag]:
    """Alone, while the process begins, and beside many questions."""
    with tempfile.TemporaryDirectory() as folder:
        desk = a_desk(symbols, Path(folder))

        async def questions() -> None:
            for number in range(rounds):
                await desk.what_if({"activation_threshold": 0.3 + 0.01 * (number % 20)}, DAYS)

        async def dials() -> None:
            for _ in range(max(1, rounds // 5)):
                await desk.dial_picture(await desk.dial(DAYS), 0.7, 0.5, "en")

        try:
            return [
                await lag_beside("nothing", lambda: asyncio.sleep(3)),
                await lag_beside("the first question", lambda: desk.what_if({"leverage": 5.0}, DAYS)),
                await lag_beside(f"{rounds} what-ifs", questions),
                await lag_beside(f"{max(1, rounds // 5)} dials with pictures", dials),
            ]
        finally:
            await desk.close()


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--symbols", type=int, default=1)
    options.add_argument("--rounds", type=int, default=20)
    chosen = options.parse_args()
    print(f"{'beside':<28}{'beats':>8}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'took s':>9}")
    for lag in asyncio.run(measured(chosen.symbols, chosen.rounds)):
        print(f"{lag.name:<28}{lag.beats:>8}{lag.p50:>9.2f}{lag.p99:>9.2f}{lag.longest:>9.2f}{lag.took_s:>9.1f}")


if __name__ == "__main__":
    main()
