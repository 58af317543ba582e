"""Ready-made tallies and histories for tests of the search."""

from collections.abc import Callable
from typing import Final

import numpy as np

from engine.adapters.rules_files import inferred_rules
from engine.backtest.calibrate.folds import Folds, cut
from engine.backtest.calibrate.plan import Plan
from engine.backtest.calibrate.tally import Tallies
from engine.backtest.history import Candles, Floats, SymbolHistory, assumed_funding
from engine.model.market import DAY_MS, INTERVAL_MS
from engine.params import TradingParams

HOUR_MS: Final = INTERVAL_MS["1h"]
BEGIN_MS: Final = 1_640_995_200_000
WEEKS: Final = 120

type Edge = Callable[[Floats], Floats]


def some_folds(weeks: int = WEEKS) -> Folds:
    """Quarters of weeks."""
    return cut(BEGIN_MS, BEGIN_MS + weeks * 7 * DAY_MS, DAY_MS, step_days=91)


def noise(seed: int, rows: int = 40, weeks: int = WEEKS, mean: float = 0.0) -> Tallies:
    """Settings that have nothing to do with what comes next; about three trades a week."""
    random = np.random.default_rng(seed)
    shared = random.standard_normal(weeks)
    net_r = mean + 0.7 * shared + random.standard_normal((rows, weeks))
    return Tallies(net_r, random.integers(1, 6, (rows, weeks)))


def an_hourly_history(seed: int = 0, bars: int = 3_200) -> SymbolHistory:
    """A random walk of hourly bars."""
    random = np.random.default_rng(seed)
    close = np.round(2_000 * np.exp(np.cumsum(random.standard_normal(bars) * 0.006)), 2)
    open_ = np.concatenate(([2_000.0], close[:-1]))
    reach = np.abs(random.standard_normal((2, bars))) * 4
    high, low = np.round(np.maximum(open_, close) + reach[0], 2), np.round(np.minimum(open_, close) - reach[1], 2)
    times = BEGIN_MS + HOUR_MS * np.arange(bars, dtype=np.int64)
    volume = np.round(random.gamma(2.0, 100.0, bars), 3)
    candles = Candles("ETHUSDT", HOUR_MS, times, open_, high, low, close, volume)
    return SymbolHistory(
        candles, inferred_rules("ETHUSDT", (open_, high, low, close)), assumed_funding(BEGIN_MS, candles.end_ms)
    )


def a_plan(batches: int = 4, **parts: object) -> Plan:
    """A plan that nothing was loaded for."""
    ordinary: dict[str, object] = {
        "version": "1.0 abc",
        "data": "data",
        "simulation": "terms",
        "present": TradingParams(),
        "axes": "axes",
        "folds": some_folds(),
        "seed": 1,
        "batches": batches,
        "asked": {"candles": ["ETHUSDT-1h.parquet"]},
    }
    return Plan(**{**ordinary, **parts})  # type: ignore[arg-type]  # the names are those of the fields
