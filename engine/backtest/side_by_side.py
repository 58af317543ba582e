"""Live trades against those of a shadow over the same days: figures, and how sure the difference is."""

from collections.abc import Sequence
from decimal import Decimal

import numpy as np

from engine.backtest.history import Floats
from engine.backtest.what_if import FEW_DAYS, FEW_TRADES, LEVEL, interval
from engine.model.market import DAY_MS
from engine.model.orders import Trade
from engine.model.past import Finding
from engine.model.shadow import ShadowComparison, ShadowPlan, SideFigures


def side_by_side(
    plan: ShadowPlan, live: Sequence[Trade], shadow: Sequence[Trade], until_ms: int, *, is_latched: bool
) -> ShadowComparison:
    """Compare what began since the shadow does and has ended. Entries by hand are live trades too."""
    ours = [trade for trade in live if _is_within(trade, plan.since_ms, until_ms)]
    theirs = [trade for trade in shadow if _is_within(trade, plan.since_ms, until_ms)]
    by_day = _daily_r(theirs, plan.since_ms, until_ms) - _daily_r(ours, plan.since_ms, until_ms)
    low, high = interval(by_day)
    return ShadowComparison(
        changes=plan.changes,
        since_ms=plan.since_ms,
        until_ms=until_ms,
        live=figures(ours, plan.wallet),
        shadow=figures(theirs, plan.wallet),
        low_r=low,
        high_r=high,
        level=LEVEL,
        finding=_finding(ours, theirs, len(by_day), low, high),
        is_latched=is_latched,
    )


def _is_within(trade: Trade, since_ms: int, until_ms: int) -> bool:
    return trade.entry_time_ms >= since_ms and 0 < trade.exit_time_ms <= until_ms


def figures(trades: Sequence[Trade], wallet: Decimal) -> SideFigures:
    """One side."""
    peak = money = Decimal(0)
    fall = Decimal(0)
    for trade in sorted(trades, key=lambda one: one.exit_time_ms):
        money += trade.net
        peak = max(peak, money)
        fall = max(fall, (peak - money) / (wallet + peak))
    return SideFigures(
        trades=len(trades),
        wins=sum(trade.net > 0 for trade in trades),
        net=money,
        net_r=sum(trade.result_in_r for trade in trades),
        drawdown=float(fall),
    )


def _daily_r(trades: Sequence[Trade], since_ms: int, until_ms: int) -> Floats:
    first = since_ms // DAY_MS
    by_day = np.zeros(max(1, until_ms // DAY_MS - first + 1))
    for trade in trades:
        by_day[trade.exit_time_ms // DAY_MS - first] += trade.result_in_r
    return by_day


def _finding(live: Sequence[Trade], shadow: Sequence[Trade], days: int, low: float, high: float) -> Finding:
    if not live and not shadow:
        return Finding.SAME
    if max(len(live), len(shadow)) < FEW_TRADES or days < FEW_DAYS:
        return Finding.TOO_SMALL
    if low > 0:
        return Finding.BETTER
    return Finding.WORSE if high < 0 else Finding.UNCLEAR
