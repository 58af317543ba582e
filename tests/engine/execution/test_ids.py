"""Names of orders: the same for the same cause, different for any other, readable, and within what the exchange takes."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.execution.ids import MAX_GENERATION, OrderName, client_id, following, intent_id, read
from engine.model.orders import Role

INTENT = intent_id("paper", "ETHUSDT", "bar:1700000000000:1")


def test_one_cause_makes_one_intent_and_any_other_makes_another() -> None:
    causes = [
        ("paper", "ETHUSDT", "bar:1700000000000:1"),
        ("paper", "ETHUSDT", "bar:1700000000000:-1"),
        ("paper", "ETHUSDT", "bar:1700003600000:1"),
        ("paper", "BTCUSDT", "bar:1700000000000:1"),
        ("live", "ETHUSDT", "bar:1700000000000:1"),
    ]

    assert intent_id(*causes[0]) == INTENT
    assert len({intent_id(*cause) for cause in causes}) == len(causes)


@given(st.sampled_from(Role), st.text(max_size=40), st.integers(0, MAX_GENERATION))
def test_a_name_is_read_back_and_is_one_that_the_exchange_takes(role: Role, cause: str, generation: int) -> None:
    intent = intent_id("paper", "ETHUSDT", cause)

    name = client_id(role, intent, generation)

    assert read(name) == OrderName(role, intent, generation)
    assert re.fullmatch(r"[\.A-Z\:/a-z0-9_-]{1,36}", name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "web_abcdefghijklmnopq",
        "autoclose-1700000000000",
        client_id(Role.EXIT, INTENT, 0)[:-1],
        client_id(Role.EXIT, INTENT, 0) + "0",
        "abZ" + client_id(Role.EXIT, INTENT, 0)[3:],
        client_id(Role.EXIT, INTENT, 0)[:-1] + "z",
        client_id(Role.ENTRY, "+" + INTENT[1:], 0),
        client_id(Role.ENTRY, INTENT[:-1] + "1", 0),
        client_id(Role.ENTRY, INTENT.upper(), 0),
    ],
)
def test_a_name_that_is_not_ours_is_not_read(name: str) -> None:
    assert read(name) is None


def test_generations_are_counted_to_the_end_and_not_beyond() -> None:
    assert len({client_id(Role.TIGHT_STOP, INTENT, at) for at in range(0, MAX_GENERATION + 1, 7)}) == MAX_GENERATION // 7 + 1
    with pytest.raises(AssertionError):
        client_id(Role.TIGHT_STOP, INTENT, MAX_GENERATION + 1)


def test_the_next_generation_is_another_one_and_the_last_one_begins_anew() -> None:
    assert [following(0), following(31), following(MAX_GENERATION)] == [1, 32, 0]
