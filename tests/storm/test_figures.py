"""The figures of a run, as they are written for whoever compares runs."""

import json
from pathlib import Path

from tests.storm.seeds import Tally, write_json
from tests.storm.world import Ended


def test_the_figures_of_a_run_are_written_by_fault_and_by_invariant(tmp_path: Path) -> None:
    tally = Tally()
    tally.add(Ended(7, {"A1": 2, "B7": 1}, [("I2", "naked")], fills=3, kills=1, cover_s=[0.1, 0.3], calm_cover_s=[0.1]))

    write_json(tmp_path / "figures.json", tally)

    written = json.loads((tmp_path / "figures.json").read_text(encoding="utf-8"))
    assert written["hits"] == {"A1": 2, "B7": 1}
    assert written["violations"] == {"I2": 1}
    assert written["failed"] == [[7, [["I2", "naked"]]]]
    assert written["cover_s"]["positions"] == 2
