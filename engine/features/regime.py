"""The kind of market: a range, a trend up or down, or a trend in which price and RSI disagree."""

from typing import Final

from engine.model.signals import Features, Regime, RegimeState
from engine.params import TradingParams

RSI_MIDDLE: Final = 50.0


def classify(features: Features, params: TradingParams) -> Regime:
    """Name the regime of a bar. While a feature that it needs is unknown this is RANGE, in which nothing is entered."""
    rsi, line = features.rsi, features.ema_long
    is_known = rsi == rsi and line == line
    if not (is_known and features.adx >= params.regime_adx):
        return Regime.RANGE
    if features.close > line and rsi > RSI_MIDDLE:
        return Regime.BULL_TREND
    if features.close < line and rsi < RSI_MIDDLE:
        return Regime.BEAR_TREND
    return Regime.UNCLEAR


def advance(before: RegimeState, now: Regime) -> RegimeState:
    """Take the regime of one more closed bar. The age is 0 on the bar that changed it."""
    return RegimeState(now, before.age + 1 if now == before.regime else 0)
