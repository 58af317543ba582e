"""The last look before an entry: limits of the account and of the market's state, each with seen and needed.

A value that is not known (NaN) does not pass where an entry without it would be blind; a missing quote is such a value.
"""

from engine.model.signals import Check, Features, Size, VetoChecks
from engine.model.situation import Situation
from engine.params import TradingParams

MINUTE_MS = 60_000.0


def veto_checks(side: int, features: Features, size: Size, now: Situation, params: TradingParams) -> VetoChecks:
    """Ask every limit, in the order of `Code`."""
    volatility = features.atr / features.close if features.close > 0.0 else features.atr
    drawdown = fall(now.peak_equity, now.equity)
    daily_loss = fall(now.day_start_equity, now.equity)
    funding_minutes = now.funding_in_ms / MINUTE_MS
    return VetoChecks(
        too_many_positions=Check(
            now.open_positions < params.max_positions, float(now.open_positions), float(params.max_positions)
        ),
        too_volatile=Check(volatility <= params.max_atr_fraction, volatility, params.max_atr_fraction),
        drawdown=Check(drawdown <= params.max_drawdown, drawdown, params.max_drawdown),
        margin_short=Check(size.margin <= now.available, now.available, size.margin),
        spread_wide=Check(now.spread_bps <= params.max_spread_bps, now.spread_bps, params.max_spread_bps),
        funding_near=Check(
            not is_funding_near(side, funding_minutes, now, params), side * now.funding_rate, params.max_funding_rate
        ),
        daily_loss=Check(daily_loss <= params.max_daily_loss, daily_loss, params.max_daily_loss),
        loss_streak=Check(now.streak_locked_ms <= 0, float(now.streak_locked_ms), 0.0),
        taken_outside=Check(not now.is_taken, 1.0 if now.is_taken else 0.0, 0.0),
        not_tradable=Check(not now.is_ending, 1.0 if now.is_ending else 0.0, 0.0),
        exchange_refuses=Check(not now.is_refused, 1.0 if now.is_refused else 0.0, 0.0),
        store_down=Check(not now.is_store_down, 1.0 if now.is_store_down else 0.0, 0.0),
        guarded=Check(not now.is_guarded, 1.0 if now.is_guarded else 0.0, 0.0),
        exchange_silent=Check(not now.is_silent, 1.0 if now.is_silent else 0.0, 0.0),
    )


def fall(before: float, now: float) -> float:
    """How much less there is, as a fraction; 0 where there is more, NaN where either is unknown."""
    if before <= 0.0 or now >= before:
        return 0.0
    return (before - now) / before


def is_funding_near(side: int, minutes: float, now: Situation, params: TradingParams) -> bool:
    """Whether much funding is due soon, and we would pay it: longs pay a positive rate, shorts a negative one."""
    is_soon = now.funding_in_ms > 0 and minutes < params.funding_window_minutes
    return is_soon and side * now.funding_rate > params.max_funding_rate
