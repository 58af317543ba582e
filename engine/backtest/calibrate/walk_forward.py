"""Choose on the past, judge on the next step, untouched; and beside it what the present setting did in the same blocks."""

from typing import Final, NamedTuple

import numpy as np

from engine.backtest.calibrate.chance import rank_correlation, sharpes
from engine.backtest.calibrate.folds import Folds, Step
from engine.backtest.calibrate.forecast import Forecast, forecast
from engine.backtest.calibrate.tally import Tallies
from engine.backtest.history import Floats, Ints

FEWEST_TRADES: Final = 30  # fewer say nothing: a setting that made fewer in the past is not chosen
FEWEST_TRADED_BLOCKS: Final = 8


class Judged(NamedTuple):
    """One step: what was chosen, what it had shown, and what then came. Blocks' sums of R are in `chosen_r`, `present_r`."""

    step: Step
    row: int
    past_r: float
    past_trades: int
    chosen_r: Floats
    present_r: Floats
    chosen_trades: int
    present_trades: int
    rank_correlation: float
    chosen_forecast: Forecast
    present_forecast: Forecast

    @property
    def is_covered(self) -> tuple[bool, bool]:
        """Whether what came lay within what had been said: of the chosen setting, and of the present one."""
        chosen, present = float(self.chosen_r.sum()), float(self.present_r.sum())
        return chosen in self.chosen_forecast.net_r, present in self.present_forecast.net_r


def part(all_: Tallies, begin: int, end: int) -> Tallies:
    """Some blocks of all rows."""
    return Tallies(all_.net_r[:, begin:end], all_.trades[:, begin:end])


def choose(past: Tallies) -> int:
    """The row with the best net R for its spread; the present one where none traded enough."""
    traded: Ints = past.trades.sum(axis=1)
    score = np.where((traded >= FEWEST_TRADES) & _is_spread(past), sharpes(past.net_r), -np.inf)
    best = int(score.argmax())
    return best if score[best] > -np.inf else 0


def judge(all_: Tallies, folds: Folds) -> list[Judged]:
    """Walk forward."""
    return [_judged(all_, step) for step in folds.steps()]


def _judged(all_: Tallies, step: Step) -> Judged:
    past, next_ = part(all_, step.past_from, step.past_to), part(all_, step.next_from, step.next_to)
    row = choose(past)
    present = forecast(past, 0)
    return Judged(
        step=step,
        row=row,
        past_r=float(past.net_r[row].sum()),
        past_trades=int(past.trades[row].sum()),
        chosen_r=next_.net_r[row],
        present_r=next_.net_r[0],
        chosen_trades=int(next_.trades[row].sum()),
        present_trades=int(next_.trades[0].sum()),
        rank_correlation=rank_correlation(sharpes(past.net_r), sharpes(next_.net_r)),
        chosen_forecast=forecast(past, row) if row else present,
        present_forecast=present,
    )


def _is_spread(past: Tallies) -> Ints:
    """Whether trades lie in enough blocks: a ratio of one busy week means nothing."""
    made: Ints = (past.trades > 0).sum(axis=1) >= FEWEST_TRADED_BLOCKS
    return made
