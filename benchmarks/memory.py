"""How much memory a backtest of many symbols takes: one year of one-minute bars of 20 symbols, in a process of its own.

    uv run --locked python benchmarks/memory.py --symbols 20

Prints the peak of resident memory, for a search's walk (`trades`) and for a whole run (`run`).
"""

import argparse
import dataclasses
import resource
import subprocess
import sys
from typing import Final

import numpy as np
import ours
import year
from peers import contest

from engine.backtest.history import Candles, Simulation, SymbolHistory, assumed_funding
from engine.backtest.kernel import Walker

LIMIT_MB: Final = 1_500.0
SYMBOLS: Final = 20
BAR_BYTES: Final = 48
WAYS: Final = ("trades", "run")


def main() -> int:
    """Measure each way in a child of its own, so that nothing counts but what it needs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--symbols", type=int, default=SYMBOLS)
    parser.add_argument("--inside", choices=WAYS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is not None:
        measured(options.inside, options.symbols)
        return 0
    for way in WAYS:
        subprocess.run([sys.executable, __file__, "--symbols", str(options.symbols), "--inside", way], check=True)
    return 0


def measured(way: str, symbols: int) -> None:
    """Candles, then one walk."""
    histories = [made_up(number) for number in range(symbols)]
    bars = sum(len(history.candles) for history in histories)
    candles_mb = peak_mb()
    walker = Walker(histories, Simulation(wallet=ours.WALLET))
    params = ours.params_of(contest.Settings())._replace(max_positions=symbols)
    if way == "trades":
        took, found = contest.timed(lambda: len(walker.trades(params).gross))
    else:
        took, found = contest.timed(lambda: len(walker.run(params).trades))
    peak = peak_mb()
    print(f"{way}(): {symbols} symbols, {bars:,} bars, {found:,} trades in {took.wall_s:.1f} s with what had to be compiled")
    print(
        f"  peak RSS {candles_mb:,.0f} MB with the candles ({bars * BAR_BYTES / 2**20:,.0f} MB of them), {peak:,.0f} MB after"
    )
    print(f"  {'under' if peak < LIMIT_MB else 'OVER'} the limit of {LIMIT_MB:,.0f} MB")


def made_up(number: int) -> SymbolHistory:
    """A symbol of its own, seeded by its number."""
    symbol, bars = f"MADE{number}USDT", year.made_up(seed=number)
    candles = Candles(symbol, year.MINUTE_MS, *(np.ascontiguousarray(column) for column in bars))
    rules = dataclasses.replace(ours.RULES, symbol=symbol)
    return SymbolHistory(candles, rules, assumed_funding(int(bars.open_time_ms[0]), candles.end_ms))


def peak_mb() -> float:
    """The most that this process has taken."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.exit(main())
