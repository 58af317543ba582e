"""What a backtest is given: candles without a hole, the symbol's rules, its funding, and the terms of the simulation."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.model.market import FUNDING_EVERY_MS, SymbolRules
from engine.model.signals import Sides

type Floats = NDArray[np.float64]
type Ints = NDArray[np.int64]

ASSUMED_FUNDING: Final = 10_000  # 1 bp, in units of 1e-8, every 8 hours: where no payments are on record
PPM_A_BP: Final = 100


@dataclass(frozen=True, slots=True)
class Candles:
    """Closed bars of one symbol in order, each interval once. Arrays of one length; `open_time_ms` UTC milliseconds."""

    symbol: str
    interval_ms: int
    open_time_ms: Ints
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    def __len__(self) -> int:
        return len(self.open_time_ms)

    @property
    def end_ms(self) -> int:
        """When the last bar closed."""
        return int(self.open_time_ms[-1]) + self.interval_ms

    def part(self, begin: int, end: int) -> "Candles":
        """The bars from one place to before another, as views."""
        prices = (column[begin:end] for column in (self.open, self.high, self.low, self.close, self.volume))
        return Candles(self.symbol, self.interval_ms, self.open_time_ms[begin:end], *prices)


@dataclass(frozen=True, slots=True)
class Funding:
    """Settled funding of one symbol: when, and the rate in units of 1e-8 (positive: longs pay shorts)."""

    time_ms: Ints
    rate_e8: Ints
    is_assumed: bool = False


@dataclass(frozen=True, slots=True)
class SymbolHistory:
    """One symbol's part of a backtest. `is_inferred`: the grid was read off the prices, since no rules were given."""

    candles: Candles
    rules: SymbolRules
    funding: Funding
    is_inferred: bool = False


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading costs in a simulation, in millionths: 500 = 5 bps."""

    taker_ppm: int = 500
    half_spread_ppm: int = 100
    slippage_ppm: int = 100
    liquidation_ppm: int = 12_500


@dataclass(frozen=True, slots=True)
class Simulation:
    """The terms of a run. No entry is made before `from_ms`: the first ruling is that of the bar that closes then."""

    wallet: Decimal = Decimal(10_000)
    costs: Costs = Costs()
    warmup_bars: int = 1_000
    sides: Sides = Sides.BOTH
    from_ms: int = 0


def assumed_funding(first_ms: int, end_ms: int) -> Funding:
    """1 bp every 8 hours of UTC within a time."""
    begin = -(-first_ms // FUNDING_EVERY_MS) * FUNDING_EVERY_MS
    times = np.arange(begin, end_ms + 1, FUNDING_EVERY_MS, dtype=np.int64)
    return Funding(times, np.full(len(times), ASSUMED_FUNDING, dtype=np.int64), is_assumed=True)
