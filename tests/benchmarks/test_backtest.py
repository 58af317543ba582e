"""The contest's candles are a whole and honest year, and its table says what was measured and what was not."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
OURS = {"name": "AUTOBOT trades", "bars": 100, "prepare_s": 0.0, "first_s": 1.0, "run_s": 0.1, "many_s": 2.0, "trades": 3}
FACTS = {"bars": 100}


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    before = set(sys.modules)
    yield importlib.import_module("backtest")
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(BENCHMARKS)):
            del sys.modules[name]


def test_made_up_candles_are_a_year_of_possible_bars_without_a_hole_and_the_same_each_time(benchmarks: ModuleType) -> None:
    made = benchmarks.year.made_up(seed=3)

    assert len(made.close) == 365 * 24 * 60
    assert set(np.diff(made.open_time_ms)) == {60_000}
    assert np.all(made.low <= np.minimum(made.open, made.close))
    assert np.all(made.high >= np.maximum(made.open, made.close))
    assert np.array_equal(made.close, benchmarks.year.made_up(seed=3).close)


def test_a_short_recording_goes_on_at_the_price_at_which_it_ended(benchmarks: ModuleType) -> None:
    whole = benchmarks.year.made_up(seed=4)
    recorded = type(whole)(*(column[:400_000] for column in whole))

    year = benchmarks.year.continued(recorded, seed=1)

    assert len(year.close) == benchmarks.year.BARS
    assert np.array_equal(year.close[:400_000], recorded.close)
    moves = np.abs(np.diff(np.log(year.close)))
    assert moves[399_999] <= np.max(moves[:399_999])
    assert set(np.diff(year.open_time_ms)) == {60_000}
    assert np.all(year.low <= np.minimum(year.open, year.close))


def test_the_table_tells_ratios_what_was_skipped_and_which_hundred_was_only_multiplied(benchmarks: ModuleType) -> None:
    slow: dict[str, Any] = {key: value for key, value in OURS.items() if key != "many_s"} | {"name": "slow", "run_s": 1.0}
    answers = [OURS | {"load_before": 0.1}, slow | {"load_before": 3.0}, {"name": "gone", "skipped": "uv is not there"}]

    text = benchmarks.table(answers, FACTS, "wall")

    row = next(line for line in text.splitlines() if line.startswith("slow")).split()
    assert row[1:9] == ["1.000", "s", "100", "10.0", "~", "100.00", "s", "50.0"]
    assert "gone" in text
    assert "skipped: uv is not there" in text
    assert "The machine was busy" in text


def test_a_peer_that_cannot_be_installed_is_skipped_with_the_reason(
    benchmarks: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")

    answer = benchmarks.asked(benchmarks.Contestant("peer", "peers/none.py", ("none",)), tmp_path / "year.npz", 1, 0)

    assert answer == {"name": "peer", "skipped": "uv is not there"}
