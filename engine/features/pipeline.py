"""What a closed bar looks like: every indicator stepped by one bar, at the same small cost for each.

Periods are read from the parameters at every step and must not change on the way: a tuned period begins anew.
"""

from typing import Final, NamedTuple

import numpy as np

from engine.features.indicators import (
    directional_index,
    ema,
    known,
    percent,
    relative_strength,
    sign,
    true_range,
    wilder,
    wilder_sum,
)
from engine.features.windows import Ring, replaced, spread, spread_step, window, window_step
from engine.model.market import Bar
from engine.model.signals import Features
from engine.params import TradingParams

NO_CROSS: Final = 1_000_000  # the age of a cross that was never seen: old, never fresh


class Lines(NamedTuple):
    """The exponential averages, and the signs of their differences with the ages of these."""

    ema_short: float
    ema_long: float
    ema_trend: float
    ema_slow: float
    macd_fast: float
    macd_slow: float
    macd_signal: float
    ema_sign: int
    ema_age: int
    macd_sign: int
    macd_age: int


class Moves(NamedTuple):
    """Wilder's averages and sums of what lies between two bars."""

    gain: float
    loss: float
    atr: float
    range_sum: float
    plus_sum: float
    minus_sum: float
    adx: float


class Memory(NamedTuple):
    """The rings. A step writes into them, so a state is used once."""

    closes: Ring
    volumes: Ring
    ranges: Ring
    back: Ring


class Slots(NamedTuple):
    """The places of the next values in their rings: the bar's number modulo each ring's length."""

    closes: int
    volumes: int
    ranges: int
    back: int


class FeatureState(NamedTuple):
    """All that one step leaves to the next. From `settled` bars on every feature is known."""

    bars: int
    settled: int
    last: Bar
    slots: Slots
    lines: Lines
    moves: Moves
    memory: Memory


def start(params: TradingParams) -> FeatureState:
    """The state before the first bar."""
    memory = Memory(
        spread(params.bollinger_period),
        window(params.volume_period),
        window(params.atr_mean_period),
        np.zeros(params.volatility_lookback),
    )
    lines = Lines(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0, NO_CROSS, 0, NO_CROSS)
    moves = Moves(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    return FeatureState(0, settled(params), Bar(0, 0.0, 0.0, 0.0, 0.0, 0.0), Slots(0, 0, 0, 0), lines, moves, memory)


def settled(params: TradingParams) -> int:
    """How many bars it takes until every feature is known."""
    return max(
        params.rsi_period + 1,
        params.macd_slow + params.macd_signal - 1,
        params.ema_short,
        params.ema_long,
        params.ema_trend,
        params.ema_slow,
        params.bollinger_period,
        params.atr_period + params.atr_mean_period,
        2 * params.adx_period + 1,
        params.volume_period,
        params.volatility_lookback + 1,
    )


def step(state: FeatureState, bar: Bar, bar_number: int, params: TradingParams) -> tuple[FeatureState, Features]:
    """Take the next bar. `bar_number` is its opening time in intervals; bars come in order and without a hole.

    Rings are written in functions of their own: inlined into a compiled loop, a plain assignment here would be lost.
    """
    pairs, settled_at, last, slots, lines, moves, memory = state
    if pairs == 0:
        slots = slots_of(bar_number, params)
    adx_before, count = moves.adx, pairs + 1
    lines = lines_step(lines, bar.close, count, params)
    moves = moves_step(moves, last, bar, pairs, params)
    after = FeatureState(count, settled_at, bar, slots_after(slots, params), lines, moves, memory)
    mean, deviation = spread_step(memory.closes, slots.closes, bar.close)
    volumes = window_step(memory.volumes, slots.volumes, bar.volume)
    ranges = 0.0
    if pairs >= params.atr_period:
        ranges = window_step(memory.ranges, slots.ranges, moves.atr)
    close_back = replaced(memory.back, slots.back, bar.close)
    width, volume_sma = params.bollinger_deviations * deviation, volumes / params.volume_period
    seen = look(after, adx_before, mean, width, ranges / params.atr_mean_period, volume_sma, close_back)
    return after, seen if count >= settled_at else unsettled(seen, count, params)


def slots_of(bar_number: int, params: TradingParams) -> Slots:
    """The places of a bar's values, by its number."""
    return Slots(
        bar_number % params.bollinger_period,
        bar_number % params.volume_period,
        bar_number % params.atr_mean_period,
        bar_number % params.volatility_lookback,
    )


def slots_after(slots: Slots, params: TradingParams) -> Slots:
    """The places of the next bar's values. A division for each at each bar would cost as much as all the averages."""
    closes, volumes, ranges, back = slots
    return Slots(
        closes + 1 if closes + 1 < params.bollinger_period else 0,
        volumes + 1 if volumes + 1 < params.volume_period else 0,
        ranges + 1 if ranges + 1 < params.atr_mean_period else 0,
        back + 1 if back + 1 < params.volatility_lookback else 0,
    )


def look(
    state: FeatureState,
    adx_before: float,
    band_mid: float,
    band_width: float,
    atr_mean: float,
    volume_sma: float,
    close_back: float,
) -> Features:
    """Read the features off the state, in their order."""
    _, open_, high, low, close, volume = state.last
    ema_short, ema_long, ema_trend, ema_slow, macd_fast, macd_slow, macd_signal, _, ema_age, _, macd_age = state.lines
    gain, loss, atr, range_sum, plus_sum, minus_sum, adx = state.moves
    return Features(
        open_,
        high,
        low,
        close,
        volume,
        relative_strength(gain, loss),
        macd_fast - macd_slow,
        macd_signal,
        ema_short,
        ema_long,
        ema_trend,
        ema_slow,
        band_mid - band_width,
        band_mid,
        band_mid + band_width,
        atr,
        atr_mean,
        adx,
        adx_before,
        percent(plus_sum, range_sum),
        percent(minus_sum, range_sum),
        volume_sma,
        close_back,
        ema_age,
        macd_age,
    )


def lines_step(before: Lines, close: float, count: int, params: TradingParams) -> Lines:
    """Step the averages and the ages of their crosses. MACD's fast average begins late, so that both seeds end together."""
    short, long, trend, slow, macd_fast, macd_slow, macd_signal, ema_sign, ema_age, macd_sign, macd_age = before
    short_bars, long_bars, fast_bars, slow_bars = params.ema_short, params.ema_long, params.macd_fast, params.macd_slow
    short, long = ema(short, close, count, short_bars), ema(long, close, count, long_bars)
    trend, slow = ema(trend, close, count, params.ema_trend), ema(slow, close, count, params.ema_slow)
    fast_count, signal_count = count - slow_bars + fast_bars, count - slow_bars + 1
    macd_slow = ema(macd_slow, close, count, slow_bars)
    if fast_count > 0:
        macd_fast = ema(macd_fast, close, fast_count, fast_bars)
    macd = macd_fast - macd_slow
    if signal_count > 0:
        macd_signal = ema(macd_signal, macd, signal_count, params.macd_signal)
    ema_now, macd_now = sign(short - long), sign(macd - macd_signal)
    if count > short_bars and count > long_bars:
        ema_age = 0 if ema_now != ema_sign else ema_age + 1
    if signal_count > params.macd_signal:
        macd_age = 0 if macd_now != macd_sign else macd_age + 1
    return Lines(short, long, trend, slow, macd_fast, macd_slow, macd_signal, ema_now, ema_age, macd_now, macd_age)


def moves_step(before: Moves, last: Bar, bar: Bar, count: int, params: TradingParams) -> Moves:
    """Step what compares a bar with the one before it; `count` such pairs with this one."""
    if count == 0:
        return before
    gain, loss, atr, range_sum, plus_sum, minus_sum, adx = before
    change, up, down = bar.close - last.close, bar.high - last.high, last.low - bar.low
    reach = true_range(bar.high, bar.low, last.close)
    period, adx_period = params.rsi_period, params.adx_period
    gain = wilder(gain, change if change > 0.0 else 0.0, count, period)
    loss = wilder(loss, -change if change < 0.0 else 0.0, count, period)
    atr = wilder(atr, reach, count, params.atr_period)
    range_sum = wilder_sum(range_sum, reach, count, adx_period)
    plus_sum = wilder_sum(plus_sum, up if up > down and up > 0.0 else 0.0, count, adx_period)
    minus_sum = wilder_sum(minus_sum, down if down > up and down > 0.0 else 0.0, count, adx_period)
    adx_count = count - adx_period + 1
    if adx_count > 0:
        still = adx if adx_count > adx_period else 0.0
        adx = wilder(adx, directional_index(plus_sum, minus_sum, still), adx_count, adx_period)
    return Moves(gain, loss, atr, range_sum, plus_sum, minus_sum, adx)


def unsettled(features: Features, count: int, params: TradingParams) -> Features:
    """The features with NaN where an indicator has not seen enough bars."""
    bands, directional, adx_bars = count >= params.bollinger_period, count > params.adx_period, 2 * params.adx_period
    return Features(
        open=features.open,
        high=features.high,
        low=features.low,
        close=features.close,
        volume=features.volume,
        rsi=known(features.rsi, count > params.rsi_period),
        macd=known(features.macd, count >= params.macd_slow),
        macd_signal=known(features.macd_signal, count >= params.macd_slow + params.macd_signal - 1),
        ema_short=known(features.ema_short, count >= params.ema_short),
        ema_long=known(features.ema_long, count >= params.ema_long),
        ema_trend=known(features.ema_trend, count >= params.ema_trend),
        ema_slow=known(features.ema_slow, count >= params.ema_slow),
        band_low=known(features.band_low, bands),
        band_mid=known(features.band_mid, bands),
        band_high=known(features.band_high, bands),
        atr=known(features.atr, count > params.atr_period),
        atr_mean=known(features.atr_mean, count >= params.atr_period + params.atr_mean_period),
        adx=known(features.adx, count >= adx_bars),
        adx_before=known(features.adx_before, count > adx_bars),
        plus_di=known(features.plus_di, directional),
        minus_di=known(features.minus_di, directional),
        volume_sma=known(features.volume_sma, count >= params.volume_period),
        close_back=known(features.close_back, count > params.volatility_lookback),
        ema_cross_age=features.ema_cross_age,
        macd_cross_age=features.macd_cross_age,
    )
