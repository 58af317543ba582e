"""The product as a real process, killed ten times with positions open, and raced by a second one: the venue's ledger judges."""

import pytest

from tests.storm.processes import Share, reported, shares, spread, storms

KILLS_A_WORLD = 5
SEEDS = (11, 12)
RACES = 2
LIMIT_S = 240


@pytest.mark.timeout(LIMIT_S)
def test_ten_kills_with_open_positions_double_nothing_lose_nothing_and_leave_nothing_naked() -> None:
    report = reported(storms([Share(seed, blows=KILLS_A_WORLD) for seed in SEEDS], workers=2), seconds=0.0)

    assert report["violations"] == []
    assert report["blows"] >= KILLS_A_WORLD * len(SEEDS)
    assert report["with_position"] >= KILLS_A_WORLD * len(SEEDS) // 2


@pytest.mark.timeout(LIMIT_S)
def test_of_two_processes_on_one_account_one_leaves_with_75_and_enters_nothing_more() -> None:
    report = reported(storms([Share(21, races=RACES)], workers=1), seconds=0.0)

    assert report["violations"] == []
    assert report["races"] == RACES


def test_every_blow_is_in_one_world_and_races_are_run_beside_them() -> None:
    cut = shares(100, first_seed=7)

    assert sum(share.blows for share in cut) == 100
    assert len({share.seed for share in cut}) == len(cut)
    assert sum(share.races for share in cut) >= 4


def test_a_spread_gives_the_middle_the_99th_of_a_hundred_and_the_worst() -> None:
    assert spread(range(1, 101)) == {"count": 100, "p50": 51, "p99": 100, "max": 100}
    assert spread(()) == {"count": 0}
