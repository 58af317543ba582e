"""Old settings against new ones over the same bars: what each came to, how sure the difference is, and what it is worth.

The difference of every UTC day is paired, so that what the market did is no merit of either; whole runs of days are drawn
again and again, because the days of one position belong together. The draw is seeded: the same question, the same answer.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import Final, Protocol

import numpy as np

from engine.backtest.history import Floats
from engine.backtest.result import Closed, Run
from engine.model.market import DAY_MS
from engine.model.past import Dial, DialStep, Finding, NotMeasured, PastFigures, WhatIf, WhyNot
from engine.model.signals import Code
from engine.params import BadParam, TradingParams, conflict, tuned

LEVEL: Final = 0.90
DRAWS: Final = 4_000
BLOCK_DAYS: Final = 3
SEED: Final = 20_240_229
FEW_TRADES: Final = 30  # where neither side has as many nothing is said, whatever the difference is
FEW_DAYS: Final = 20  # the interval is drawn from days: from fewer it is too narrow to be believed
THRESHOLD: Final = "activation_threshold"
STEPS: Final = tuple(round(0.05 * step, 2) for step in range(1, 20))

type Told = Callable[[int, int], None]


class Walks(Protocol):
    """History under settings: the compiled walk, or whatever stands for it."""

    def run(self, params: TradingParams) -> Run:
        """One walk."""


def changed(params: TradingParams, changes: Iterable[tuple[str, float]]) -> TradingParams:
    """The settings with these changes. Raises `NotMeasured` where they contradict each other or are not allowed."""
    for name, value in changes:
        try:
            params = tuned(params, name, value)
        except BadParam as error:
            raise NotMeasured(WhyNot.CONFLICT, str(error)) from error
    problem = conflict(params)
    if problem:
        raise NotMeasured(WhyNot.CONFLICT, problem)
    return params


def what_if(walker: Walks, before: TradingParams, after: TradingParams, days: int) -> WhatIf:
    """Walk both ways and compare."""
    return compared(walker.run(before), walker.run(after), days)


def compared(before: Run, after: Run, days: int) -> WhatIf:
    """Two runs over the same bars."""
    gains = daily_r(after) - daily_r(before)
    low, high = interval(gains)
    old, new = Counter(map(_name, before.trades)), Counter(map(_name, after.trades))
    differing = sum(((old - new) + (new - old)).values())
    return WhatIf(
        days=days,
        begin_ms=after.begin_ms,
        end_ms=after.end_ms,
        symbols=after.symbols,
        before=figures(before),
        after=figures(after),
        differing=differing,
        low_r=low,
        high_r=high,
        level=LEVEL,
        finding=_finding(before, after, differing, len(gains), (low, high)),
    )


def dial(walker: Walks, params: TradingParams, days: int, told: Told = lambda done, total: None) -> Dial:
    """Walk every threshold, all else unchanged."""
    steps = list[DialStep]()
    for at, threshold in enumerate(STEPS):
        run = walker.run(tuned(params, THRESHOLD, threshold))
        steps.append(DialStep(threshold, signals_of(run), len(run.trades), run.latched_ms))
        told(at + 1, len(STEPS))
    return Dial(days, run.begin_ms, run.end_ms, run.symbols, run.judged, tuple(steps))


def figures(run: Run) -> PastFigures:
    """What a run came to."""
    trades = [closed.trade for closed in run.trades]
    return PastFigures(
        trades=len(trades),
        wins=sum(trade.net > 0 for trade in trades),
        gross=sum((trade.gross for trade in trades), Decimal(0)),
        fees=sum((trade.fees for trade in trades), Decimal(0)),
        funding=sum((trade.funding for trade in trades), Decimal(0)),
        net_r=sum(trade.result_in_r for trade in trades),
        drawdown=run.drawdown,
        judged=run.judged,
        signals=signals_of(run),
        entered=run.entered,
        left_open=len(run.left_open),
        is_latched=run.latched_ms > 0,
        refusals=tuple(sorted(((code, count) for code, count in run.funnel.items() if count), key=_often)),
    )


def signals_of(run: Run) -> int:
    """Bars whose confidence was high enough, whatever else stood in the way."""
    return run.judged - run.funnel.get(Code.CONFIDENCE_LOW, 0)


def daily_r(run: Run) -> Floats:
    """Net R by the UTC day on which trades were left, every day of the run."""
    first = run.begin_ms // DAY_MS
    by_day = np.zeros(max(1, run.end_ms // DAY_MS - first + 1))
    for closed in run.trades:
        by_day[closed.trade.exit_time_ms // DAY_MS - first] += closed.trade.result_in_r
    return by_day


def interval(by_day: Floats) -> tuple[float, float]:
    """Where the sum of so many days lies with probability `LEVEL`, by drawing runs of days in a circle."""
    days = len(by_day)
    if not np.any(by_day):
        return 0.0, 0.0
    block = min(BLOCK_DAYS, days)
    blocks = -(-days // block)
    begins = np.random.default_rng(SEED).integers(0, days, size=(DRAWS, blocks))
    places = (begins[:, :, None] + np.arange(block)) % days
    sums = by_day[places.reshape(DRAWS, -1)[:, :days]].sum(axis=1)
    low, high = np.quantile(sums, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return float(low), float(high)


def _finding(before: Run, after: Run, differing: int, days: int, between: Sequence[float]) -> Finding:
    low, high = between
    if not differing:
        return Finding.SAME
    if max(len(before.trades), len(after.trades)) < FEW_TRADES or days < FEW_DAYS:
        return Finding.TOO_SMALL
    if low > 0:
        return Finding.BETTER
    return Finding.WORSE if high < 0 else Finding.UNCLEAR


def _name(closed: Closed) -> tuple[object, ...]:
    """What makes two trades the same: where and when they began and ended, and what they came to."""
    trade = closed.trade
    return trade.symbol, trade.side, trade.entry_time_ms, trade.exit_time_ms, trade.quantity, trade.net


def _often(row: tuple[Code, int]) -> tuple[int, Code]:
    return -row[1], row[0]
