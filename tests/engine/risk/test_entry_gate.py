"""The gate: each condition alone, all of them together, and nothing that an unknown value could slip through."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.signals import Check, Code, GateChecks, Opinion, Proposal, Regime, RegimeState, Sides
from engine.risk.entry_gate import gate_checks
from tests import builders

PARAMS = builders.params()
LONG, SHORT, NEUTRAL = Proposal.PROPOSE_LONG, Proposal.PROPOSE_SHORT, Proposal.NEUTRAL
UNKNOWN = float("nan")


def gate(proposal: Proposal = LONG, kind: Regime = Regime.BULL_TREND, age: int = 10, **parts: Any) -> GateChecks:
    features = {name: parts.pop(name) for name in ("adx", "adx_before") if name in parts}
    confidence = parts.pop("confidence", 0.9)
    return gate_checks(
        builders.features(**features),
        builders.regime(kind, age),
        builders.opinion(proposal, confidence),
        builders.situation(**parts),
        PARAMS,
    )


def refused(checks: GateChecks) -> set[Code]:
    return {Code(at) for at, check in enumerate(checks) if not check.held}


def test_a_clear_long_and_a_clear_short_pass() -> None:
    assert refused(gate()) == set()
    assert refused(gate(SHORT, Regime.BEAR_TREND)) == set()


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"sides": Sides.SHORT}, Code.SIDE_NOT_ALLOWED),
        ({"kind": Regime.RANGE}, Code.REGIME_RANGE),
        ({"kind": Regime.UNCLEAR}, Code.REGIME_UNCLEAR),
        ({"kind": Regime.BEAR_TREND}, Code.REGIME_OPPOSES),
        ({"proposal": SHORT}, Code.REGIME_OPPOSES),
        ({"adx": 24.9, "adx_before": 24.0}, Code.ADX_LOW),
        ({"adx": 52.25, "adx_before": 55.0}, Code.ADX_FALLING),
        ({"age": 2}, Code.TREND_UNSTABLE),
        ({"confidence": 0.699}, Code.CONFIDENCE_LOW),
        ({"is_paused": True}, Code.PAUSED),
        ({"is_halted": True}, Code.HALTED),
        ({"is_latched": True}, Code.LATCHED),
        ({"symbol_locked_ms": 1}, Code.SYMBOL_LOCKED),
        ({"bars_since_exit": 2}, Code.COOLING_DOWN),
        ({"data_age_ms": 3_001}, Code.STALE_DATA),
        ({"bars_seen": 999}, Code.WARMING_UP),
        ({"has_position": True}, Code.POSITION_OPEN),
        ({"is_ready": False}, Code.NOT_READY),
    ],
)
def test_each_condition_refuses_alone(parts: dict[str, Any], code: Code) -> None:
    assert refused(gate(**parts)) == {code}


@pytest.mark.parametrize(
    "parts",
    [
        {"adx": 25.0},
        {"adx": 52.3, "adx_before": 55.0},
        {"adx": 47.5, "adx_before": 50.0},
        {"age": 3},
        {"confidence": 0.7},
        {"bars_since_exit": 3},
        {"data_age_ms": 3_000},
        {"sides": Sides.LONG},
        {"bars_seen": 1_000},
    ],
)
def test_a_value_at_its_limit_passes(parts: dict[str, Any]) -> None:
    assert refused(gate(**parts)) == set()


def test_a_falling_adx_passes_with_the_filter_off() -> None:
    falling = builders.features(adx=40.0, adx_before=60.0)
    given_ = (falling, builders.regime(), builders.opinion(), builders.situation())

    assert not gate_checks(*given_, PARAMS).adx_falling.held
    assert gate_checks(*given_, builders.params(adx_chop_filter=0)).adx_falling.held


def test_a_neutral_bar_is_refused_for_being_neutral_and_not_for_a_side_it_has_not() -> None:
    assert refused(gate(NEUTRAL, sides=Sides.SHORT)) == {Code.NEUTRAL}
    assert refused(gate(NEUTRAL, Regime.BEAR_TREND, sides=Sides.LONG)) == {Code.NEUTRAL}


def test_all_refusals_are_collected() -> None:
    everything = gate(
        SHORT,
        Regime.BULL_TREND,
        age=0,
        adx=5.0,
        adx_before=60.0,
        confidence=0.0,
        sides=Sides.LONG,
        is_paused=True,
        is_halted=True,
        is_latched=True,
        symbol_locked_ms=5,
        bars_since_exit=0,
        data_age_ms=9_999,
        bars_seen=1,
        has_position=True,
        is_ready=False,
    )

    missing = {Code.NEUTRAL, Code.REGIME_RANGE, Code.REGIME_UNCLEAR}
    assert refused(everything) == {Code(at) for at in range(len(GateChecks._fields))} - missing


def test_each_check_keeps_what_was_seen_and_what_was_needed() -> None:
    checks = gate(adx=21.4, confidence=0.5, bars_since_exit=1)

    assert checks.adx_low == Check(False, 21.4, 25.0)
    assert checks.confidence_low == Check(False, 0.5, 0.7)
    assert checks.cooling_down == Check(False, 1.0, 3.0)


def test_an_unknown_adx_and_an_unknown_confidence_do_not_pass() -> None:
    assert refused(gate(adx=UNKNOWN, adx_before=UNKNOWN)) == {Code.ADX_LOW}
    assert refused(gate(confidence=UNKNOWN)) == {Code.CONFIDENCE_LOW}


@given(
    st.sampled_from(Proposal),
    st.sampled_from(Regime),
    st.sampled_from(Sides),
    st.integers(0, 9),
    st.floats(0, 100),
    st.floats(0, 100),
)
def test_no_combination_lets_a_side_in_against_its_trend(
    proposal: Proposal, kind: Regime, sides: Sides, age: int, adx: float, before: float
) -> None:
    opinion, moment = Opinion(float(proposal), proposal, 1.0), builders.situation(sides=int(sides))

    checks = gate_checks(builders.features(adx=adx, adx_before=before), RegimeState(kind, age), opinion, moment, PARAMS)

    if not refused(checks):
        assert (proposal, kind) in ((LONG, Regime.BULL_TREND), (SHORT, Regime.BEAR_TREND))
        assert sides in (Sides.BOTH, Sides.LONG if proposal is LONG else Sides.SHORT)
        assert adx >= PARAMS.adx_minimum
        assert age >= PARAMS.stable_bars
