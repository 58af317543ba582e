"""The honesty benchmark, small: nothing is found where nothing is, a planted edge is, and a missed goal ends with 1."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from engine.backtest.calibrate.verdict import Verdict
from engine.backtest.history import Costs

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
FEW = 48


@pytest.fixture
def honesty(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    yield importlib.import_module("honesty")
    for name in ("honesty", "honest_worlds"):
        sys.modules.pop(name, None)


def test_no_improvement_is_claimed_where_there_is_no_edge_with_or_without_costs(honesty: ModuleType) -> None:
    worlds = {name: world for name, world in honesty.EMPTY.items() if name != "shuffled" or honesty.REAL.exists()}

    for costs in (Costs(), Costs(0, 0, 0)):
        for row in honesty.world_rows(worlds, len(worlds), FEW, costs, 1):
            assert row.verdicts[Verdict.BETTER] == 0, row.name


def test_an_edge_that_was_planted_is_found(honesty: ModuleType) -> None:
    (row,) = honesty.world_rows({"planted": honesty.planted}, 3, FEW, Costs(), 1)

    assert row.verdicts[Verdict.BETTER] >= 2


def test_what_was_said_of_recorded_quarters_held(honesty: ModuleType) -> None:
    if not honesty.REAL.exists():
        pytest.skip(f"{honesty.REAL} is not there")
    loaded = honesty.load_histories(
        [honesty.REAL], interval=None, begin_ms=None, end_ms=None, warmup_bars=1_000, rules=None, funding=[]
    )

    found, days = honesty.searched(loaded.histories[0], FEW, 0, costs=Costs(), step_days=0)

    chosen, present, steps = honesty.covered([found])
    assert (days, steps) == (91, 16)
    assert min(chosen, present) >= 0.85 * steps


def test_worlds_are_possible_bars_the_same_each_time_and_differ_by_seed(honesty: ModuleType) -> None:
    for name in ("walk", "bursts", "trendless"):
        one, same, other = (honesty.EMPTY[name](seed).candles for seed in (1, 1, 2))
        assert np.array_equal(one.close, same.close)
        assert not np.array_equal(one.close, other.close)
        assert np.all(one.low <= np.minimum(one.open, one.close))
        assert np.all(one.high >= np.maximum(one.open, one.close))
        assert np.all(one.low > 0)


@pytest.mark.parametrize(("claimed", "held", "code"), [(0.05, 0.85, 0), (0.055, 0.95, 1), (0.0, 0.84, 1)])
def test_a_missed_goal_ends_with_one(
    honesty: ModuleType, monkeypatch: pytest.MonkeyPatch, claimed: float, held: float, code: int
) -> None:
    monkeypatch.setattr(honesty, "claims", lambda *asked: claimed)
    monkeypatch.setattr(honesty, "coverage", lambda *asked: held)
    monkeypatch.setattr(honesty, "world_rows", lambda *asked: [])
    monkeypatch.setattr(sys, "argv", ["honesty"])

    assert honesty.main() == code
