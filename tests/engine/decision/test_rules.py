"""What each rule votes, at the borders that the trading rules name, and that an unknown feature makes it abstain."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.rules import (
    NO_VOTE,
    RULES,
    breakout,
    cast_votes,
    macd,
    mean_reversion,
    momentum,
    trend_following,
    unit,
    volatility,
    volume_spike,
)
from engine.model.signals import Features, Vote, Votes
from tests import builders

PARAMS = builders.params()
numbers = st.one_of(st.just(math.nan), st.floats(-1e6, 1e6))


def test_the_trend_is_followed_at_full_strength_while_its_cross_is_fresh() -> None:
    apart = {"ema_short": 2_002.0, "ema_long": 2_000.0, "atr": 20.0}

    votes = [trend_following(builders.features(**apart, ema_cross_age=age), PARAMS) for age in (0, 2, 3)]

    assert votes == [Vote(1, 1.0), Vote(1, 1.0), Vote(1, 2.0 / (0.5 * 20.0))]


def test_the_trend_is_followed_down_as_well_and_has_no_side_when_the_averages_meet() -> None:
    falling = builders.features(ema_short=1_980.0, ema_long=2_000.0)
    level = builders.features(ema_short=2_000.0, ema_long=2_000.0, ema_cross_age=0)

    assert trend_following(falling, PARAMS) == Vote(-1, 1.0)
    assert trend_following(level, PARAMS) == NO_VOTE


@pytest.mark.parametrize(
    ("rsi", "vote"),
    [
        (55.0, NO_VOTE),
        (60.0, Vote(1, 0.5)),
        (79.9, Vote(1, 1.0)),
        (80.0, NO_VOTE),
        (45.0, NO_VOTE),
        (40.0, Vote(-1, 0.5)),
        (20.0, NO_VOTE),
        (50.0, NO_VOTE),
    ],
)
def test_momentum_goes_with_a_leaning_rsi_that_is_not_exhausted(rsi: float, vote: Vote) -> None:
    assert momentum(builders.features(rsi=rsi), PARAMS) == vote


@pytest.mark.parametrize(
    ("close", "vote"), [(2_040.0, NO_VOTE), (2_045.0, Vote(1, 0.75)), (1_955.0, Vote(-1, 0.75)), (2_100.0, Vote(1, 1.0))]
)
def test_a_breakout_is_stronger_the_farther_it_went_beyond_the_band(close: float, vote: Vote) -> None:
    assert breakout(builders.features(close=close, band_low=1_960.0, band_high=2_040.0, atr=20.0), PARAMS) == vote


@pytest.mark.parametrize(
    ("close", "vote"), [(2_040.0, NO_VOTE), (2_060.0, Vote(-1, 0.75)), (1_940.0, Vote(1, 0.75)), (1_800.0, Vote(1, 1.0))]
)
def test_a_close_far_from_its_average_is_expected_back(close: float, vote: Vote) -> None:
    assert mean_reversion(builders.features(close=close, ema_trend=2_000.0, atr=20.0), PARAMS) == vote


def test_a_volume_spike_goes_with_its_bar() -> None:
    spike = {"volume": 2_500.0, "volume_sma": 1_000.0}

    assert volume_spike(builders.features(**spike, open=2_000.0, close=2_001.0), PARAMS) == Vote(1, 0.5)
    assert volume_spike(builders.features(**spike, open=2_000.0, close=1_999.0), PARAMS) == Vote(-1, 0.5)
    assert volume_spike(builders.features(**spike, open=2_000.0, close=2_000.0), PARAMS) == NO_VOTE
    assert volume_spike(builders.features(volume=2_000.0, volume_sma=1_000.0), PARAMS) == NO_VOTE
    assert volume_spike(builders.features(volume=0.0, volume_sma=0.0), PARAMS) == NO_VOTE


def test_macd_goes_with_its_side_of_the_signal() -> None:
    apart = {"macd": 1.0, "macd_signal": 3.5, "atr": 20.0}

    assert macd(builders.features(**apart, macd_cross_age=10), PARAMS) == Vote(-1, 0.5)
    assert macd(builders.features(**apart, macd_cross_age=2), PARAMS) == Vote(-1, 1.0)


def test_growing_ranges_go_with_the_last_move() -> None:
    grown = {"atr": 26.0, "atr_mean": 20.0, "close": 2_005.0}

    assert volatility(builders.features(**grown, close_back=2_000.0), PARAMS) == Vote(1, 2.0 * (26.0 / 20.0 - 1.0))
    assert volatility(builders.features(**grown, close_back=2_010.0), PARAMS) == Vote(-1, 2.0 * (26.0 / 20.0 - 1.0))
    assert volatility(builders.features(atr=25.0, atr_mean=20.0), PARAMS) == NO_VOTE


def test_every_rule_abstains_on_a_bar_of_which_nothing_is_known() -> None:
    assert cast_votes(builders.unknown(), PARAMS) == Votes(*[NO_VOTE] * len(RULES))


def test_the_rules_stand_in_the_order_of_their_votes() -> None:
    assert tuple(rule.__name__ for rule in RULES) == Votes._fields


@given(st.builds(Features, *[numbers] * 23, st.integers(0, 9), st.integers(0, 9)))
def test_a_vote_is_a_sign_and_a_strength_whatever_the_bar(features: Features) -> None:
    for vote in cast_votes(features, PARAMS):
        assert vote.bias in (-1, 0, 1)
        assert 0.0 <= vote.strength <= 1.0
        assert vote.bias != 0 or vote.strength == 0.0


def test_a_strength_is_cut_to_its_range_and_unknown_is_none() -> None:
    assert [unit(value) for value in (-1.0, 0.25, 7.0, math.nan)] == [0.0, 0.25, 1.0, 0.0]
