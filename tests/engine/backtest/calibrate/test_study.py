"""A study shared by many: every batch is walked, none is lost with whoever died over it, none counts twice."""

import json
import threading

import numpy as np
import pytest
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import TrialState

from engine.backtest.calibrate import tally
from engine.backtest.calibrate.plan import Plan
from engine.backtest.calibrate.study import OwnLeases, Study
from engine.backtest.calibrate.work import Crew
from engine.backtest.history import Simulation
from engine.backtest.kernel import Walker
from engine.ports import StoreDown
from tests.engine.backtest.calibrate.parts import a_plan, an_hourly_history

PLAN = a_plan(batches=3)
RESULT = tally.written(
    tally.Tally(np.arange(PLAN.folds.blocks.size, dtype=np.float64), np.ones(PLAN.folds.blocks.size, np.int64))
)


class HandLeases(OwnLeases):
    """Leases that several studies share, and that end when told."""

    def end(self, batch: int) -> None:
        """Its holder is gone."""
        self.leave(batch)


@pytest.fixture
def storage() -> BaseStorage:
    return InMemoryStorage()


def a_study(storage: BaseStorage, leases: OwnLeases, worker: str = "one", plan: Plan = PLAN) -> Study:
    return Study(storage, "name", plan, leases, worker)


def states(storage: BaseStorage) -> list[TrialState]:
    return [trial.state for trial in storage.get_all_trials(0)]


def test_batches_are_taken_one_after_the_other_until_nothing_is_open(storage: BaseStorage) -> None:
    study = a_study(storage, HandLeases())

    taken = []
    while (one := study.take()) is not None:
        taken.append(one[0])
        assert not study.is_complete
        study.give(*one, [RESULT])

    assert taken == [0, 1, 2]
    assert study.is_complete
    assert study.results() == {0: [RESULT], 1: [RESULT], 2: [RESULT]}


def test_no_two_walk_the_same_batch_at_a_time(storage: BaseStorage) -> None:
    leases = HandLeases()
    first, second = a_study(storage, leases), a_study(storage, leases, "two")

    taken = [study.take() for study in (first, second, first, second)]

    assert [one[0] for one in taken[:3] if one is not None] == [0, 1, 2]
    assert taken[3] is None


def test_what_died_with_its_worker_is_walked_again_and_marked(storage: BaseStorage) -> None:
    leases = HandLeases()
    assert a_study(storage, leases, "dies").take() is not None
    leases.end(0)

    again = a_study(storage, leases, "lives").take()

    assert again is not None
    assert again[0] == 0
    assert states(storage) == [TrialState.FAIL, TrialState.RUNNING]


def test_who_was_taken_for_dead_and_comes_back_does_no_harm(storage: BaseStorage) -> None:
    leases = HandLeases()
    slow, other = a_study(storage, leases, "slow"), a_study(storage, leases, "other")
    taken = slow.take()
    assert taken is not None
    leases.end(0)
    again = other.take()
    assert again is not None

    slow.give(*taken, ["late"])
    other.give(*again, [RESULT])

    assert other.results() == {0: [RESULT]}
    assert states(storage) == [TrialState.FAIL, TrialState.COMPLETE]


def test_a_batch_that_was_given_back_unwalked_is_open_again(storage: BaseStorage) -> None:
    study = a_study(storage, HandLeases())
    taken = study.take()
    assert taken is not None

    study.drop(*taken)

    again = study.take()
    assert again is not None
    assert again[0] == taken[0]


def test_a_trial_shows_the_weights_that_its_settings_share(storage: BaseStorage) -> None:
    study = a_study(storage, HandLeases())
    study.take()

    (trial,) = storage.get_all_trials(0)

    assert trial.user_attrs["worker"] == "one"
    assert trial.params["weight.macd.bull_trend"] == PLAN.present.weights.bull_trend.macd
    assert trial.params["bias_threshold"] == PLAN.present.bias_threshold
    json.dumps(trial.user_attrs)


class ShakyStudy(Study):
    """A study whose store goes away now and then."""

    failures = 3

    def give(self, batch: int, trial: int, results: object) -> None:
        if self.failures:
            self.failures -= 1
            self._leases.leave(batch)
            raise StoreDown("away")
        super().give(batch, trial, results)  # type: ignore[arg-type]  # handed on as it came


@pytest.mark.parametrize("threads", [1, 3])
def test_a_crew_walks_everything_although_the_store_goes_away_now_and_then(storage: BaseStorage, threads: int) -> None:
    walker, told = Walker([an_hourly_history(1)], Simulation(warmup_bars=600)), list[int]()
    study = ShakyStudy(storage, "name", PLAN, OwnLeases(), "one")

    done = Crew(study, walker, PLAN, threads).work(told.append)

    assert done == (3, True)
    assert told[-1] == 3
    assert {len(results) for results in study.results().values()} == {8}


def test_a_crew_gives_up_when_the_store_stays_away(storage: BaseStorage) -> None:
    study = ShakyStudy(storage, "name", PLAN, OwnLeases(), "one")
    study.failures = 1_000

    with pytest.raises(StoreDown):
        Crew(study, Walker([an_hourly_history(1)], Simulation(warmup_bars=600)), PLAN, 1, patience_s=0.0).work(
            lambda done: None
        )


def test_a_crew_that_is_stopped_leaves_what_it_did(storage: BaseStorage) -> None:
    study = a_study(storage, OwnLeases())
    crew = Crew(study, Walker([an_hourly_history(1)], Simulation(warmup_bars=600)), PLAN, 1)
    begun = threading.Event()

    def told(done: int) -> None:
        if done and not begun.is_set():
            begun.set()
            crew.stop()

    done = crew.work(told)

    assert done.batches == study.done
    assert TrialState.RUNNING not in states(storage)


def test_what_a_crew_walks_does_not_depend_on_how_many_walk() -> None:
    found = []
    for threads in (1, 2):
        study = a_study(InMemoryStorage(), OwnLeases())
        Crew(study, Walker([an_hourly_history(1)], Simulation(warmup_bars=600)), PLAN, threads).work(lambda done: None)
        found.append(study.results())

    assert found[0] == found[1]
