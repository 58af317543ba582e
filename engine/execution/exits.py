"""Exit plans: when a position must be left, and at what price.

Pure. Levels move only on closed bars (`trailed`) and may be touched by any price (`touched`). All levels lie on the
symbol's grid.
"""

import math
from typing import Final, NamedTuple

from engine.model.grid import nearest_ticks, price_at
from engine.model.market import LotRules, PriceWindow
from engine.model.orders import ExitPlan
from engine.model.signals import Regime
from engine.params import TradingParams

HOUR_MS: Final = 3_600_000.0
WIDE_STOP_R: Final = 2.0


class Touch(NamedTuple):
    """What a price touched: 0 nothing, 1 the stop, 2 the target; and at which price."""

    kind: int
    price: float


NO_TOUCH: Final = Touch(0, 0.0)


def on_grid(price: float, lot: LotRules) -> float:
    """The price of the nearest tick, and at least one tick."""
    ticks = nearest_ticks(price, lot)
    return price_at(ticks if ticks > 1 else 1, lot)


def first_plan(
    side: int, entry: float, atr: float, liquidation: float, lot: LotRules, opened_ms: int, params: TradingParams
) -> ExitPlan:
    """The plan of a position at its fill. `liquidation` 0 = it cannot be liquidated; `opened_ms` opens the entry's bar."""
    distance = atr * params.stop_atr_multiplier
    stop = on_grid(entry - side * distance, lot)
    target = on_grid(entry + side * distance * params.take_profit_multiplier, lot)
    wide = entry - side * distance * WIDE_STOP_R
    halfway = (stop + liquidation) / 2.0
    if liquidation > 0.0 and side * (halfway - wide) > 0.0:
        wide = halfway
    return ExitPlan(side, entry, distance, stop, target, on_grid(wide, lot), math.nan, opened_ms)


def touched(plan: ExitPlan, seen: PriceWindow) -> Touch:
    """What a window of prices touches. The stop is judged before the target; a gap fills at the open."""
    against = seen.low if plan.side > 0 else seen.high
    towards = seen.high if plan.side > 0 else seen.low
    if plan.side * (against - plan.stop) <= 0.0:
        return Touch(1, seen.open if plan.side * (seen.open - plan.stop) < 0.0 else plan.stop)
    if plan.side * (towards - plan.target) >= 0.0:
        return Touch(2, seen.open if plan.side * (seen.open - plan.target) > 0.0 else plan.target)
    return NO_TOUCH


def trailed(plan: ExitPlan, close: float, atr: float, lot: LotRules, params: TradingParams) -> ExitPlan:
    """The plan after one more closed bar: the stop follows the best close, by whole ticks, and never loosens.

    While ATR is unknown (NaN) the stop stays where it is.
    """
    best = plan.best_close if plan.side * (plan.best_close - close) >= 0.0 else close
    stop = plan.stop
    if atr >= 0.0:
        stop = tighter(plan, on_grid(best - plan.side * atr * params.stop_atr_multiplier, lot))
    return ExitPlan(plan.side, plan.entry, plan.risk_distance, stop, plan.target, plan.wide_stop, best, plan.opened_ms)


def tighter(plan: ExitPlan, stop: float) -> float:
    """The nearer to the market of the plan's stop and another."""
    return stop if plan.side * (stop - plan.stop) > 0.0 else plan.stop


def overdue(plan: ExitPlan, close_ms: int, params: TradingParams) -> bool:
    """Whether the position has been open for its whole time at a close."""
    return close_ms - plan.opened_ms >= params.max_position_hours * HOUR_MS


def opposed(side: int, regime: Regime, params: TradingParams) -> bool:
    """Whether the regime of a closed bar ends a position on `side`."""
    if params.exit_on_range != 0 and regime == Regime.RANGE:
        return True
    return regime == (Regime.BEAR_TREND if side > 0 else Regime.BULL_TREND)


def locked_in_r(plan: ExitPlan) -> float:
    """The result at the stop in units of R, before costs."""
    return plan.side * (plan.stop - plan.entry) / plan.risk_distance if plan.risk_distance > 0.0 else 0.0


def moved_to_entry(plan: ExitPlan, lot: LotRules) -> ExitPlan:
    """The plan with its stop at the entry, or as it is where that would loosen it."""
    stop, best = tighter(plan, on_grid(plan.entry, lot)), plan.best_close
    if stop == plan.stop:
        return plan
    return ExitPlan(plan.side, plan.entry, plan.risk_distance, stop, plan.target, plan.wide_stop, best, plan.opened_ms)
