"""What an audit found: numbers and names only, light enough for whoever draws them."""

from dataclasses import dataclass
from typing import Final

AGREED_BELOW: Final = 1e-9


@dataclass(frozen=True, slots=True)
class IndicatorsCompared:
    """One symbol's features against the reference on `bars` bars, after `burn_in` that were set aside; no bars = too few.

    `largest` is the largest relative difference, of `feature` on the bar that opened at `at_ms`; infinite where a feature of
    ours was unknown. `unknown` counts values that the reference gave no number for.
    """

    symbol: str
    bars: int
    burn_in: int
    features: int = 0
    unknown: int = 0
    largest: float = 0.0
    feature: str = ""
    at_ms: int = 0

    @property
    def differs(self) -> bool:
        """Whether a difference was found. Nothing compared is no agreement either."""
        return self.largest >= AGREED_BELOW


@dataclass(frozen=True, slots=True)
class TraderCompared:
    """The compiled walk against the Trader itself: its `trades` and those that were `replayed`, and everything that differs
    in them, in the funnel and in the account, line by line.
    """

    trades: int
    replayed: int
    judged: int
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Audit:
    """Both, for one run."""

    indicators: tuple[IndicatorsCompared, ...]
    trader: TraderCompared

    @property
    def differs(self) -> bool:
        """Whether anything differs."""
        return bool(self.trader.differences) or any(one.differs for one in self.indicators)
