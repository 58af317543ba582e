"""The kind of market, at its borders and while features are unknown; the age of a regime."""

import math

import pytest

from engine.features.regime import advance, classify
from engine.model.signals import Regime, RegimeState
from tests import builders


@pytest.mark.parametrize(
    ("parts", "kind"),
    [
        ({"adx": 19.999}, Regime.RANGE),
        ({"adx": 20.0, "close": 2_001.0, "rsi": 50.1}, Regime.BULL_TREND),
        ({"adx": 20.0, "close": 1_999.0, "rsi": 49.9}, Regime.BEAR_TREND),
        ({"close": 2_001.0, "rsi": 49.9}, Regime.UNCLEAR),
        ({"close": 1_999.0, "rsi": 50.1}, Regime.UNCLEAR),
        ({"close": 2_000.0, "rsi": 60.0}, Regime.UNCLEAR),
        ({"close": 2_001.0, "rsi": 50.0}, Regime.UNCLEAR),
        ({"adx": math.nan}, Regime.RANGE),
        ({"rsi": math.nan}, Regime.RANGE),
        ({"ema_long": math.nan}, Regime.RANGE),
    ],
)
def test_a_bar_is_of_one_kind(parts: dict[str, float], kind: Regime) -> None:
    assert classify(builders.features(**{"ema_long": 2_000.0, **parts}), builders.params()) is kind


def test_the_age_of_a_regime_is_zero_on_the_bar_that_changed_it() -> None:
    state, ages = RegimeState(Regime.RANGE, 0), []
    for kind in (Regime.RANGE, Regime.BULL_TREND, Regime.BULL_TREND, Regime.UNCLEAR, Regime.BULL_TREND):
        state = advance(state, kind)
        ages.append(state.age)

    assert ages == [1, 0, 1, 0, 0]
