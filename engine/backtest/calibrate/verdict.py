"""What a search over settings comes to, in one word and the figures behind it.

The word is "better" only where three things hold that have nothing to do with each other: judged on blocks it was not
chosen on, the choice beat the present setting by more than chance; it earned more than nothing by more than chance; and
what was chosen in the end stands out of the best that so many worthless tries would show.
"""

from collections.abc import Sequence
from enum import StrEnum
from typing import Final, NamedTuple

import numpy as np

from engine.backtest.calibrate import chance
from engine.backtest.calibrate.folds import BLOCKS_A_STEP, Folds
from engine.backtest.calibrate.forecast import Forecast, forecast
from engine.backtest.calibrate.redraw import SEED, Between, mean_between
from engine.backtest.calibrate.tally import Tallies
from engine.backtest.calibrate.walk_forward import FEWEST_TRADES, Judged, choose, judge

SURE: Final = 0.95


class Verdict(StrEnum):
    """What may be said."""

    TOO_LITTLE = "too_little"  # too few trades out of sample: nothing may be said
    NO_BETTER = "no_better"  # no setting is better than the present one beyond chance
    LOSES_LESS = "loses_less"  # it beat the present one by losing less: it lost all the same
    UNPROVEN = "unproven"  # it beat the present one and gained, but no more than chance or the best of so many tries explains
    BETTER = "better"


class Result(NamedTuple):
    """A search, judged. R per step; `row` is the choice on all of history, `agreement` what the steps' choices share."""

    verdict: Verdict
    judged: tuple[Judged, ...]
    row: int
    tried: int
    independent: float
    deflated_sharpe: float
    overfitting: float
    rank_correlation: float
    agreement: float
    difference: Between  # chosen less present, a step, in the same blocks
    earned: Between  # chosen, a step
    chosen_r: float
    present_r: float
    chosen_trades: int
    present_trades: int
    covered: int  # of the two forecasts of each step
    chosen_next: Forecast
    present_next: Forecast


def result(all_: Tallies, values: Sequence[Sequence[float]], folds: Folds, *, tried_before: int = 0) -> Result:
    """Judge a search: its tallies and the axes' values, a row each, the present setting first.

    What others tried on the same candles before counts as if it had been tried here.
    """
    judged = tuple(judge(all_, folds))
    redraw = np.random.default_rng(SEED)
    chosen = np.concatenate([one.chosen_r for one in judged])
    present = np.concatenate([one.present_r for one in judged])
    difference, earned = _a_step(mean_between(chosen - present, redraw)), _a_step(mean_between(chosen, redraw))
    row = choose(all_)
    independent = chance.independent_trials(all_.net_r)
    spread = float(chance.sharpes(all_.net_r).std(ddof=1)) if len(all_.net_r) > 1 else 0.0
    counted = independent * (1 + tried_before / len(all_.net_r))
    deflated = chance.deflated_sharpe(all_.net_r[row], spread, counted)
    trades = sum(one.chosen_trades for one in judged)
    return Result(
        verdict=_verdict(row, trades, float(chosen.sum()), difference, earned, deflated),
        judged=judged,
        row=row,
        tried=len(all_.net_r),
        independent=independent,
        deflated_sharpe=deflated,
        overfitting=chance.overfitting(all_.net_r),
        rank_correlation=float(np.mean([one.rank_correlation for one in judged])),
        agreement=_agreement([values[one.row] for one in judged]),
        difference=difference,
        earned=earned,
        chosen_r=float(chosen.sum()),
        present_r=float(present.sum()),
        chosen_trades=trades,
        present_trades=sum(one.present_trades for one in judged),
        covered=sum(sum(one.is_covered) for one in judged),
        chosen_next=forecast(all_, row),
        present_next=forecast(all_, 0),
    )


def _verdict(row: int, trades: int, chosen_r: float, difference: Between, earned: Between, deflated: float) -> Verdict:
    if trades < FEWEST_TRADES:
        return Verdict.TOO_LITTLE
    if difference.low <= 0 or row == 0:
        return Verdict.NO_BETTER
    if chosen_r <= 0:
        return Verdict.LOSES_LESS
    return Verdict.BETTER if earned.low > 0 and deflated >= SURE else Verdict.UNPROVEN


def _a_step(mean: Between) -> Between:
    return Between(mean.low * BLOCKS_A_STEP, mean.high * BLOCKS_A_STEP)


def _agreement(chosen: Sequence[Sequence[float]]) -> float:
    """The share of axes on which two steps, picked at random, chose the same value."""
    pairs = [(first, second) for at, first in enumerate(chosen) for second in chosen[at + 1 :]]
    same = [sum(a == b for a, b in zip(first, second, strict=True)) / len(first) for first, second in pairs]
    return float(np.mean(same)) if same else 1.0
