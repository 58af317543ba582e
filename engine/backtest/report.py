"""A run summed up: figures with their uncertainty, breakdowns, and what the sample does not say.

Money is `Decimal` and adds up to the last digit. Words are made in `handlers/ui`; this file gives codes and numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from engine.backtest import breakdowns as parts
from engine.backtest.breakdowns import Group, Month, Results
from engine.backtest.buy_and_hold import held_equity
from engine.backtest.days import Days, judged_days
from engine.backtest.endings import latched
from engine.backtest.figures import Fall, Interval, Ratios, deepest_fall, losing_streak, mean_interval, ratios, wilson
from engine.backtest.figures import trades_needed as needed
from engine.backtest.history import Candles, Floats
from engine.backtest.result import Closed, Run
from engine.model.market import DAY_MS
from engine.model.orders import ExitReason
from engine.model.past import EndCause, EntriesEnded
from engine.model.signals import Code, Regime, Side

FEW_TRADES: Final = 30
FEW_DAYS: Final = 90


class Finding(StrEnum):
    """What must be said beside the figures. The first one found is the verdict."""

    NO_TRADES = "no_trades"
    FEW_TRADES = "few_trades"
    SPANS_ZERO = "spans_zero"
    LOSES = "loses"
    GAINS = "gains"
    LATCHED = "latched"
    LIQUIDATED = "liquidated"
    RAN_DRY = "ran_dry"  # the wallet became too small for the smallest order
    COSTS_TAKE_ALL = "costs_take_all"  # the price result is positive, what is left is not
    ONE_TRADE_CARRIES = "one_trade_carries"  # without its best trade the run would not have gained
    HOLDING_WON = "holding_won"  # buying and holding gained more
    SHORT_TIME = "short_time"
    LEFT_OPEN = "left_open"


@dataclass(frozen=True, slots=True)
class Report:
    """One run, readable. `account` is the account at day ends, `held` buy and hold then; `run.trades` are in order of exit."""

    run: Run
    total: Results
    win_rate: Interval | None
    expectancy: Interval | None  # of one trade, in R
    trades_needed: int | None  # until an edge of this size would stand out
    ratios: Ratios
    days: int
    fall: Fall
    losing_streak: int
    exposure: float  # the part of judged bars with a position
    net_fraction: float
    by_side: tuple[Group[Side], ...]
    by_symbol: tuple[Group[str], ...]
    by_reason: tuple[Group[ExitReason], ...]
    by_regime: tuple[Group[Regime], ...]
    months: tuple[Month, ...]
    funnel: tuple[tuple[Code, int], ...]  # how often each check stood against an entry, the most frequent first
    account: Days
    held: Floats
    held_return: float | None
    left_net: Decimal  # of what was still open at the end
    ended: EntriesEnded | None  # what ended all entries before the end, if anything did
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Finding:
        """What the sample says, or that it says little."""
        return self.findings[0]


def reported(run: Run, candles: Sequence[Candles] = (), *, ended: EntriesEnded | None = None) -> Report:
    """Sum a run up. With its candles the report also knows buy and hold day by day; `ended` is told by `endings.ended`, since
    a run itself knows of a latch only.
    """
    trades, ended = run.trades, ended or latched(run)
    total = parts.added(trades)
    in_r = [one.trade.result_in_r for one in trades]
    expectancy = mean_interval(in_r, [one.trade.entry_time_ms // DAY_MS for one in trades])
    wallet, account = float(run.wallet_before), judged_days(run)
    return Report(
        run=run,
        total=total,
        win_rate=wilson(total.wins, total.trades),
        expectancy=expectancy,
        trades_needed=needed(in_r),
        ratios=ratios(wallet, account.equity, total.trades, days_of(run)),
        days=days_of(run),
        fall=deepest_fall(run.begin_ms, wallet, account.end_ms, account.equity),
        losing_streak=losing_streak(float(one.trade.net) for one in trades),
        exposure=min(1.0, run.bars_in_position / run.judged) if run.judged else 0.0,
        net_fraction=float(total.net / run.wallet_before) if run.wallet_before else 0.0,
        by_side=parts.by_side(trades),
        by_symbol=parts.by_symbol(trades),
        by_reason=parts.by_reason(trades),
        by_regime=parts.by_regime(trades),
        months=parts.by_month(run),
        funnel=funnel(run),
        account=account,
        held=held_equity(candles, run, account.end_ms),
        held_return=held_return(run),
        left_net=sum((one.net for one in run.left_open), Decimal(0)),
        ended=ended,
        findings=findings(run, total, expectancy, ended),
    )


def days_of(run: Run) -> int:
    """Whole days from the first judged bar to the end."""
    return max(0, run.end_ms - run.begin_ms) // DAY_MS


def funnel(run: Run) -> tuple[tuple[Code, int], ...]:
    """What stood in the way, the most frequent first. A bar may count for many."""
    counted = [(code, count) for code, count in run.funnel.items() if count]
    return tuple(sorted(counted, key=lambda row: (-row[1], row[0])))


def held_return(run: Run) -> float | None:
    """Buy and hold, the money spread evenly over the symbols."""
    return sum(run.held_return.values()) / len(run.held_return) if run.held_return else None


def findings(run: Run, total: Results, expectancy: Interval | None, ended: EntriesEnded | None) -> tuple[Finding, ...]:
    """The verdict, and what else limits the figures."""
    held = held_return(run)
    wallet = float(run.wallet_before)
    told = {
        Finding.LATCHED: ended is not None and ended.cause is not EndCause.RAN_DRY,
        Finding.LIQUIDATED: any(one.trade.reason is ExitReason.LIQUIDATED for one in run.trades),
        Finding.RAN_DRY: ended is not None and ended.cause is EndCause.RAN_DRY,
        Finding.COSTS_TAKE_ALL: total.gross > 0 >= total.net,
        Finding.ONE_TRADE_CARRIES: total.net > 0 >= total.net - best_net(run.trades),
        Finding.HOLDING_WON: held is not None and held > 0 and held * wallet > float(total.net),
        Finding.SHORT_TIME: days_of(run) < FEW_DAYS,
        Finding.LEFT_OPEN: bool(run.left_open),
    }
    return (_verdict(total, expectancy), *(finding for finding, holds in told.items() if holds))


def best_net(trades: Sequence[Closed]) -> Decimal:
    """What the best trade won."""
    return max((one.trade.net for one in trades), default=Decimal(0))


def _verdict(total: Results, expectancy: Interval | None) -> Finding:
    if not total.trades:
        return Finding.NO_TRADES
    if total.trades < FEW_TRADES or expectancy is None:
        return Finding.FEW_TRADES
    if expectancy.spans_zero:
        return Finding.SPANS_ZERO
    return Finding.GAINS if expectancy.low > 0 else Finding.LOSES
