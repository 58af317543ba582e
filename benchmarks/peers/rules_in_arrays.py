"""AUTOBOT's own rules in whole arrays, as a user of vectorbt would write them: TA-Lib and numpy (docs/trading.md, 2 to 5)."""

from typing import Any, Final, NamedTuple

import contest
import numpy as np
import talib

THRESHOLD: Final = 0.7
FRESH_BARS: Final = 3


class Seen(NamedTuple):
    """What the settings of the grid do not change: entries but for ADX's gate, exits by regime, ADX and ATR."""

    longs: Any
    shorts: Any
    is_bull: Any
    is_bear: Any
    adx: Any
    atr: Any


def seen(year: contest.Year) -> Seen:
    """Features, regime, seven votes, bias, confidence, and the gate's rules without ADX's minimum."""
    _, _, high, low, close, _ = year
    adx, atr = talib.ADX(high, low, close, 14), talib.ATR(high, low, close, 14)
    rsi, long = talib.RSI(close, 14), talib.EMA(close, 21)
    is_trend = adx >= 20.0
    is_bull, is_bear = is_trend & (close > long) & (rsi > 50.0), is_trend & (close < long) & (rsi < 50.0)
    regime = is_bull.astype(np.int8) - is_bear + 2 * (is_trend & ~is_bull & ~is_bear)
    side, confidence = opinion(year, votes(year, rsi, long, atr), is_bull | is_bear)
    is_steady = ~((shifted(adx, 1) > 50.0) & (adx <= 0.95 * shifted(adx, 1))) & ~fresh(regime)
    is_sure = (confidence >= THRESHOLD) & is_steady
    return Seen((side > 0) & is_bull & is_sure, (side < 0) & is_bear & is_sure, is_bull, is_bear, adx, atr)


def votes(year: contest.Year, rsi: Any, long: Any, atr: Any) -> list[tuple[Any, Any]]:
    """Bias and strength of each rule."""
    _, open_, _, _, close, volume = year
    short, trend = talib.EMA(close, 9), talib.EMA(close, 50)
    macd, signal, _ = talib.MACD(close, 12, 26, 9)
    upper, _, lower = talib.BBANDS(close, 20, 2.0, 2.0)
    volume_share = volume / talib.SMA(volume, 20)
    atr_share = atr / talib.SMA(atr, 50)
    away = (close - trend) / atr
    apart, macd_apart = np.sign(short - long), np.sign(macd - signal)
    beyond = np.where(close > upper, close - upper, lower - close) / atr
    leans = np.where((rsi > 55.0) & (rsi < 80.0), 1.0, np.where((rsi > 20.0) & (rsi < 45.0), -1.0, 0.0))
    breaks = np.where(close > upper, 1.0, np.where(close < lower, -1.0, 0.0))
    back = np.where(np.abs(away) > 2.0, -np.sign(away), 0.0)
    loud = np.where(volume_share > 2.0, np.sign(close - open_), 0.0)
    wide = np.where(atr_share > 1.25, np.sign(close - shifted(close, 3)), 0.0)
    return [
        (apart, np.where(fresh(apart), 1.0, np.abs(short - long) / (0.5 * atr))),
        (leans, np.abs(rsi - 50.0) / 20.0),
        (breaks, 0.5 + beyond),
        (back, 0.5 + (np.abs(away) - 2.0) / 4.0),
        (loud, (volume_share - 1.0) / 3.0),
        (macd_apart, np.where(fresh(macd_apart), 1.0, np.abs(macd - signal) / (0.25 * atr))),
        (wide, 2.0 * (atr_share - 1.0)),
    ]


def opinion(year: contest.Year, cast: list[tuple[Any, Any]], is_trend: Any) -> tuple[Any, Any]:
    """The side that the votes propose, and how sure they are. In trends mean reversion does not count."""
    leaning, active = np.zeros(len(year.close)), np.zeros(len(year.close))
    weights = [np.where(is_trend, 0.0, 1.0) if place == 3 else 1.0 for place in range(len(cast))]
    for (bias, _), weight in zip(cast, weights, strict=True):
        known = np.nan_to_num(bias)
        leaning += weight * known
        active += weight * (known != 0.0)
    lean = leaning / np.maximum(active, 1e-9)
    side = np.where(lean > 0.3, 1.0, np.where(lean < -0.3, -1.0, 0.0))
    agreeing = np.zeros(len(side))
    for (bias, strength), weight in zip(cast, weights, strict=True):
        agreeing += np.where(bias == side, weight * np.nan_to_num(np.clip(strength, 0.0, 1.0)), 0.0)
    return side, np.minimum(1.0, agreeing / sum(weights))


def shifted(values: Any, bars: int) -> Any:
    """Each value so many bars later."""
    later = np.full(len(values), np.nan)
    later[bars:] = values[:-bars]
    return later


def fresh(values: Any) -> Any:
    """Whether a value differs from the one before it on this bar or one of the two before it."""
    changed = np.zeros(len(values), dtype=np.bool_)
    changed[1:] = values[1:] != values[:-1]
    recent = changed.copy()
    for bars in range(1, FRESH_BARS):
        recent[bars:] |= changed[:-bars]
    return recent
