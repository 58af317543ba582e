"""What a search tries: drawn blindly, the same everywhere, and never a setting that the product would refuse."""

from engine.backtest import track
from engine.backtest.calibrate import space
from engine.decision.bias import weights_for
from engine.model.signals import Regime
from engine.params import TradingParams, conflict, read, tuned

PRESENT = tuned(tuned(TradingParams(), "activation_threshold", 0.62), "weight.macd.bull_trend", 1.3)


def test_the_first_setting_is_the_present_one() -> None:
    first = space.batch(PRESENT, 5, 0)[0]

    assert first.number == 0
    assert space.setting(PRESENT, first.values) == PRESENT
    assert space.changes(PRESENT, first.values) == {}


def test_a_batch_can_be_drawn_again_by_anybody() -> None:
    assert space.batch(PRESENT, 5, 17) == space.batch(PRESENT, 5, 17)
    assert space.batch(PRESENT, 5, 17) != space.batch(PRESENT, 6, 17)
    assert space.batch(PRESENT, 5, 17) != space.batch(PRESENT, 5, 18)


def test_the_settings_of_a_batch_share_what_features_and_votes_depend_on() -> None:
    for number in range(8):
        keys = {track.key(space.setting(PRESENT, draw.values)) for draw in space.batch(PRESENT, 1, number)}
        assert len(keys) == 1


def test_every_setting_is_one_that_could_be_typed() -> None:
    for number in range(64):
        for draw in space.batch(PRESENT, 2, number):
            made = space.setting(PRESENT, draw.values)
            assert conflict(made) == ""
            assert {name: read(made, name) for name in space.changes(PRESENT, draw.values)} == {
                name: value for name, (_, value) in space.changes(PRESENT, draw.values).items()
            }


def test_draws_reach_every_value_of_every_axis_and_leave_most_settings_near_the_present_one() -> None:
    draws = [draw for number in range(400) for draw in space.batch(PRESENT, 3, number)]

    for at, axis in enumerate(space.AXES):
        assert {draw.values[at] for draw in draws} >= set(axis.values)
    changed = sorted(len(space.changes(PRESENT, draw.values)) for draw in draws)
    assert changed[len(changed) // 2] < len(space.AXES) / 2


def test_only_weights_of_regimes_that_let_something_in_are_searched() -> None:
    searched = {axis.name.rpartition(".")[2] for axis in space.AXES if axis.name.startswith("weight.")}

    assert searched == {"bull_trend", "bear_trend"}
    assert weights_for(Regime.BULL_TREND, PRESENT) == PRESENT.weights.bull_trend
    assert weights_for(Regime.BEAR_TREND, PRESENT) == PRESENT.weights.bear_trend


def test_enough_batches_are_made_for_the_trials_asked_for() -> None:
    assert [space.batches_of(trials) for trials in (1, 8, 9, 512)] == [1, 1, 2, 64]
