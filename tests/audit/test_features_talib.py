"""Features against TA-Lib itself. Runs only where TA-Lib is installed, in an environment of its own (group `audit`)."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from engine.model.market import Bar
from engine.model.signals import Features
from tests import builders

talib: Any = pytest.importorskip("talib", reason="TA-Lib is installed in the audit environment only")

type Floats = npt.NDArray[np.float64]


def talib_of(bars: list[Bar]) -> dict[str, Floats]:
    """Each feature as TA-Lib computes it over the whole array."""
    _, _, high, low, close, volume = (np.array(column, dtype=float) for column in zip(*bars, strict=True))
    band_high, band_mid, band_low = talib.BBANDS(close, timeperiod=20, nbdevup=2, nbdevdn=2, matype=0)
    macd, macd_signal, _ = talib.MACD(close, 12, 26, 9)
    atr, adx = talib.ATR(high, low, close, 14), talib.ADX(high, low, close, 14)
    return {
        "rsi": talib.RSI(close, 14),
        "macd": macd,
        "macd_signal": macd_signal,
        "ema_short": talib.EMA(close, 9),
        "ema_long": talib.EMA(close, 21),
        "ema_trend": talib.EMA(close, 50),
        "ema_slow": talib.EMA(close, 200),
        "band_low": band_low,
        "band_mid": band_mid,
        "band_high": band_high,
        "atr": atr,
        "atr_mean": talib.SMA(atr, 50),
        "adx": adx,
        "adx_before": np.concatenate(([np.nan], adx[:-1])),
        "plus_di": talib.PLUS_DI(high, low, close, 14),
        "minus_di": talib.MINUS_DI(high, low, close, 14),
        "volume_sma": talib.SMA(volume, 20),
    }


@pytest.mark.parametrize("market", ["walk", "BTCUSDT-1h", "ETHUSDT-15m", "BNBUSDT-5m"])
def test_features_equal_talib_from_the_first_value_on(market: str) -> None:
    bars = builders.walk(5_000, 21) if market == "walk" else builders.recorded(market, 5_000)
    places = {name: at for at, name in enumerate(Features._fields)}

    ours = np.array(builders.looked_at(bars, builders.params()), dtype=float)

    in_price = ours[:, places["close"]]
    for name, theirs in talib_of(bars).items():
        scale = in_price if name in ("macd", "macd_signal") else np.maximum(np.abs(theirs), 1e-9)
        apart = np.abs(ours[:, places[name]] - theirs) / scale
        assert np.nanmax(apart) < 1e-9, name
        assert np.count_nonzero(~np.isnan(apart)) > 4_700, name


def test_features_are_known_from_the_same_bar_on_as_in_talib() -> None:
    bars = builders.walk(260, 22)

    seen, reference = builders.looked_at(bars, builders.params()), talib_of(bars)

    for name, theirs in reference.items():
        if name != "macd":  # TA-Lib holds MACD back until its signal is known
            known = [getattr(features, name) == getattr(features, name) for features in seen]
            assert known.index(True) == int(np.argmax(~np.isnan(theirs))), name
