"""The whole feature step: equal to pandas-ta, silent until it knows, blind to what comes later and to where it began."""

import math
import random
from itertools import pairwise
from statistics import fmean

import pytest

from engine.backtest.audit.indicators import indicators_compared
from engine.backtest.bars import of_bars
from engine.features.pipeline import NO_CROSS, settled
from engine.model.signals import Features
from tests import builders
from tests.chances import random_params

WINDOWED = ("band_low", "band_mid", "band_high", "volume_sma", "close_back")


@pytest.mark.parametrize("market", ["walk", "BTCUSDT-1h", "ETHUSDT-15m"])
def test_features_equal_pandas_ta_after_burn_in(market: str) -> None:
    bars = builders.walk(2_000, 11) if market == "walk" else builders.recorded(market, 2_000)

    seen = indicators_compared(of_bars(market, bars[1].open_time_ms - bars[0].open_time_ms, bars), builders.params())

    assert (seen.bars, seen.features, seen.unknown, seen.differs) == (2_000 - seen.burn_in, 18, 0, False), seen


def test_each_feature_is_unknown_until_it_has_its_bars_and_known_ever_after() -> None:
    first_known = {
        "rsi": 15,
        "macd": 26,
        "macd_signal": 34,
        "ema_short": 9,
        "ema_long": 21,
        "ema_trend": 50,
        "ema_slow": 200,
        "band_low": 20,
        "band_mid": 20,
        "band_high": 20,
        "atr": 15,
        "atr_mean": 64,
        "adx": 28,
        "adx_before": 29,
        "plus_di": 15,
        "minus_di": 15,
        "volume_sma": 20,
        "close_back": 4,
    }

    seen = builders.looked_at(builders.walk(260, 3), builders.params())

    for name in Features._fields:
        unknown = [math.isnan(getattr(features, name)) for features in seen]
        assert unknown.index(False) == first_known.get(name, 1) - 1, name
        assert not any(unknown[unknown.index(False) :]), name
    assert settled(builders.params()) == 200


@pytest.mark.parametrize("seed", range(12))
def test_everything_is_known_from_the_settled_bar_on_and_not_before(seed: int) -> None:
    params = random_params(random.Random(seed))
    if seed == 0:  # one in which the directional index is the last to know
        params = builders.params(ema_slow=20, ema_trend=20, macd_slow=13, atr_period=2, atr_mean_period=2, adx_period=20)

    seen = builders.looked_at(builders.walk(200, seed), params)

    known = [all(value == value for value in features) for features in seen]
    assert known.index(True) == settled(params) - 1
    assert all(known[settled(params) :])


def test_the_first_macd_is_the_difference_of_two_means_that_end_together() -> None:
    bars = builders.walk(40, 6)
    closes = [bar.close for bar in bars]

    seen = builders.looked_at(bars, builders.params())

    assert seen[25].macd == pytest.approx(fmean(closes[14:26]) - fmean(closes[:26]), rel=1e-12)
    assert seen[33].macd_signal == pytest.approx(fmean(now.macd for now in seen[25:34]), rel=1e-12)


def test_what_comes_later_changes_nothing_that_was_seen() -> None:
    bars = builders.walk(400, 5)

    whole, prefix = builders.looked_at(bars, builders.params()), builders.looked_at(bars[:300], builders.params())

    assert repr(prefix) == repr(whole[:300])


def test_where_a_run_began_is_forgotten() -> None:
    bars = builders.walk(4_000, 9)

    early, late = builders.looked_at(bars, builders.params())[-1], builders.looked_at(bars[700:], builders.params())[-1]

    assert [getattr(early, name) for name in WINDOWED] == [getattr(late, name) for name in WINDOWED]
    assert list(early) == pytest.approx(list(late), rel=1e-9)


def test_the_age_of_a_cross_counts_the_bars_since_the_sign_changed() -> None:
    seen = builders.looked_at(builders.walk(600, 2), builders.params())

    signs = [(now.ema_short > now.ema_long) - (now.ema_short < now.ema_long) for now in seen]
    changes = [at for at in range(22, len(seen)) if signs[at] != signs[at - 1]]
    assert len(changes) > 5
    for change, following in pairwise(changes):
        assert [now.ema_cross_age for now in seen[change:following]] == list(range(following - change))
    assert all(now.ema_cross_age >= NO_CROSS for now in seen[: changes[0]])


def test_a_market_that_never_moves_gives_plain_numbers() -> None:
    still = [builders.a_bar(number, open=100.0, high=100.0, low=100.0, close=100.0, volume=0.0) for number in range(260)]

    now = builders.looked_at(still, builders.params())[-1]

    assert (now.rsi, now.macd, now.adx, now.atr, now.plus_di) == (50.0, 0.0, 0.0, 0.0, 0.0)
    assert now.band_low == now.band_mid == now.band_high == 100.0


def test_prices_of_any_size_are_finite_once_settled() -> None:
    for price in (1e-6, 1e7):
        seen = builders.looked_at(builders.walk(300, 4, price=price), builders.params())

        assert all(math.isfinite(part) for now in seen[200:] for part in now)
