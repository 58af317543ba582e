"""The search over settings, as the workshop's process does it: `autobot calibrate` over the bars that a question gathers.

One thread: the machine trades beside it. Nothing is kept, and whoever stops waiting ends it.
"""

from collections.abc import Callable
from typing import Final

from engine.backtest.calibrate import folds, plan, tally, work
from engine.backtest.calibrate.endings import endings
from engine.backtest.calibrate.plan import Plan
from engine.backtest.calibrate.space import changes, unlatched
from engine.backtest.calibrate.verdict import Result, result
from engine.backtest.kernel import Walker
from engine.backtest.question import PastQuestion
from engine.model.market import DAY_MS
from engine.model.past import Calibration, CalibrationFinding, NotMeasured, Phase, Progress, WhyNot

BATCHES: Final = 64  # 512 settings, as many as the command tries
SEED: Final = 1


class OwnStudy:
    """Batches in order and their results, for one thread. It needs no Optuna: nobody joins."""

    def __init__(self, batches: int) -> None:
        self.results = dict[int, list[str]]()
        self._batches = batches

    def take(self, after: int = 0) -> tuple[int, int] | None:
        """The next batch."""
        return None if self.is_complete else (self.done, 0)

    def give(self, batch: int, trial: int, results: list[str]) -> None:
        """Keep a batch's results."""
        self.results[batch] = results

    def drop(self, batch: int, trial: int) -> None:
        """A batch that was not walked stays open."""

    @property
    def done(self) -> int:
        """How many batches are complete."""
        return len(self.results)

    @property
    def is_complete(self) -> bool:
        """Whether nothing is open."""
        return self.done == self._batches


def calibrated(walker: Walker, question: PastQuestion, told: Callable[[Progress], None]) -> Calibration:
    """Search, and judge what was found. Raises `NotMeasured`."""
    made = _plan(walker, question)
    study = OwnStudy(made.batches)
    work.Crew(study, walker, made, 1).work(lambda done: told(Progress(Phase.SEARCHING, done, made.batches)))
    texts = [text for batch in range(made.batches) for text in study.results[batch]]
    rows = tally.stacked([tally.read(text, made.folds.blocks.size) for text in texts])
    found = result(rows, [draw.values for draw in made.draws()], made.folds)
    return _told(walker, made, found)


def _plan(walker: Walker, question: PastQuestion) -> Plan:
    simulation = question.simulation()
    present = unlatched(question.params)
    warm_ms = walker.first_ms + simulation.warmup_bars * walker.interval_ms
    hold_ms = folds.longest_hold_ms(present, walker.interval_ms)
    try:
        cut = folds.cut(max(warm_ms, simulation.from_ms), walker.end_ms, hold_ms, step_days=0, window_steps=0)
    except folds.TooShort as error:
        raise NotMeasured(WhyNot.SHORT_TIME, f"{error.have_days:,} / {error.least_days:,}") from error
    return Plan(
        version="",
        data=plan.fingerprint(walker.histories),
        simulation=plan.terms(simulation),
        present=present,
        axes=plan.axes_name(),
        folds=cut,
        seed=SEED,
        batches=BATCHES,
        asked={},
    )


def _told(walker: Walker, made: Plan, found: Result) -> Calibration:
    blocks = made.folds.blocks
    chosen = changes(made.present, made.draws()[found.row].values)
    ends = endings(walker, made, found)
    return Calibration(
        finding=CalibrationFinding(found.verdict.value),
        symbols=tuple(one.candles.symbol for one in walker.histories),
        begin_ms=blocks.begin_ms,
        end_ms=blocks.begin_of(blocks.size),
        tried=found.tried,
        steps=len(found.judged),
        step_days=round(blocks.block_ms * folds.BLOCKS_A_STEP / DAY_MS),
        chosen_r=found.chosen_r,
        chosen_trades=found.chosen_trades,
        present_r=found.present_r,
        present_trades=found.present_trades,
        low_r=found.difference.low,
        high_r=found.difference.high,
        deflated_sharpe=found.deflated_sharpe,
        overfitting=found.overfitting,
        changes=tuple((name, before, after) for name, (before, after) in chosen.items()),
        present_ended=ends.present,
        chosen_ended=ends.chosen,
    )
