"""What each rule says about a closed bar: one function a rule, each gives one vote.

A feature that is not known yet is NaN and makes its rule abstain. A vote without a side has no strength.
"""

from typing import Final

from engine.model.signals import Features, Vote, Votes
from engine.params import TradingParams

NO_VOTE: Final = Vote(0, 0.0)
RSI_MIDDLE: Final = 50.0


def cast_votes(now: Features, params: TradingParams) -> Votes:
    """Ask every rule, in the order of the table."""
    return Votes(
        trend_following(now, params),
        momentum(now, params),
        breakout(now, params),
        mean_reversion(now, params),
        volume_spike(now, params),
        macd(now, params),
        volatility(now, params),
    )


def trend_following(now: Features, params: TradingParams) -> Vote:
    """The short average is on one side of the long one: go with it, at full strength while the cross is fresh."""
    distance = now.ema_short - now.ema_long
    if now.ema_cross_age < params.fresh_cross_bars:
        return vote(distance, 1.0)
    return vote(distance, ratio(abs(distance), params.trend_span * now.atr))


def momentum(now: Features, params: TradingParams) -> Vote:
    """RSI leans to one side and is not exhausted: go with it."""
    strength = abs(now.rsi - RSI_MIDDLE) / params.momentum_span
    if params.momentum_long_from < now.rsi < params.momentum_long_to:
        return vote(1.0, strength)
    if params.momentum_short_from < now.rsi < params.momentum_short_to:
        return vote(-1.0, strength)
    return NO_VOTE


def breakout(now: Features, params: TradingParams) -> Vote:
    """The close left the Bollinger channel: go with it."""
    if now.close > now.band_high:
        return vote(1.0, params.breakout_base + ratio(now.close - now.band_high, now.atr))
    if now.close < now.band_low:
        return vote(-1.0, params.breakout_base + ratio(now.band_low - now.close, now.atr))
    return NO_VOTE


def mean_reversion(now: Features, params: TradingParams) -> Vote:
    """The close is far from its average: expect it back."""
    distance = ratio(now.close - now.ema_trend, now.atr)
    if abs(distance) > params.reversion_distance:
        beyond = abs(distance) - params.reversion_distance
        return vote(-distance, params.reversion_base + beyond / params.reversion_span)
    return NO_VOTE


def volume_spike(now: Features, params: TradingParams) -> Vote:
    """Unusual volume: go with the bar."""
    if now.volume > params.volume_factor * now.volume_sma:
        return vote(now.close - now.open, (ratio(now.volume, now.volume_sma) - 1.0) / params.volume_span)
    return NO_VOTE


def macd(now: Features, params: TradingParams) -> Vote:
    """MACD is on one side of its signal: go with it, at full strength while the cross is fresh."""
    distance = now.macd - now.macd_signal
    if now.macd_cross_age < params.fresh_cross_bars:
        return vote(distance, 1.0)
    return vote(distance, ratio(abs(distance), params.macd_span * now.atr))


def volatility(now: Features, params: TradingParams) -> Vote:
    """Ranges grow: go with the last move."""
    if now.atr > params.volatility_factor * now.atr_mean:
        return vote(now.close - now.close_back, params.volatility_gain * (ratio(now.atr, now.atr_mean) - 1.0))
    return NO_VOTE


def vote(lean: float, strength: float) -> Vote:
    """A vote for the side that `lean` points to, its strength cut to 0..1."""
    if lean > 0.0:
        return Vote(1, unit(strength))
    if lean < 0.0:
        return Vote(-1, unit(strength))
    return NO_VOTE


def ratio(part: float, whole: float) -> float:
    """A part over the whole; 0 where the whole is nothing or unknown."""
    return part / whole if whole > 0.0 else 0.0


def unit(value: float) -> float:
    """Cut to 0..1; 0 for NaN."""
    if value > 1.0:
        return 1.0
    return value if value > 0.0 else 0.0


RULES: Final = (trend_following, momentum, breakout, mean_reversion, volume_spike, macd, volatility)
