"""What a shadow costs: processor time for each event that it hears, one by one and in bursts.

uv run --locked python benchmarks/shadow.py [--bars 2000]
"""

import argparse
import asyncio
import time
from collections.abc import Callable
from typing import Final

from bot.shadow_memory import ShadowMemory
from bot.shadow_trader import ShadowTrader
from engine.model.events import MarkSeen, QuoteSeen
from tests.bot.shadow_world import BARS, PLAN, a_shadow, of_bar, settle, walking
from tests.engine.runner_parts import SetClock
from tests.engine.trader.rising import WARMUP, rising
from tests.engine.trader.world import HOUR, SYMBOL

TURNS: Final = 60  # of the loop, after each event or burst
BURST: Final = 500


async def turns_only(rounds: int) -> float:
    """Seconds of processor time that the loop's own turns take."""
    begun = time.process_time()
    for _ in range(rounds):
        await settle()
    return time.process_time() - begun


async def cost(shadow: ShadowTrader, rounds: int, hear: Callable[[int], int]) -> float:
    """Microseconds for an event. `hear` gives how many it told the shadow of."""
    idle, events, begun = await turns_only(rounds), 0, time.process_time()
    for number in range(rounds):
        events += hear(number)
        await settle()
    return max(0.0, time.process_time() - begun - idle) / events * 1e6


async def measured(bars: int) -> list[tuple[str, float]]:
    """By kind of event."""
    clock, known = SetClock(), rising(WARMUP + bars + 2)
    async with walking(a_shadow(clock, ShadowMemory(PLAN), BARS[:WARMUP])) as shadow:

        def whole_bar(number: int) -> int:
            at = WARMUP + number
            events = of_bar(known[at], known[at + 1], clock)
            for event in events:
                shadow.market.hear(event)
            return len(events)

        def one_quote(number: int) -> int:
            shadow.market.hear(QuoteSeen(SYMBOL, 1_000.0 + number, 1_000.1 + number, bars * HOUR, clock.now))
            return 1

        def one_mark(number: int) -> int:
            shadow.market.hear(MarkSeen(SYMBOL, 1_000.0 + number, 0.0001, 2 * bars * HOUR, bars * HOUR, clock.now))
            return 1

        def burst(number: int) -> int:
            for at in range(BURST):
                one_quote(number + at)
            return BURST

        return [
            ("bars with their prices, trading", await cost(shadow, bars, whole_bar)),
            ("single quotes", await cost(shadow, bars, one_quote)),
            ("single marks", await cost(shadow, bars, one_mark)),
            (f"quotes, {BURST} at once", await cost(shadow, 20, burst)),
        ]


def main() -> None:
    """Print a table."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--bars", type=int, default=2_000)
    print(f"{'event':<34}{'us':>8}")
    for name, microseconds in asyncio.run(measured(options.parse_args().bars)):
        print(f"{name:<34}{microseconds:>8.1f}")


if __name__ == "__main__":
    main()
