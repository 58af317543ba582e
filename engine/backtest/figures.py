"""What a list of results can and cannot say: intervals, factors, ratios, falls, streaks. Pure, and the same every time.

Intervals are 90 %. A figure that the sample is too small for is None, never a number that only looks like one.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from engine.backtest.history import Floats, Ints

Z: Final = 1.6448536269514722  # 90 % of a normal distribution lie within
EXACT_T: Final = {1: 6.313751514675041, 2: 2.919985580355516}  # the series below begins to hold at three
FEWEST_DAYS: Final = 30
FEWEST_TRADES: Final = 2
MOST_TRADES_NEEDED: Final = 1_000_000  # beyond it the edge is none, whatever rounding left of it
DAYS_A_YEAR: Final = 365  # this market never closes


class Interval(NamedTuple):
    """What a figure may truly be, with 90 % confidence."""

    low: float
    high: float

    @property
    def spans_zero(self) -> bool:
        return self.low <= 0.0 <= self.high


class Ratios(NamedTuple):
    """Annualised from daily equity. None where fewer than 30 days or 2 trades stand behind them."""

    sharpe: float | None
    sortino: float | None


class Fall(NamedTuple):
    """The deepest fall between day ends, and the longest time below a peak. `back_ms` 0 = not back at the peak by the end."""

    fraction: float
    money: float
    peak_ms: int
    low_ms: int
    back_ms: int
    longest_days: int


NO_FALL: Final = Fall(0.0, 0.0, 0, 0, 0, 0)


def wilson(wins: int, count: int) -> Interval | None:
    """The interval of a rate: how often it may truly happen that happened `wins` times in `count`."""
    if count == 0:
        return None
    rate, share = wins / count, Z * Z / count
    centre = (rate + share / 2) / (1 + share)
    reach = Z * math.sqrt(rate * (1 - rate) / count + share / count / 4) / (1 + share)
    return Interval(max(0.0, centre - reach), min(1.0, centre + reach))


def mean_interval(values: Sequence[float], clusters: Sequence[int]) -> Interval | None:
    """The interval of a mean by Student's t: the wider of taking each value, or each cluster, as one independent trial.

    Trades of one day share its market: taken as independent they would promise more than they know.
    """
    if len(values) < 2:
        return None
    seen = np.asarray(values, dtype=np.float64)
    centre = float(seen.mean())
    apart = t_quantile(len(seen) - 1) * float(seen.std(ddof=1)) / math.sqrt(len(seen))
    _, places = np.unique(np.asarray(clusters), return_inverse=True)
    sums = np.bincount(places, weights=seen - centre)
    groups = len(sums)
    together = 0.0
    if groups > 1:
        error = math.sqrt(groups / (groups - 1) * float((sums * sums).sum())) / len(seen)
        together = t_quantile(groups - 1) * error
    reach = max(apart, together)
    return Interval(centre - reach, centre + reach)


def t_quantile(freedom: int) -> float:
    """How many standard errors enclose 90 % with so many degrees of freedom (Fisher's series; 0.1 % at three, less above)."""
    assert freedom >= 1, "one value has no spread"
    if freedom in EXACT_T:
        return EXACT_T[freedom]
    z, n = Z, float(freedom)
    return (
        z
        + (z**3 + z) / (4 * n)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * n**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * n**3)
        + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92_160 * n**4)
    )


def trades_needed(values: Sequence[float]) -> int | None:
    """How many such trades it takes until an edge of this size stands out of its own noise. None: there is no edge to see."""
    if len(values) < 2:
        return None
    seen = np.asarray(values, dtype=np.float64)
    centre, spread = float(seen.mean()), float(seen.std(ddof=1))
    needed = (Z * spread / centre) ** 2 if centre else math.inf
    return math.ceil(needed) if needed <= MOST_TRADES_NEEDED else None


def ratios(wallet: float, day_equity: Floats, trades: int, days: int) -> Ratios:
    """Sharpe and Sortino of the account's days, without a riskless rate. `days` are whole ones: parts of a day at both ends
    have an equity too, and make none.
    """
    account = np.concatenate(([wallet], day_equity))
    if days < FEWEST_DAYS or trades < FEWEST_TRADES or bool((account <= 0).any()):
        return Ratios(None, None)
    returns = np.diff(account) / account[:-1]
    mean, spread = float(returns.mean()), float(returns.std(ddof=1))
    below = math.sqrt(float(np.square(np.minimum(returns, 0.0)).mean()))
    year = math.sqrt(DAYS_A_YEAR)
    return Ratios(mean / spread * year if spread else None, mean / below * year if below else None)


def deepest_fall(begin_ms: int, wallet: float, day_ms: Ints, day_equity: Floats) -> Fall:
    """The deepest fall of the account between day ends, with its dates."""
    if len(day_equity) == 0:
        return NO_FALL
    times = np.concatenate(([begin_ms], day_ms))
    account = np.concatenate(([wallet], day_equity))
    peaks = np.maximum.accumulate(account)
    depth = 1.0 - account / peaks
    low = int(depth.argmax())
    if depth[low] <= 0.0:
        return NO_FALL
    peak = int(account[: low + 1].argmax())
    back = np.flatnonzero(account[low:] >= peaks[low])
    return Fall(
        fraction=float(depth[low]),
        money=float(peaks[low] - account[low]),
        peak_ms=int(times[peak]),
        low_ms=int(times[low]),
        back_ms=int(times[low + back[0]]) if len(back) else 0,
        longest_days=_longest(depth > 0.0),
    )


def losing_streak(nets: Iterable[float]) -> int:
    """The longest run of results below zero."""
    longest = now = 0
    for net in nets:
        now = now + 1 if net < 0 else 0
        longest = max(longest, now)
    return longest


def _longest(is_below: NDArray[np.bool_]) -> int:
    """The longest run of days below a peak."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], is_below, [False])).astype(np.int8)))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
