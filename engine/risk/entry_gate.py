"""The entry gate: every condition on a bar and its moment, each with the value seen and the value needed.

All of them are asked, also after the first that fails. A value that is not known (NaN) never passes.
A neutral bar has no side: what depends on a side holds for it, and `neutral` alone says no.
"""

from engine.model.signals import Check, Features, GateChecks, Opinion, Proposal, Regime, RegimeState, Sides
from engine.model.situation import Situation
from engine.params import TradingParams


def gate_checks(features: Features, regime: RegimeState, opinion: Opinion, now: Situation, params: TradingParams) -> GateChecks:
    """Ask every condition, in the order of `Code`."""
    side = opinion.proposal.value
    return GateChecks(
        side_not_allowed=Check(allows(now.sides, side), float(side), float(now.sides)),
        neutral=Check(side != 0, opinion.bias, params.bias_threshold),
        regime_range=Check(regime.regime != Regime.RANGE, features.adx, params.regime_adx),
        regime_unclear=Check(regime.regime != Regime.UNCLEAR, float(regime.regime.value), float(trend_of(side).value)),
        regime_opposes=Check(not opposes(regime.regime, side), float(regime.regime.value), float(trend_of(side).value)),
        adx_low=Check(features.adx >= params.adx_minimum, features.adx, params.adx_minimum),
        adx_falling=adx_check(features, params),
        trend_unstable=Check(regime.age >= params.stable_bars, float(regime.age), float(params.stable_bars)),
        confidence_low=Check(
            opinion.confidence >= params.activation_threshold, opinion.confidence, params.activation_threshold
        ),
        paused=flag(now.is_paused),
        halted=flag(now.is_halted),
        latched=flag(now.is_latched),
        symbol_locked=Check(now.symbol_locked_ms <= 0, float(now.symbol_locked_ms), 0.0),
        cooling_down=Check(
            now.bars_since_exit >= params.cooldown_bars, float(now.bars_since_exit), float(params.cooldown_bars)
        ),
        stale_data=Check(now.data_age_ms <= now.data_age_limit_ms, float(now.data_age_ms), float(now.data_age_limit_ms)),
        warming_up=Check(now.bars_seen >= now.warmup_bars, float(now.bars_seen), float(now.warmup_bars)),
        position_open=flag(now.has_position),
        not_ready=flag(not now.is_ready),
    )


def flag(is_on: bool) -> Check:
    """A condition that is a plain yes or no."""
    return Check(not is_on, 1.0 if is_on else 0.0, 0.0)


def allows(sides: int, side: int) -> bool:
    """Whether the owner allows a side; a bar without a side asks for none."""
    if side == 0 or sides == Sides.BOTH:
        return True
    return sides == (Sides.LONG if side > 0 else Sides.SHORT)


def trend_of(side: int) -> Regime:
    """The regime that a side needs."""
    if side == Proposal.PROPOSE_SHORT:
        return Regime.BEAR_TREND
    return Regime.BULL_TREND


def opposes(regime: Regime, side: int) -> bool:
    """Whether the trend runs against a side."""
    if side > 0:
        return regime == Regime.BEAR_TREND
    return side < 0 and regime == Regime.BULL_TREND


def adx_check(features: Features, params: TradingParams) -> Check:
    """Whether a strong trend is not just breaking off; needed is the ADX from which it would hold."""
    enough = features.adx_before * (1.0 - params.adx_falling_threshold)
    is_falling = params.adx_chop_filter != 0 and features.adx_before > params.adx_falling_from and features.adx <= enough
    return Check(not is_falling, features.adx, enough)
