"""The result of a search as people and machines read it."""

import json

import numpy as np
import pytest

from bot.calibrate_words import ENDED, SAID, Found, as_json, as_text
from engine.backtest.calibrate import space
from engine.backtest.calibrate.endings import Endings
from engine.backtest.calibrate.tally import Tallies
from engine.backtest.calibrate.verdict import Verdict, result
from engine.model.past import CalibrationFinding, EndCause, EntriesEnded
from tests.engine.backtest.calibrate.parts import BEGIN_MS, HOUR_MS, a_plan, noise

PLAN = a_plan(batches=5)
PHONE = 60


def found(all_: Tallies, tried_before: int = 0, endings: Endings = Endings(None, None)) -> Found:  # noqa: B008
    draws = PLAN.draws()
    judged = result(all_, [draw.values for draw in draws], PLAN.folds, tried_before=tried_before)
    return Found(PLAN, judged, endings, ("ETHUSDT",), HOUR_MS, draws, tried_before, ["a hole"])


def with_an_edge() -> Tallies:
    all_ = noise(1, rows=40)
    all_.net_r[23] += 1.2
    return all_


def test_nothing_better_is_said_first_and_the_choice_is_only_for_the_record() -> None:
    one = found(noise(1, rows=40))

    lines = as_text(one).splitlines()

    assert one.result.verdict is Verdict.NO_BETTER
    assert "No setting is better than the present one beyond chance." in lines[3]
    assert "Chosen on all of it, for the record:" in lines
    assert not any("--set" in line for line in lines)


def test_what_is_better_is_named_so_that_it_can_be_typed() -> None:
    one = found(with_an_edge())

    (line,) = (line for line in as_text(one).splitlines() if "--set" in line)

    pairs = dict(word.split("=") for word in line.split("--set ")[1].split())
    assert {name: float(value) for name, value in pairs.items()} == {
        name: value for name, (_, value) in space.changes(PLAN.present, one.draws[23].values).items()
    }


def test_every_verdict_has_its_words_and_its_name_in_the_chat() -> None:
    assert set(SAID) == set(Verdict)
    assert {one.value for one in CalibrationFinding} == {one.value for one in Verdict}


def test_what_gained_without_proof_is_not_called_a_loss() -> None:
    one = found(with_an_edge(), 10**9)

    said = as_text(one).splitlines()[3]

    assert one.result.verdict is Verdict.UNPROVEN
    assert "did better here, but no better than chance" in said
    assert "lost" not in said


@pytest.mark.parametrize("all_", [noise(1, rows=40), with_an_edge()])
def test_the_table_fits_a_phone_and_its_last_row_is_the_sum(all_: Tallies) -> None:
    one = found(all_)

    rows = [line for line in as_text(one).splitlines() if line.startswith(("  20", "  all"))]

    assert len(rows) == len(one.result.judged) + 1
    assert max(map(len, rows)) <= PHONE
    assert f"{one.result.chosen_r:+.1f} ({one.result.chosen_trades})" in rows[-1]
    assert f"{one.result.present_r:+.1f} ({one.result.present_trades})" in rows[-1]


@pytest.mark.parametrize("cause", EndCause)
def test_entries_that_ended_are_told_with_their_day_because_later_steps_only_look_calm(cause: EndCause) -> None:
    one = found(noise(1, rows=40), 0, Endings(EntriesEnded(cause, BEGIN_MS), None))

    said, read = as_text(one).splitlines(), as_json(one)

    assert said[4] == f"The present setting entered nothing after 2022-01-01: {ENDED[cause]}. Later steps count nothing of it."
    assert not any(line.startswith("A chosen setting") for line in said)
    assert read["present"]["ended"] == {"cause": cause.value, "time_ms": BEGIN_MS}
    assert read["chosen"]["ended"] is None


def test_what_was_tried_before_is_told() -> None:
    assert "40 settings tried, after 512 on the same candles before" in as_text(found(noise(1, rows=40), 512))


def test_the_machines_form_is_json_without_odd_numbers_and_holds_every_step() -> None:
    one = found(noise(2, rows=40), 7)

    read = json.loads(json.dumps(as_json(one), allow_nan=False))

    assert read["verdict"] == one.result.verdict.value
    assert (read["tried"], read["tried_before"], read["told"]) == (40, 7, ["a hole"])
    assert len(read["steps"]) == len(one.result.judged)
    assert np.isclose(sum(step["chosen"]["net_r"] for step in read["steps"]), read["chosen"]["net_r"])
    for before, after in zip(read["steps"], read["steps"][1:], strict=False):
        assert before["past_end_ms"] < before["begin_ms"] < before["end_ms"] == after["begin_ms"]
