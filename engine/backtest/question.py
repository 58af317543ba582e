"""A question about the past, as the live process asks it: which symbols, from when, on which terms. All of it travels."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from engine.backtest.history import Candles, Simulation
from engine.model.market import DAY_MS, SymbolRules
from engine.model.signals import Sides
from engine.params import TradingParams


@dataclass(frozen=True, slots=True)
class SymbolPast:
    """One symbol: its rules, and the bars that the engine itself remembers; older ones lie on disk."""

    rules: SymbolRules
    candles: Candles


@dataclass(frozen=True, slots=True)
class PastQuestion:
    """Walk `symbols` over the days before `end_ms`. `folder` holds the bars that were read before."""

    symbols: tuple[SymbolPast, ...]
    interval_ms: int
    days: int
    end_ms: int
    warmup_bars: int
    wallet: Decimal
    sides: Sides
    params: TradingParams
    folder: Path

    @property
    def begin_ms(self) -> int:
        """From when on entries count."""
        return self.end_ms - self.days * DAY_MS

    @property
    def needed_ms(self) -> int:
        """From when on bars are needed: the warm-up comes first."""
        return self.begin_ms - self.warmup_bars * self.interval_ms

    def simulation(self) -> Simulation:
        """The terms."""
        return Simulation(wallet=self.wallet, warmup_bars=self.warmup_bars, sides=self.sides, from_ms=self.begin_ms)
