"""What the next step may bring under one setting: net R and trades, with what nobody knows about both.

Three doubts are drawn together: how the mean itself was measured, how the coming blocks fall out, and, for a setting that
was chosen because it was the best, how much of its lead was luck.
"""

from typing import Final, NamedTuple

import numpy as np

from engine.backtest.calibrate.folds import BLOCKS_A_STEP
from engine.backtest.calibrate.redraw import DRAWS, LEVEL, SEED, Between, places, widening
from engine.backtest.calibrate.tally import Tallies
from engine.backtest.history import Floats

CHANGE: Final = 1.35  # markets change: measured over the quarters of the shared files (benchmarks/honesty.py)


class Forecast(NamedTuple):
    """The next step under one setting."""

    expected_r: float
    net_r: Between
    trades: Between


def forecast(past: Tallies, row: int) -> Forecast:
    """The step after `past` under the setting of a row. Row 0 was not chosen, any other was."""
    chance = np.random.default_rng(SEED)
    series, counts = past.net_r[row], past.trades[row].astype(np.float64)
    lead = float(series.mean() - expected(past.net_r, row))
    net_r, expected_r = _drawn(series, chance, lead)
    trades, _ = _drawn(counts, chance, 0.0)
    return Forecast(expected_r, net_r, Between(max(0.0, trades.low), trades.high))


def expected(rows: Floats, row: int) -> float:
    """The mean to expect of a row: its lead over the mean of all rows shrunk by the share of leads that is noise."""
    mean = float(rows[row].mean())
    if row == 0 or len(rows) < 3:
        return mean
    apart = rows - rows.mean(axis=0)
    leads = apart.mean(axis=1)
    noise = float((apart.var(axis=1, ddof=1) / rows.shape[1]).mean())
    seen = float(leads.var())
    kept = max(0.0, 1 - noise / seen) if seen > 0 else 0.0
    return mean - float(leads[row]) * (1 - kept)


def _drawn(series: Floats, chance: np.random.Generator, lead: float) -> tuple[Between, float]:
    blocks = len(series)
    measured = series[places(blocks, blocks, chance)].mean(axis=1)
    coming = series[places(blocks, BLOCKS_A_STEP, chance)].sum(axis=1)
    luck = lead * chance.uniform(0.5, 1.5, DRAWS)  # the share of luck is itself only estimated
    sums = coming + BLOCKS_A_STEP * (measured - series.mean() - luck)
    centre = BLOCKS_A_STEP * float(series.mean() - lead)
    low, high = (np.quantile(sums, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) - centre) * widening(blocks) * CHANGE
    return Between(centre + float(low), centre + float(high)), centre
