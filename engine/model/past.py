"""What history says about settings, for whoever shows it: plain values, made in a process of their own.

A figure always comes with what it stands on: the time, the bars, the trades, and whether that is enough to mean anything.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.model.market import DAY_MS
from engine.model.signals import Code


class WhyNot(StrEnum):
    """Why something was not measured."""

    BUSY = "busy"  # something else is being measured
    AWAY = "away"  # the exchange cannot be asked for bars
    FEW_BARS = "few_bars"
    SHORT_TIME = "short_time"  # too short to choose on one part and to judge on another
    HOLE = "hole"  # bars are missing in the middle
    NOT_LISTED = "not_listed"  # the exchange does not trade the symbol
    STOPPED = "stopped"
    TOO_LONG = "too_long"
    BROKE = "broke"
    CONFLICT = "conflict"  # the settings contradict each other


class NotMeasured(Exception):
    """There is no figure, and this is why. `detail`: the symbol or setting that is to blame, or the figures."""

    def __init__(self, reason: WhyNot, detail: str = "") -> None:
        super().__init__(f"{reason.value} {detail}".strip())
        self.reason = reason
        self.detail = detail


class Phase(StrEnum):
    """What is being done about a question."""

    FETCHING = "fetching"
    PREPARING = "preparing"
    WALKING = "walking"
    SEARCHING = "searching"
    DRAWING = "drawing"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far it is. `total` 0 = nobody knows."""

    phase: Phase
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class PastFigures:
    """One setting over a time. Money as the ledger books it; `net_r` in multiples of what was planned to be at risk."""

    trades: int
    wins: int
    gross: Decimal
    fees: Decimal
    funding: Decimal
    net_r: float
    drawdown: float  # the largest fall of equity under its peak, as a fraction
    judged: int  # bars that were ruled on
    signals: int  # of them, those whose confidence was high enough
    entered: int
    left_open: int
    is_latched: bool
    refusals: tuple[tuple[Code, int], ...]  # how often each check did not hold, the most frequent first

    @property
    def net(self) -> Decimal:
        """Money in the end, open positions left out."""
        return self.gross - self.fees + self.funding


class Finding(StrEnum):
    """What a comparison says."""

    SAME = "same"  # not one trade differs
    TOO_SMALL = "too_small"  # too few trades to mean anything
    UNCLEAR = "unclear"  # the interval of the difference holds zero
    BETTER = "better"
    WORSE = "worse"


@dataclass(frozen=True, slots=True)
class WhatIf:
    """Old settings against new ones over the same bars. The interval is of the difference of net R, new less old."""

    days: int
    begin_ms: int
    end_ms: int
    symbols: tuple[str, ...]
    before: PastFigures
    after: PastFigures
    differing: int  # trades that only one of the two has
    low_r: float
    high_r: float
    level: float  # how often such an interval would hold the truth, were the future like this past
    finding: Finding


@dataclass(frozen=True, slots=True)
class DialStep:
    """What one threshold would have given."""

    threshold: float
    signals: int  # bars whose confidence was high enough; never more at a higher threshold
    trades: int
    latched_ms: int  # when the latch ended all entries; 0 = it did not

    @property
    def is_latched(self) -> bool:
        """Whether the trades are those of a part of the time."""
        return self.latched_ms > 0


@dataclass(frozen=True, slots=True)
class Dial:
    """All thresholds over the same bars."""

    days: int
    begin_ms: int
    end_ms: int
    symbols: tuple[str, ...]
    bars: int
    steps: tuple[DialStep, ...]

    def per_week(self, step: DialStep) -> float:
        """A step's trades as a number a week: while entries were possible, since what was latched only looks calm after it."""
        traded_ms = (step.latched_ms or self.end_ms) - self.begin_ms
        return step.trades * 7 * DAY_MS / max(traded_ms, DAY_MS)  # less than a day is no pace

    def at(self, threshold: float) -> DialStep | None:
        """The step that lies at this threshold."""
        return next((step for step in self.steps if abs(step.threshold - threshold) < 1e-9), None)


class EndCause(StrEnum):
    """What ended all entries of a setting before the time was over."""

    DRAWDOWN = "drawdown"
    LIQUIDATION = "liquidation"
    RAN_DRY = "ran_dry"  # the wallet was too small for the smallest order


@dataclass(frozen=True, slots=True)
class EntriesEnded:
    """Since when a setting entered nothing any more, and why."""

    cause: EndCause
    time_ms: int


class CalibrationFinding(StrEnum):
    """What a search over settings may say. A value is the name that the search itself gives."""

    TOO_LITTLE = "too_little"
    NO_BETTER = "no_better"
    LOSES_LESS = "loses_less"
    UNPROVEN = "unproven"  # it gained, but no more than chance or the best of so many tries explains
    BETTER = "better"


@dataclass(frozen=True, slots=True)
class Calibration:
    """A search over settings, judged on what it was not chosen on. R of all steps; the interval is of a step's difference."""

    finding: CalibrationFinding
    symbols: tuple[str, ...]
    begin_ms: int
    end_ms: int
    tried: int
    steps: int
    step_days: int
    chosen_r: float
    chosen_trades: int
    present_r: float
    present_trades: int
    low_r: float
    high_r: float
    deflated_sharpe: float
    overfitting: float
    changes: tuple[tuple[str, float, float], ...]  # of the choice on all of it: name, present, chosen
    present_ended: EntriesEnded | None  # later steps count nothing of it
    chosen_ended: EntriesEnded | None  # the earliest of all that were chosen
