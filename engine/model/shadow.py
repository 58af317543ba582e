"""A shadow: other settings traded on paper beside the live ones, over the same prices; and how the two compare."""

from dataclasses import dataclass
from decimal import Decimal

from engine.model.past import Finding


@dataclass(frozen=True, slots=True)
class ShadowPlan:
    """What the shadow does otherwise than the live settings, since when (market time), and with which money it began."""

    changes: tuple[tuple[str, float], ...]
    since_ms: int
    wallet: Decimal
    told_ms: int = 0  # when the owner was last told how the two compare


@dataclass(frozen=True, slots=True)
class SideFigures:
    """What one of the two made of the time."""

    trades: int
    wins: int
    net: Decimal
    net_r: float
    drawdown: float  # of closed trades, as a fraction of the money it began with


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """Both beside each other. The interval is of the difference of net R, shadow less live."""

    changes: tuple[tuple[str, float], ...]
    since_ms: int
    until_ms: int
    live: SideFigures
    shadow: SideFigures
    low_r: float
    high_r: float
    level: float
    finding: Finding
    is_latched: bool  # the shadow's own drawdown latch ended its entries


@dataclass(frozen=True, slots=True)
class ShadowCompared:
    """A week of it went by: told once a week."""

    comparison: ShadowComparison
    time_ms: int
