"""What is read equals what was written: exactly, for every saved value and every notice."""

import math
from decimal import Decimal
from typing import Any

import numpy
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.adapters.codec import NOTICE_TYPES, Undecodable, decode, decode_notice, encode, encode_notice, from_plain, plain
from engine.model.machine_notices import EngineHalted
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedDesk, SavedState
from engine.model.signals import Check, Features, Ruling, Side, Vote

st.register_type_strategy(Decimal, st.decimals(allow_nan=False, allow_infinity=False))
st.register_type_strategy(int, st.integers(-(2**63), 2**63 - 1))
st.register_type_strategy(float, st.floats())
st.register_type_strategy(
    Check, st.builds(Check, st.booleans(), st.sampled_from([0.1, -0.0, math.nan, math.inf]), st.just(25.0))
)

unhurried = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.large_base_example]
)


def same(one: object, other: object) -> bool:
    """Equal to the bit: unlike `==`, `repr` tells -0.0 from 0.0 and 1.0 from 1.00, and finds NaN equal to itself."""
    return type(one) is type(other) and repr(one) == repr(other)


@unhurried
@given(st.from_type(Ruling))
def test_a_ruling_comes_back_as_it_was(ruling: Ruling) -> None:
    assert same(decode(encode(ruling), Ruling), ruling)


@unhurried
@given(st.from_type(Trade))
def test_a_trade_comes_back_to_the_last_digit(trade: Trade) -> None:
    assert same(decode(encode(trade), Trade), trade)


@unhurried
@given(st.from_type(SavedState))
def test_a_saved_state_comes_back_as_it_was(state: SavedState) -> None:
    assert same(decode(encode(state), SavedState), state)


@settings(parent=unhurried, max_examples=15)
@given(st.from_type(SavedDesk))
def test_a_desk_comes_back_through_plain_values(desk: SavedDesk) -> None:
    assert same(from_plain(plain(desk), SavedDesk), desk)


@pytest.mark.parametrize("kind", NOTICE_TYPES.values(), ids=NOTICE_TYPES.keys())
def test_every_notice_comes_back_as_its_own_kind(kind: type[Notice]) -> None:
    @settings(parent=unhurried, max_examples=5)
    @given(st.from_type(kind))
    def comes_back(notice: Notice) -> None:
        assert same(decode_notice(encode_notice(notice)), notice)

    comes_back()


@given(st.floats())
def test_a_float_keeps_every_bit(value: float) -> None:
    vote = decode(encode(Vote(1, value)), Vote)

    assert repr(vote.strength) == repr(value)


def test_nan_is_strict_json() -> None:
    assert encode(Vote(1, math.nan)) == b'[1,{"$float":"nan"}]'


def test_numbers_from_numpy_are_ordinary_numbers() -> None:
    vote = Vote(numpy.int64(1), numpy.float64(0.1))  # type: ignore[arg-type]  # what a ring buffer gives

    assert encode(vote) == b"[1,0.1]"


def test_a_text_that_looks_like_the_mark_stays_a_text() -> None:
    halted = EngineHalted(detail='{"$float":"nan"}', time_ms=1)

    assert decode_notice(encode_notice(halted)) == halted


def test_a_value_of_a_foreign_kind_is_refused_when_written() -> None:
    with pytest.raises(NotImplementedError, match="object"):
        encode(object())


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"\xff\xfe", b'"x"', b"[1]", b'[1,{"$float":"x"}]', b"[1,1e999]", b"[" * 5_000, b'["\xe4"]']
)
def test_damaged_text_is_undecodable(raw: bytes) -> None:
    with pytest.raises(Undecodable, match="Vote"):
        decode(raw, Vote)


@pytest.mark.parametrize(
    "raw", [b"[]", b'{"type":"EngineHalted","data":{}}', b'{"type":"Gone","data":{}}', b'{"type":"Gone"}', b'{"type":"\xe4"}']
)
def test_a_damaged_or_unknown_notice_is_undecodable(raw: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_notice(raw)


def test_a_missing_enum_value_is_undecodable() -> None:
    with pytest.raises(Undecodable, match="Side"):
        decode(b"7", Side)


def test_features_keep_their_order() -> None:
    features = Features(*[float(at) for at in range(len(Features._fields))])  # type: ignore[arg-type]  # numbers are numbers

    raw: Any = plain(features)

    assert raw == [float(at) for at in range(len(Features._fields))]
