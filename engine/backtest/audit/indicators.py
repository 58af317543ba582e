"""Our indicators against pandas-ta: the features of our own steps over all candles, and what the reference makes of them.

The one place that imports pandas and pandas-ta, which takes a second and much memory: imported only when an audit is asked
for. TA-Lib is kept out of it: where it is installed, pandas-ta silently gives its values instead.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd
import pandas_ta as ta

from engine.backtest.audit.found import AGREED_BELOW, IndicatorsCompared
from engine.backtest.history import Candles, Floats, Ints
from engine.features.pipeline import settled, start, step
from engine.model.market import Bar
from engine.model.signals import Features
from engine.params import TradingParams

MEMORIES: Final = 40  # Wilder's averages begin otherwise there: after so many of their periods e^-40 of that is left
IN_PRICE: Final = ("macd", "macd_signal")  # differences of prices, which may be next to nothing: measured by the price
SMALLEST: Final = 1e-9  # what is smaller is measured as if it were this
LIFT: Final = 2.0**300  # changes no digit; pandas-ta adds 2e-16 to a range of nothing, which shows where prices are small
BANDS: Final = ("band_low", "band_mid", "band_high")  # in the order of pandas-ta


def indicators_compared(candles: Candles, params: TradingParams) -> IndicatorsCompared:
    """Compare all features that pandas-ta knows, on every bar after the burn-in."""
    first, times = burn_in(params), candles.open_time_ms
    if len(candles) <= first:
        return IndicatorsCompared(candles.symbol, bars=0, burn_in=first)
    seen, features, unknown, largest, named, at_ms = looked_at(candles, params), 0, 0, 0.0, "", 0
    for name, theirs in pandas_ta_of(candles, params):
        apart = differences(name, seen[name], theirs, candles.close)[first:]
        if name in BANDS:
            again = _asked_again(name, theirs, first + np.flatnonzero(apart >= AGREED_BELOW), candles, params)
            apart = differences(name, seen[name], again, candles.close)[first:]
        is_unknown = np.isnan(apart)
        features, unknown = features + 1, unknown + int(np.sum(is_unknown))
        if not is_unknown.all() and (np.nanmax(apart) > largest or not named):
            at = int(np.nanargmax(apart))
            largest, named, at_ms = float(apart[at]), name, int(times[first + at])
    return IndicatorsCompared(candles.symbol, len(candles) - first, first, features, unknown, largest, named, at_ms)


def burn_in(params: TradingParams) -> int:
    """How many bars are set aside: until every feature is known, and how Wilder's averages and MACD began is forgotten."""
    slowest = max(params.rsi_period, params.atr_period, params.adx_period, params.macd_fast // 2, params.macd_signal // 2)
    return settled(params) + MEMORIES * slowest


def differences(name: str, ours: Floats, theirs: Floats, close: Floats) -> Floats:
    """How far apart, bar by bar, relative to the feature or to the price; NaN where the reference gives no number, and
    infinite where only we do not.
    """
    scale = close if name in IN_PRICE else np.maximum(np.abs(theirs), SMALLEST)
    with np.errstate(invalid="ignore"):
        apart = np.abs(ours - theirs) / scale
    apart[np.isnan(ours) & ~np.isnan(theirs)] = np.inf
    return apart


def looked_at(candles: Candles, params: TradingParams) -> dict[str, Floats]:
    """Our features, bar by bar as the trader steps them, by their names."""
    seen, state = np.empty((len(Features._fields), len(candles))), start(params)
    columns = (candles.open_time_ms, candles.open, candles.high, candles.low, candles.close, candles.volume)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    number = int(candles.open_time_ms[0]) // candles.interval_ms
    for at, row in enumerate(rows):
        state, features = step(state, Bar(*row), number + at, params)
        seen[:, at] = features
    return dict(zip(Features._fields, seen, strict=True))


def pandas_ta_of(candles: Candles, params: TradingParams) -> Iterator[tuple[str, Floats]]:
    """The reference, feature by feature, in our names. It is asked about lifted prices, which are let down again."""
    p = params
    high, low, close = (pd.Series(one * LIFT) for one in (candles.high, candles.low, candles.close))
    yield "rsi", _numbers(ta.rsi(close, length=p.rsi_period, talib=False))
    macd = ta.macd(close, fast=p.macd_fast, slow=p.macd_slow, signal=p.macd_signal, talib=False)
    yield "macd", _numbers(macd.iloc[:, 0] / LIFT)
    yield "macd_signal", _numbers(macd.iloc[:, 2] / LIFT)
    for name in ("ema_short", "ema_long", "ema_trend", "ema_slow"):
        yield name, _numbers(ta.ema(close, getattr(p, name), talib=False) / LIFT)
    bands = _bands(close, p) / LIFT
    for name in BANDS:
        yield name, _numbers(bands[name])
    atr = ta.atr(high, low, close, length=p.atr_period, talib=False) / LIFT
    yield "atr", _numbers(atr)
    yield "atr_mean", _numbers(atr.rolling(p.atr_mean_period).mean())
    adx = ta.adx(high, low, close, length=p.adx_period, talib=False)
    yield "adx", _numbers(adx[f"ADX_{p.adx_period}"])
    yield "adx_before", _numbers(adx[f"ADX_{p.adx_period}"].shift(1))
    yield "plus_di", _numbers(adx[f"DMP_{p.adx_period}"])
    yield "minus_di", _numbers(adx[f"DMN_{p.adx_period}"])
    yield "volume_sma", _numbers(ta.sma(pd.Series(candles.volume), p.volume_period, talib=False))
    yield "close_back", _numbers(close.shift(p.volatility_lookback) / LIFT)


def _bands(close: "pd.Series[float]", params: TradingParams) -> pd.DataFrame:
    """The bands. They take the sample deviation unless told otherwise."""
    length, width = params.bollinger_period, params.bollinger_deviations
    bands = ta.bbands(close, length=length, lower_std=width, upper_std=width, ddof=0, talib=False)
    return pd.DataFrame({name: bands.iloc[:, at] for at, name in enumerate(BANDS)})


def _asked_again(name: str, theirs: Floats, bars: Ints, candles: Candles, params: TradingParams) -> Floats:
    """The reference's bands, taken anew on some bars, each from its own window alone.

    pandas keeps a running variance, from which it subtracts what leaves the window: after wide windows a narrow one has lost
    digits (1e-6 was seen). That is its rounding, not ours: a window alone is summed up afresh, and any other fault stays.
    Each costs as much as the Trader's own bar, and they are few, except in a market that stands still.
    """
    length, taken = params.bollinger_period, theirs.copy()
    for at in bars.tolist():
        taken[at] = _bands(pd.Series(candles.close[at - length + 1 : at + 1]), params)[name].iloc[-1]
    return taken


def _numbers(series: "pd.Series[float]") -> Floats:
    return np.asarray(series, dtype=np.float64)
