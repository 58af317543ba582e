"""Our indicators against pandas-ta: equal where they are, found and named where they are not, and told where nobody knows."""

import math
import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pandas_ta as reference
import pytest

from engine.backtest.audit import indicators
from engine.backtest.audit.indicators import burn_in, indicators_compared, looked_at
from engine.backtest.bars import of_bars
from engine.backtest.history import Candles, Floats
from engine.params import TradingParams
from tests import builders
from tests.chances import random_params
from tests.markets import made_up
from tests.past import history

PARAMS = builders.params()
SHORT = builders.params(ema_slow=50, atr_mean_period=20, rsi_period=5, atr_period=5, adx_period=5)
BARS = made_up(3, 800).candles


def planted(change: Callable[[dict[str, Floats]], None]) -> Callable[[Candles, TradingParams], dict[str, Floats]]:
    """Our features with a fault in them."""

    def seen(candles: Candles, params: TradingParams) -> dict[str, Floats]:
        ours = looked_at(candles, params)
        change(ours)
        return ours

    return seen


@pytest.mark.parametrize(("name", "begin"), [("BTCUSDT-1h", 20_000), ("XRPUSDT-15m", 50_000)])
@pytest.mark.parametrize("seed", [None, 1, 2])
def test_recorded_candles_agree_under_default_and_other_periods(name: str, begin: int, seed: int | None) -> None:
    params = PARAMS if seed is None else random_params(random.Random(seed))
    candles = history(name, begin, begin + 2_500).candles

    seen = indicators_compared(candles, params)

    assert (seen.bars, seen.features, seen.unknown, seen.differs) == (2_500 - burn_in(params), 18, 0, False), seen


@pytest.mark.parametrize("seed", range(6))
def test_made_up_markets_agree_under_any_periods(seed: int) -> None:
    params = random_params(random.Random(seed))

    seen = indicators_compared(made_up(seed, burn_in(params) + 300).candles, params)

    assert (seen.bars, seen.features, seen.unknown, seen.differs) == (300, 18, 0, False), seen


@pytest.mark.parametrize("feature", ["rsi", "macd_signal", "band_low", "band_high", "atr", "adx", "volume_sma"])
def test_one_value_that_is_off_is_found_and_named_with_its_bar(feature: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def off(ours: dict[str, Floats]) -> None:
        ours[feature][700] += 1e-7 * BARS.close[700] if feature == "macd_signal" else 1e-7 * ours[feature][700]

    monkeypatch.setattr(indicators, "looked_at", planted(off))

    seen = indicators_compared(BARS, SHORT)

    assert seen.differs
    assert (seen.feature, seen.at_ms) == (feature, BARS.open_time_ms[700])
    assert seen.largest == pytest.approx(1e-7, rel=1e-3)


@pytest.mark.parametrize(
    ("period", "features"),
    [
        ("rsi_period", {"rsi"}),
        ("macd_fast", {"macd", "macd_signal"}),
        ("macd_signal", {"macd_signal"}),
        ("ema_trend", {"ema_trend"}),
        ("bollinger_period", {"band_low", "band_mid", "band_high"}),
        ("bollinger_deviations", {"band_low", "band_high"}),
        ("atr_mean_period", {"atr_mean"}),
        ("adx_period", {"adx", "adx_before", "plus_di", "minus_di"}),
        ("volume_period", {"volume_sma"}),
        ("volatility_lookback", {"close_back"}),
    ],
)
def test_another_period_than_the_runs_is_found_and_named(
    period: str, features: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = SHORT._replace(**{period: getattr(SHORT, period) + 1})
    monkeypatch.setattr(indicators, "looked_at", lambda candles, params: looked_at(candles, other))

    seen = indicators_compared(BARS, SHORT)

    assert seen.differs
    assert seen.feature in features


def test_a_feature_that_only_we_do_not_know_differs_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indicators, "looked_at", planted(lambda ours: ours["ema_long"].__setitem__(650, math.nan)))

    seen = indicators_compared(BARS, SHORT)

    assert (seen.differs, seen.feature, seen.largest, seen.unknown) == (True, "ema_long", math.inf, 0)


def test_values_that_the_reference_does_not_know_are_counted() -> None:
    still = [builders.a_bar(number, open=9.0, high=9.0, low=9.0, close=9.0) for number in range(burn_in(PARAMS) + 10)]

    seen = indicators_compared(of_bars("ETHUSDT", builders.HOUR_MS, still), PARAMS)

    assert (seen.bars, seen.features, seen.differs) == (10, 18, False), seen
    assert seen.unknown == 30  # RSI and both ADX: nothing divided by nothing


@pytest.mark.parametrize("price", [0.05, 60_000.0])
def test_a_long_stillness_agrees_at_any_price(price: float) -> None:
    moving = builders.walk(300, 7, price=price, swing=0.01)
    last = moving[-1].close
    still = [builders.a_bar(300 + number, open=last, high=last, low=last, close=last, volume=0.0) for number in range(600)]
    again = builders.walk(400, 8, price=last, swing=0.01, first=900)

    seen = indicators_compared(of_bars("ETHUSDT", builders.HOUR_MS, [*moving, *still, *again]), SHORT)

    assert not seen.differs, seen


@pytest.mark.parametrize("missing", [0, 1, 600])
def test_too_few_bars_are_no_agreement(missing: int) -> None:
    seen = indicators_compared(made_up(1, burn_in(PARAMS) - missing).candles, PARAMS)

    assert (seen.bars, seen.features, seen.burn_in, seen.differs) == (0, 0, burn_in(PARAMS), False)


def test_one_bar_after_the_burn_in_is_compared() -> None:
    seen = indicators_compared(made_up(1, burn_in(PARAMS) + 1).candles, PARAMS)

    assert (seen.bars, seen.features, seen.differs) == (1, 18, False)


def test_the_burn_in_lies_within_the_usual_warm_up_and_grows_with_the_periods() -> None:
    assert burn_in(PARAMS) == 760
    assert burn_in(PARAMS._replace(adx_period=100)) == 4_201


@pytest.mark.parametrize("seed", [10, 11, 20])
def test_digits_that_the_reference_loses_after_a_wide_window_are_not_held_against_us(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    candles, params = made_up(seed, 2_500).candles, random_params(random.Random(seed))

    asked_again = indicators_compared(candles, params)
    monkeypatch.setattr(indicators, "_asked_again", lambda name, theirs, *_: theirs)
    asked_once = indicators_compared(candles, params)

    assert not asked_again.differs
    assert asked_once.differs
    assert asked_once.feature in indicators.BANDS


def test_the_reference_is_never_left_to_talib(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed = list[Any]()

    def watched(name: str) -> Callable[..., Any]:
        def called(*given: Any, **named: Any) -> Any:
            allowed.append(named.get("talib"))
            return getattr(reference, name)(*given, **named)

        return called

    names = ("rsi", "macd", "ema", "bbands", "atr", "adx", "sma")
    monkeypatch.setattr(indicators, "ta", SimpleNamespace(**{name: watched(name) for name in names}))

    indicators_compared(BARS, SHORT)

    assert len(allowed) >= 10
    assert set(allowed) == {False}
