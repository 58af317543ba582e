"""A search that many may share, kept by Optuna: each batch of settings is one of its trials.

What is open follows from what is complete: a batch without a complete trial will be walked, whoever died over it. A lease
keeps two from walking the same one at a time; it ends by itself when its holder no longer renews it.
"""

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Final, Protocol

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.exceptions import DuplicatedStudyError, UpdateFinishedTrialError
from optuna.storages import BaseStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from engine.backtest.calibrate import space, tally
from engine.backtest.calibrate.chance import sharpes
from engine.backtest.calibrate.plan import Plan
from engine.params import BY_NAME

BATCH: Final = "batch"
WORKER: Final = "worker"
RESULTS: Final = "results"


class Leases(Protocol):
    """Who walks which batch."""

    def take(self, batch: int) -> bool:
        """Have a batch for oneself for a while; False where another has it."""

    def leave(self, batch: int) -> None:
        """Give it back."""


class OwnLeases:
    """Leases within one process."""

    def __init__(self) -> None:
        self._held = dict[int, bool]()

    def take(self, batch: int) -> bool:
        """Have a batch for oneself."""
        mine = object()
        return self._held.setdefault(batch, mine) is mine  # type: ignore[arg-type]  # one step: no thread comes between

    def leave(self, batch: int) -> None:
        """Give it back."""
        self._held.pop(batch, None)


class Study:
    """The batches of a plan and their results."""

    def __init__(self, storage: BaseStorage, name: str, plan: Plan, leases: Leases, worker: str) -> None:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self._storage = storage
        self._plan = plan
        self._leases = leases
        self._worker = worker
        self._id = _study_id(storage, name)

    def results(self) -> dict[int, list[str]]:
        """What is known: batch -> its settings' tallies as text."""
        done = dict[int, list[str]]()
        for trial in self._trials(TrialState.COMPLETE):
            done.setdefault(trial.user_attrs[BATCH], trial.user_attrs[RESULTS])
        return done

    def take(self) -> tuple[int, int] | None:
        """A batch that nobody walks, and the trial that stands for it; None where there is none just now."""
        done = self._done()
        for batch in range(self._plan.batches):
            if batch not in done and self._leases.take(batch):
                return self._begun(batch)
        return None

    def give(self, batch: int, trial: int, results: Sequence[str]) -> None:
        """Keep a batch's results, and give it back."""
        try:
            self._storage.set_trial_user_attr(trial, RESULTS, list(results))
            self._storage.set_trial_state_values(trial, TrialState.COMPLETE, [self._best(results)])
        except UpdateFinishedTrialError:
            pass  # somebody took us for dead and walks it again: the results are the same
        finally:
            self._leases.leave(batch)

    def drop(self, batch: int, trial: int) -> None:
        """Give a batch back unwalked."""
        try:
            self._failed(trial)
        finally:
            self._leases.leave(batch)

    @property
    def done(self) -> int:
        """How many batches are complete."""
        return len(self._done())

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open."""
        return self.done == self._plan.batches

    # --- inside -----------------------------------------------------------------------------------------------------

    def _done(self) -> set[int]:
        return {trial.user_attrs[BATCH] for trial in self._trials(TrialState.COMPLETE)}

    def _trials(self, *states: TrialState) -> list[FrozenTrial]:
        found = self._storage.get_all_trials(self._id, deepcopy=False, states=states)
        return [trial for trial in found if BATCH in trial.user_attrs]

    def _begun(self, batch: int) -> tuple[int, int] | None:
        """Note that a batch is being walked. What died over it is marked as failed, for whoever looks at the study."""
        for trial in self._trials(TrialState.RUNNING, TrialState.COMPLETE):
            if trial.user_attrs[BATCH] == batch:
                if trial.state is TrialState.COMPLETE:  # completed while we looked
                    self._leases.leave(batch)
                    return None
                self._failed(trial._trial_id)
        draw = space.batch(self._plan.present, self._plan.seed, batch)[0]
        params = {axis.name: value for axis, value in zip(space.OPINIONS, draw.values, strict=False)}
        marks: dict[str, Any] = {BATCH: batch, WORKER: self._worker, "begun_ms": time.time_ns() // 1_000_000}
        template = create_trial(
            state=TrialState.RUNNING, params=params, distributions=dict(map(_distribution, params)), user_attrs=marks
        )
        return batch, self._storage.create_new_trial(self._id, template)

    def _failed(self, trial: int) -> None:
        with suppress(UpdateFinishedTrialError):  # somebody else has said so
            self._storage.set_trial_state_values(trial, TrialState.FAIL)

    def _best(self, results: Sequence[str]) -> float:
        """The best Sharpe ratio of a batch: for whoever looks at the study; nothing is chosen by it."""
        rows = [tally.read(text, self._plan.folds.blocks.size).net_r for text in results]
        return float(sharpes(np.stack(rows)).max())


def _study_id(storage: BaseStorage, name: str) -> int:
    try:
        return storage.create_new_study([StudyDirection.MAXIMIZE], name)
    except DuplicatedStudyError:
        return storage.get_study_id_from_name(name)


def _distribution(name: str) -> tuple[str, BaseDistribution]:
    return name, FloatDistribution(BY_NAME[name].low, BY_NAME[name].high)
