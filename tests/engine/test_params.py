"""Every tunable is in the table once, its default is allowed, and what is tuned is read back with the same type."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.params import (
    BY_NAME,
    TUNABLES,
    BadParam,
    RegimeWeights,
    RuleWeights,
    TradingParams,
    Tunable,
    checked,
    conflict,
    raises_risk,
    read,
    tuned,
)

tunables = st.sampled_from(TUNABLES)


def allowed(tunable: Tunable, share: float) -> float:
    """A value from the tunable's range."""
    value = tunable.low + (tunable.high - tunable.low) * share
    return round(value) if tunable.whole else value


def test_every_field_is_a_tunable_and_every_tunable_a_field() -> None:
    weights = [f"weight.{rule}.{regime}" for regime in RegimeWeights._fields for rule in RuleWeights._fields]

    assert sorted(BY_NAME) == sorted([*(name for name in TradingParams._fields if name != "weights"), *weights])
    assert len(BY_NAME) == len(TUNABLES)


@pytest.mark.parametrize("tunable", TUNABLES, ids=lambda tunable: tunable.name)
def test_the_default_is_allowed_and_of_the_type_that_compiles(tunable: Tunable) -> None:
    value = read(TradingParams(), tunable.name)

    assert checked(tunable.name, value) == value
    assert tunable.whole == (isinstance(getattr(TradingParams(), tunable.name, 0.0), int))


@given(tunables, st.floats(0.0, 1.0))
def test_what_is_tuned_is_read_back_and_nothing_else_changes(tunable: Tunable, share: float) -> None:
    value = allowed(tunable, share)

    params = tuned(TradingParams(), tunable.name, value)

    assert read(params, tunable.name) == value
    others = [name for name in BY_NAME if name != tunable.name]
    assert [read(params, name) for name in others] == [read(TradingParams(), name) for name in others]
    assert [type(part) for part in params] == [type(part) for part in TradingParams()]


@given(tunables, st.sampled_from((math.nan, math.inf, -math.inf)) | st.floats(0.001, 1e6))
def test_a_value_outside_its_range_is_refused(tunable: Tunable, beyond: float) -> None:
    for value in (tunable.high + beyond, tunable.low - beyond):
        with pytest.raises(BadParam):
            tuned(TradingParams(), tunable.name, value)


def test_an_unknown_name_and_half_a_bar_are_refused() -> None:
    for name, value in (("leverages", 5.0), ("weight.momentum.sideways", 1.0), ("rsi_period", 14.5)):
        with pytest.raises(BadParam):
            tuned(TradingParams(), name, value)


@pytest.mark.parametrize(
    "changes",
    [
        {"macd_fast": 26},
        {"ema_short": 21},
        {"momentum_long_from": 80.0},
        {"momentum_short_from": 45.0},
    ],
)
def test_settings_that_contradict_each_other_are_named(changes: dict[str, float]) -> None:
    params = TradingParams()
    for name, value in changes.items():
        params = tuned(params, name, value)

    assert next(iter(changes)) in conflict(params)
    assert conflict(TradingParams()) == ""


@given(tunables, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_one_way_at_least_raises_no_risk_unless_either_does(tunable: Tunable, one: float, other: float) -> None:
    before, after = allowed(tunable, one), allowed(tunable, other)

    there, back = raises_risk(tunable.name, before, after), raises_risk(tunable.name, after, before)

    if before == after or tunable.riskier == "none":
        assert (there, back) == (False, False)
    elif tunable.riskier == "either":
        assert (there, back) == (True, True)
    else:
        assert there != back
        assert there == ((after > before) == (tunable.riskier == "up"))
