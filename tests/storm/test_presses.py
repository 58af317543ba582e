"""Presses as a test: every kind of case many times, and proof that a missing or a doubled effect would be seen."""

import os

import pytest

from tests.storm.presses import KINDS, card_in_time, close_of_old_position, one_case, pressed, presses

COUNT = int(os.environ.get("PRESSES_COUNT", "260"))


@pytest.mark.timeout(600)
def test_a_confirm_acts_once_and_a_stale_one_never(capsys: pytest.CaptureFixture[str]) -> None:
    assert presses(COUNT, 1) == 0, capsys.readouterr().out


async def test_a_confirm_that_does_not_act_is_seen() -> None:
    assert "0 effects instead of 1" in (await pressed(KINDS.index(card_in_time), [])).fault


async def test_an_effect_that_must_not_be_is_seen() -> None:
    stop_and_close = (7, "do:close:0")

    assert "1 effects instead of 0" in (await pressed(KINDS.index(close_of_old_position), [], [stop_and_close])).fault


def test_a_seed_presses_the_same_again() -> None:
    once, again = one_case(7), one_case(7)

    assert [who for who, _ in once.presses] == [who for who, _ in again.presses]
