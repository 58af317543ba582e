"""What history says, ready-made, for tests of the conversation."""

from decimal import Decimal
from typing import Any, Final

from engine.model.past import (
    Calibration,
    CalibrationFinding,
    Dial,
    DialStep,
    Finding,
    PastFigures,
    WhatIf,
)
from engine.model.shadow import ShadowComparison, SideFigures
from engine.model.signals import Code

END_MS: Final = 1_700_000_000_000
DAY_MS: Final = 86_400_000


def figures(trades: int = 3, **others: Any) -> PastFigures:
    """A setting's figures."""
    values: dict[str, Any] = {
        "trades": trades,
        "wins": 1,
        "gross": Decimal("12.5"),
        "fees": Decimal("2.5"),
        "funding": Decimal("-1"),
        "net_r": 0.4,
        "drawdown": 0.021,
        "judged": 720,
        "signals": 90,
        "entered": trades,
        "left_open": 0,
        "is_latched": False,
        "refusals": ((Code.CONFIDENCE_LOW, 512), (Code.ADX_LOW, 300)),
    }
    return PastFigures(**values | others)


def a_what_if(days: int = 7, finding: Finding = Finding.TOO_SMALL, **others: Any) -> WhatIf:
    """A comparison."""
    values: dict[str, Any] = {
        "days": days,
        "begin_ms": END_MS - days * DAY_MS,
        "end_ms": END_MS,
        "symbols": ("ETHUSDT",),
        "before": figures(3),
        "after": figures(7, refusals=((Code.CONFIDENCE_LOW, 401), (Code.ADX_LOW, 300))),
        "differing": 4,
        "low_r": -0.9,
        "high_r": 3.4,
        "level": 0.9,
        "finding": finding,
    }
    return WhatIf(**values | others)


def a_dial() -> Dial:
    """All thresholds. Below 0.65 the latch ended entries after a week."""
    latched_ms = END_MS - 23 * DAY_MS
    steps = tuple(
        DialStep(round(0.05 * at, 2), 400 - 20 * at, max(0, 30 - at), latched_ms if at < 13 else 0) for at in range(1, 20)
    )
    return Dial(30, END_MS - 30 * DAY_MS, END_MS, ("ETHUSDT",), 720, steps)


def a_comparison(finding: Finding = Finding.TOO_SMALL) -> ShadowComparison:
    """A shadow of two weeks beside the live settings."""
    return ShadowComparison(
        changes=(("activation_threshold", 0.5), ("stop_atr_multiplier", 2.0)),
        since_ms=END_MS - 14 * DAY_MS,
        until_ms=END_MS,
        live=SideFigures(3, 1, Decimal("-12.30"), -0.8, 0.012),
        shadow=SideFigures(7, 4, Decimal("20.5"), 1.2, 0.02),
        low_r=-0.5,
        high_r=4.1,
        level=0.9,
        finding=finding,
        is_latched=True,
    )


def a_calibration(finding: CalibrationFinding = CalibrationFinding.NO_BETTER) -> Calibration:
    """A search over a year."""
    return Calibration(
        finding=finding,
        symbols=("ETHUSDT",),
        begin_ms=END_MS - 365 * DAY_MS,
        end_ms=END_MS,
        tried=512,
        steps=3,
        step_days=52,
        chosen_r=4.2,
        chosen_trades=80,
        present_r=1.0,
        present_trades=60,
        low_r=-1.5,
        high_r=3.1,
        deflated_sharpe=0.61,
        overfitting=0.4,
        changes=(("activation_threshold", 0.7, 0.55), ("weight.macd.bull_trend", 1.0, 2.0)),
        present_ended=None,
        chosen_ended=None,
    )
