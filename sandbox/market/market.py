"""A market to replay: the bars of several symbols joined in time, some of them known before the run begins.

All symbols share the interval and the open times, so that index `i` is the same moment for each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.market.candles import BadCandles, Candle, Candles, moment
from sandbox.market.generated import generated_candles
from sandbox.market.intervals import INTERVAL_MS


@dataclass(frozen=True, slots=True)
class Market:
    """Aligned bars per symbol. The first `past` of them are history that can be asked for, the next `warmup` what a product
    begins with; the run comes after both, and nothing in it depends on how much past there is.
    """

    symbols: tuple[str, ...]
    interval: str
    warmup: int
    rows: tuple[tuple[Candle, ...], ...]
    past: int = 0

    def __post_init__(self) -> None:
        if not self.symbols or len(set(self.symbols)) != len(self.symbols):
            raise BadCandles(f"a market needs one or more different symbols, not {', '.join(self.symbols) or 'none'}")
        if self.bars <= 0:
            raise BadCandles(f"no bars are left to run: {len(self.rows[0])} bar(s), {self.known} of them known before it")

    @property
    def interval_ms(self) -> int:
        """The length of a bar."""
        return INTERVAL_MS[self.interval]

    @property
    def bars(self) -> int:
        """How many bars the run has, per symbol, those known before it not counted."""
        return len(self.rows[0]) - self.known

    @property
    def known(self) -> int:
        """How many bars have closed when the run begins."""
        return self.past + self.warmup

    @property
    def first_open_ms(self) -> int:
        """When the oldest known bar opened."""
        return self.rows[0][0].open_time_ms

    @property
    def start_ms(self) -> int:
        """When the first bar of the run opens."""
        return self.rows[0][self.known].open_time_ms


def from_candles(
    candles: Sequence[Candles],
    *,
    warmup: int = 1000,
    start_ms: int | None = None,
    end_ms: int | None = None,
    bars: int | None = None,
    past: int = 0,
) -> Market:
    """Join recorded candles over the time that all of them share.

    The run begins with the first bar at or after `start_ms` that has `warmup` bars before it, and lasts `bars` bars or
    until the last one that has closed by `end_ms`. Of older bars, where there are any, up to `past` are kept.
    """
    if not candles:
        raise BadCandles("no candles given")
    if warmup < 0:
        raise BadCandles(f"a warm-up has 0 bars or more, not {warmup}")
    intervals = {one.interval for one in candles}
    if len(intervals) > 1:
        raise BadCandles(f"all symbols of a run share one interval, these have {', '.join(sorted(intervals))}")
    step = candles[0].interval_ms
    begin = max(int(one.open_time_ms[0]) for one in candles)
    end = min(int(one.open_time_ms[-1]) for one in candles) + step
    if end_ms is not None:
        end = min(end, end_ms // step * step)
    if end <= begin:
        raise BadCandles(f"the candles of {', '.join(one.symbol for one in candles)} share no time")
    first = begin if start_ms is None else max(begin, -(-start_ms // step) * step - warmup * step)
    run_start = first + warmup * step
    last = end if bars is None else min(end, run_start + bars * step)
    if last <= run_start:
        raise BadCandles(f"no bars are left after a warm-up of {warmup}: the candles end at {moment(end)}")
    oldest = max(begin, first - past * step)
    return Market(
        symbols=tuple(one.symbol for one in candles),
        interval=candles[0].interval,
        warmup=warmup,
        rows=tuple(_cut(one, oldest, last) for one in candles),
        past=(first - oldest) // step,
    )


def generate(
    symbols: Sequence[str],
    interval: str,
    *,
    bars: int,
    warmup: int = 1000,
    seed: int = 0,
    start_ms: int | None = None,
    past: int = 0,
) -> Market:
    """Make up a market: the same seed gives the same bars, with whatever `past` before them. Raises `BadCandles`."""
    if bars < 1:
        raise BadCandles(f"a market has one bar or more, not {bars}")
    many = warmup + bars
    made = [generated_candles(one, interval, many, seed=seed, start_ms=start_ms, past=past) for one in symbols]
    run_ms = int(made[0].open_time_ms[past + warmup]) if made else None
    return from_candles(made, warmup=warmup, start_ms=run_ms, bars=bars, past=past)


def _cut(candles: Candles, first_ms: int, last_ms: int) -> tuple[Candle, ...]:
    offset = (first_ms - int(candles.open_time_ms[0])) // candles.interval_ms
    return candles.rows(offset, offset + (last_ms - first_ms) // candles.interval_ms)
