"""What every peer is asked, and how it is timed. Needs numpy only, for it runs in each peer's own environment.

The strategy: on a closed bar on which EMA 9 crosses EMA 21 with RSI 14 on the same side of 50 and ADX 14 at the gate or
above, and while flat, enter at the next open. The stop lies `stop_atr` ATR 14 (of the deciding bar) away, the target
`target_r` times as far; both are live from the fill on. Both sides, always the same quantity, a fee of 5 bps and 2 bps of
slippage on every market fill.
"""

import argparse
import itertools
import json
import resource
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

EMA_SHORT: Final = 9
EMA_LONG: Final = 21
PERIOD: Final = 14
RSI_MIDDLE: Final = 50.0
FEE: Final = 0.0005
SLIPPAGE: Final = 0.0002
QUANTITY: Final = 1.0
CASH: Final = 10_000_000.0  # never the limit
ADX_GATES: Final = (20.0, 22.5, 25.0, 27.5, 30.0)
STOPS: Final = (1.0, 1.25, 1.5, 2.0, 2.5)
TARGETS: Final = (1.0, 1.5, 2.0, 3.0)


class Year(NamedTuple):
    """Closed bars in order, as arrays."""

    open_time_ms: Any
    open: Any
    high: Any
    low: Any
    close: Any
    volume: Any


class Settings(NamedTuple):
    """What the 100 settings differ in."""

    adx_gate: float = 25.0
    stop_atr: float = 1.5
    target_r: float = 2.0


class Result(NamedTuple):
    """What a run came to: closed trades, and their net in quote. It shows that peers do comparable things."""

    trades: int
    net: float


GRID: Final = tuple(Settings(*values) for values in itertools.product(ADX_GATES, STOPS, TARGETS))


def signals(year: Year) -> tuple[Any, Any, Any, Any]:
    """Crosses with RSI on their side (long, short), ADX and ATR, by TA-Lib over whole arrays."""
    import talib  # only in the environments of peers that take arrays

    short, long = talib.EMA(year.close, EMA_SHORT), talib.EMA(year.close, EMA_LONG)
    rsi = talib.RSI(year.close, PERIOD)
    above, below = short > long, short < long
    crossed_up, crossed_down = above.copy(), below.copy()
    crossed_up[1:] &= ~above[:-1]
    crossed_down[1:] &= ~below[:-1]
    adx = talib.ADX(year.high, year.low, year.close, PERIOD)
    atr = talib.ATR(year.high, year.low, year.close, PERIOD)
    return crossed_up & (rsi > RSI_MIDDLE), crossed_down & (rsi < RSI_MIDDLE), adx, atr


def variant(*known: str) -> str:
    """Which of its ways a peer is asked for; the first where nothing was said."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--variant", default=known[0], choices=known)
    return str(parser.parse_known_args()[0].variant)


def compete(
    *,
    name: str,
    version: str,
    prepare: Callable[[Year], Any],
    once: Callable[[Any, Settings], Result],
    many: Callable[[Any, Sequence[Settings]], Sequence[Result]] | None,
    counted: str,
) -> None:
    """Time a peer and print what was seen as one line of JSON. `many` None = it has no way of its own to share work."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--candles", required=True, help="the year as year.py saved it")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--bars", type=int, default=0, help="only the first so many")
    parser.add_argument("--variant")
    options = parser.parse_args()
    stored = np.load(options.candles)
    year = Year(*(np.ascontiguousarray(stored[field][: options.bars or None]) for field in Year._fields))
    prepared_in, prepared = timed(lambda: prepare(year))
    first_in, _ = timed(lambda: once(prepared, Settings()))
    runs = [timed(lambda: once(prepared, Settings())) for _ in range(options.repeats)]
    answer: dict[str, Any] = {"name": name, "version": version, "counted": counted, "bars": len(year.close)}
    answer |= {"prepare_s": prepared_in.wall_s, "first_s": first_in.wall_s} | medians("run", [took for took, _ in runs])
    answer |= runs[-1][1]._asdict()
    if many is not None:
        many(prepared, GRID[:2])  # compiles what differs from one run
        rounds = [timed(lambda: many(prepared, GRID)) for _ in range(options.repeats)]
        answer |= medians("many", [took for took, _ in rounds])
        answer["many_trades"] = sum(result.trades for result in rounds[-1][1])
    answer["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(answer))


class Took(NamedTuple):
    """Time on the wall, and of the processor by all threads: the second hardly feels what else the machine does."""

    wall_s: float
    cpu_s: float


def timed[T](work: Callable[[], T]) -> tuple[Took, T]:
    """How long it took, and what came of it."""
    wall, cpu = time.perf_counter(), time.process_time()
    result = work()
    return Took(time.perf_counter() - wall, time.process_time() - cpu), result


def medians(name: str, runs: Sequence[Took]) -> dict[str, float]:
    """The middle of each."""
    walls, cpus = [took.wall_s for took in runs], [took.cpu_s for took in runs]
    return {f"{name}_s": statistics.median(walls), f"{name}_cpu_s": statistics.median(cpus)}
