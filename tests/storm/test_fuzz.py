"""The fuzz as a test: what is broken is refused, nothing enters on it, strangers move nothing, settings are told in words."""

import os

import pytest

from tests.storm.fuzz import fuzz
from tests.storm.fuzz_life import Life, Step, lived
from tests.storm.fuzz_mutations import shrunk
from tests.storm.fuzz_senders import walk
from tests.storm.fuzz_settings import tried
from tests.storm.fuzz_updates import updates

COUNT = int(os.environ.get("FUZZ_COUNT", "50000"))


@pytest.mark.timeout(600)
def test_nothing_mutated_is_uncaught_or_entered_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz(COUNT, 1) == 0, capsys.readouterr().out


def test_every_handler_is_the_owners_alone() -> None:
    strangers_reached, owner_did_not, handlers = walk()

    assert handlers > 70
    assert strangers_reached == []
    assert owner_did_not == []


def test_updates_at_random_move_nothing_for_strangers_and_are_all_answered() -> None:
    assert updates(77, 150) == []


def test_settings_at_random_are_read_or_refused_in_clear_lines() -> None:
    assert tried(77, 200) == []


def test_a_seed_lives_the_same_life_again() -> None:
    assert lived(3, 200)[0] == lived(3, 200)[0]


def test_a_fuzzed_life_enters_and_refuses() -> None:
    life = Life(2)
    for _ in range(2_000):
        life.apply(life.draw())

    assert life.entries > 0
    assert life.bad > 500
    assert life.passed > 300


def test_a_failure_is_shrunk_to_what_it_needs() -> None:
    assert shrunk(b"aaaaXbbbbbYcc", lambda raw: b"X" in raw and b"Y" in raw) == b"XY"
    steps = [Step("time", number=number) for number in range(20)]
    assert shrunk(steps, lambda some: {3, 17} <= {step.number for step in some}) == [steps[3], steps[17]]
