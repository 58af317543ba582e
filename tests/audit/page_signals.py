"""What the trading page says of each closed bar: features, regime, votes, and whether the gate would let an entry through.

Written from the page alone, over whole arrays, with TA-Lib for the indicators; it shares no line with what it judges.
"""

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import talib

type Floats = npt.NDArray[np.float64]
type Integers = npt.NDArray[np.int64]
type Truths = npt.NDArray[np.bool_]

RANGE, UNCLEAR, BULL, BEAR = 0, 2, 1, -1

ADX_TREND: Final = 20.0
ADX_MINIMUM: Final = 25.0
ADX_FALLING_FROM: Final = 50.0
ADX_FALLING_THRESHOLD: Final = 0.05
STABLE_BARS: Final = 3
BIAS_THRESHOLD: Final = 0.3
MAX_ATR_FRACTION: Final = 0.05
CROSS_BARS: Final = 3  # this bar or one of the two before it
NO_MOVE_RSI: Final = 50.0


class Bars(NamedTuple):
    """The closed bars of one symbol, column by column, oldest first, no hole."""

    symbol: str
    interval_ms: int
    open_time: Integers
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats


class Readings(NamedTuple):
    """Where the page can be read in two ways: the reading taken here is the default, another value is the other one."""

    age_on_change: int = 0  # regime_age on the bar on which the regime changes; the other reading: 1
    adx_chop_filter: bool = True
    warm_bar_decides: bool = False  # whether the last bar of the warm-up is already decided on
    cooldown_from_decision: bool = False  # an exit decided on a close counts for that bar, not for the one whose open fills it
    close_is_last_ms: bool = False  # a bar closes 1 ms before the next one opens, so 24 bars are less than 24 h
    exit_frees_next_close: bool = False  # an exit decided on a close frees its place only for decisions on the next close
    r_from_rounded_stop: bool = False  # R between the entry and the stop on the tick grid, not 1.5 ATR
    best_close_from_entry: bool = False  # the entry price counts as the first "close since entry"
    trail_needs_whole_tick: bool = False  # the unrounded trail has to be a tick better than the stop
    stop_behind_close_exits: bool = False  # a trail that lands on or beyond the close leaves at the next open, whatever that is
    correlated_from_held: int = (
        1  # the veto looks once so many positions are held; the other reading of "from two positions on": 2
    )
    rho_returns: int = 96  # the other reading of "over 96 bars": 95 returns
    rho_later_symbol_lags: bool = False  # a symbol later in the order has not shown this bar yet, so both end one bar earlier


class Signals(NamedTuple):
    """Per bar: ATR, regime, its age, bias, confidence, and the side (+1, -1, 0) that gate and volatility veto let through."""

    atr: Floats
    regime: Integers
    regime_age: Integers
    bias: Floats
    confidence: Floats
    entry: Integers


class Features(NamedTuple):
    """The indicators that the rules look at."""

    rsi: Floats
    macd: Floats
    macd_signal: Floats
    ema_9: Floats
    ema_21: Floats
    ema_50: Floats
    band_high: Floats
    band_low: Floats
    atr: Floats
    atr_mean: Floats
    adx: Floats
    volume_sma: Floats


def read_signals(bars: Bars, *, activation_threshold: float, readings: Readings) -> Signals:
    """Judge every bar. What stands before TA-Lib's burn-in means nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        now = features(bars)
        regime = classify(bars, now)
        age = ages(regime, readings.age_on_change)
        bias, confidence = weigh(*votes(bars, now), regime)
        proposal = np.where(bias > BIAS_THRESHOLD, 1, np.where(bias < -BIAS_THRESHOLD, -1, 0))
        before = np.roll(now.adx, 1)
        falling = (before > ADX_FALLING_FROM) & (now.adx <= before * (1 - ADX_FALLING_THRESHOLD))
        allowed = (
            (proposal != 0)
            & (proposal == regime)  # BULL is +1 and BEAR is -1; RANGE and UNCLEAR are no side
            & (now.adx >= ADX_MINIMUM)
            & ~(falling & readings.adx_chop_filter)
            & (age >= STABLE_BARS)
            & (confidence >= activation_threshold)
            & (now.atr / bars.close <= MAX_ATR_FRACTION)
        )
    return Signals(now.atr, regime, age, bias, confidence, np.where(allowed, proposal, 0).astype(np.int64))


def features(bars: Bars) -> Features:
    """Page 2."""
    high, low, close, volume = bars.high, bars.low, bars.close, bars.volume
    macd, macd_signal, _ = talib.MACD(close, 12, 26, 9)
    band_high, _, band_low = talib.BBANDS(close, 20, 2.0, 2.0)
    atr = talib.ATR(high, low, close, 14)
    rsi = talib.RSI(close, 14)
    has_moved = np.cumsum(np.diff(close, prepend=close[:1]) != 0) > 0
    return Features(
        rsi=np.where(has_moved, rsi, NO_MOVE_RSI),
        macd=macd,
        macd_signal=macd_signal,
        ema_9=talib.EMA(close, 9),
        ema_21=talib.EMA(close, 21),
        ema_50=talib.EMA(close, 50),
        band_high=band_high,
        band_low=band_low,
        atr=atr,
        atr_mean=talib.SMA(atr, 50),
        adx=talib.ADX(high, low, close, 14),
        volume_sma=talib.SMA(volume, 20),
    )


def classify(bars: Bars, now: Features) -> Integers:
    """Page 3."""
    is_trend = now.adx >= ADX_TREND
    is_bull = is_trend & (bars.close > now.ema_21) & (now.rsi > 50)
    is_bear = is_trend & (bars.close < now.ema_21) & (now.rsi < 50)
    regime: Integers = np.select([is_bull, is_bear, is_trend], [BULL, BEAR, UNCLEAR], RANGE).astype(np.int64)
    return regime


def ages(regime: Integers, on_change: int) -> Integers:
    """Count the closed bars since the regime last changed."""
    index = np.arange(len(regime))
    changed = np.diff(regime, prepend=regime[:1]) != 0
    last_change = np.maximum.accumulate(np.where(changed, index, 0))
    counted: Integers = (index - last_change + on_change).astype(np.int64)
    return counted


def votes(bars: Bars, now: Features) -> tuple[Floats, Floats]:
    """Page 4: the biases and the strengths of rules 1 to 7, one row a rule."""
    close, atr = bars.close, now.atr
    trend, cross = now.ema_9 - now.ema_21, now.macd - now.macd_signal
    stretch = (close - now.ema_50) / atr
    beyond = np.where(close > now.band_high, close - now.band_high, now.band_low - close)
    is_loud = bars.volume > 2 * now.volume_sma
    is_wild = atr > 1.25 * now.atr_mean
    rows: list[tuple[Any, Any]] = [
        (np.sign(trend), np.where(is_fresh(trend), 1.0, unit(np.abs(trend) / (0.5 * atr)))),
        (
            between(now.rsi, 55, 80) * 1.0 - between(now.rsi, 20, 45),
            unit(np.abs(now.rsi - 50) / 20),
        ),
        ((close > now.band_high) * 1.0 - (close < now.band_low), unit(0.5 + beyond / atr)),
        ((stretch < -2) * 1.0 - (stretch > 2), unit(0.5 + (np.abs(stretch) - 2) / 4)),
        (np.where(is_loud, np.sign(close - bars.open), 0.0), unit((bars.volume / now.volume_sma - 1) / 3)),
        (np.sign(cross), np.where(is_fresh(cross), 1.0, unit(np.abs(cross) / (0.25 * atr)))),
        (np.where(is_wild, np.sign(close - np.roll(close, 3)), 0.0), unit(2 * (atr / now.atr_mean - 1))),
    ]
    return np.nan_to_num(np.array([row[0] for row in rows])), np.nan_to_num(np.array([row[1] for row in rows]))


def weigh(biases: Floats, strengths: Floats, regime: Integers) -> tuple[Floats, Floats]:
    """Page 4: bias and confidence with the default weights; mean reversion (row 3) has none in a trend."""
    weights = np.ones_like(biases)
    weights[3] = np.where(np.abs(regime) == 1, 0.0, 1.0)
    active = weights * (biases != 0)
    weight_of_active = active.sum(axis=0)
    bias = np.where(weight_of_active > 0, (weights * biases).sum(axis=0) / weight_of_active, 0.0)
    proposal = np.where(bias > BIAS_THRESHOLD, 1, np.where(bias < -BIAS_THRESHOLD, -1, 0))
    agreeing = active * (biases == proposal) * (proposal != 0)
    confidence = np.minimum(1.0, (agreeing * strengths).sum(axis=0) / weights.sum(axis=0))
    return bias, confidence


def is_fresh(values: Floats) -> Truths:
    """Say on which bars the sign differs from the bar before on this bar or one of the two before it."""
    signs = np.sign(values)
    changed: Truths = np.diff(signs, prepend=signs[:1]) != 0
    fresh: Truths = changed.copy()
    for back in range(1, CROSS_BARS):
        fresh[back:] |= changed[:-back]
    return fresh


def unit(values: Floats) -> Floats:
    """Keep within 0 and 1."""
    return np.clip(values, 0.0, 1.0)


def between(values: Floats, low: float, high: float) -> Truths:
    """Say which values lie strictly between the two."""
    return (values > low) & (values < high)
