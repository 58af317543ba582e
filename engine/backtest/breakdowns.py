"""Trades added up: all of them, by side, by symbol, by reason of exit, by regime, by month. No digit of money is lost."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from engine.backtest.days import Days, judged_days
from engine.backtest.result import Closed, Run
from engine.model.orders import ExitReason
from engine.model.signals import Regime, Side

ZERO = Decimal(0)


class Results(NamedTuple):
    """Some trades added up. `in_r` is the sum of their results in units of what was risked.

    `profit_factor` is what winners won over what losers lost; None where nobody lost.
    """

    trades: int
    wins: int
    gross: Decimal
    fees: Decimal
    funding: Decimal
    in_r: float
    profit_factor: float | None
    bars_held: int

    @property
    def net(self) -> Decimal:
        return self.gross - self.fees + self.funding

    @property
    def win_rate(self) -> float | None:
        return self.wins / self.trades if self.trades else None

    @property
    def expectancy(self) -> float | None:
        """The mean result of a trade, in R."""
        return self.in_r / self.trades if self.trades else None

    @property
    def mean_bars_held(self) -> float | None:
        return self.bars_held / self.trades if self.trades else None


class Group[Key](NamedTuple):
    """The trades that share a key."""

    key: Key
    results: Results


class Month(NamedTuple):
    """A calendar month of UTC: the trades that ended in it, and what the account became in it, as a fraction."""

    year: int
    month: int
    results: Results
    change: float


def added(trades: Iterable[Closed]) -> Results:
    """Add trades up."""
    chosen = list(trades)
    won = sum((one.trade.net for one in chosen if one.trade.net > 0), ZERO)
    lost = sum((one.trade.net for one in chosen if one.trade.net < 0), ZERO)
    return Results(
        trades=len(chosen),
        wins=sum(one.trade.net > 0 for one in chosen),
        gross=sum((one.trade.gross for one in chosen), ZERO),
        fees=sum((one.trade.fees for one in chosen), ZERO),
        funding=sum((one.trade.funding for one in chosen), ZERO),
        in_r=sum(one.trade.result_in_r for one in chosen),
        profit_factor=float(won / -lost) if lost else None,
        bars_held=sum(one.bars_held for one in chosen),
    )


def by_side(trades: Sequence[Closed]) -> tuple[Group[Side], ...]:
    return _grouped(trades, (Side.LONG, Side.SHORT), lambda one: one.trade.side)


def by_symbol(trades: Sequence[Closed]) -> tuple[Group[str], ...]:
    return _grouped(trades, sorted({one.trade.symbol for one in trades}), lambda one: one.trade.symbol)


def by_reason(trades: Sequence[Closed]) -> tuple[Group[ExitReason], ...]:
    return _grouped(trades, tuple(ExitReason), lambda one: one.trade.reason)


def by_regime(trades: Sequence[Closed]) -> tuple[Group[Regime], ...]:
    return _grouped(trades, tuple(Regime), lambda one: one.regime)


def by_month(run: Run) -> tuple[Month, ...]:
    """Every month of the run, those without a trade too."""
    if run.end_ms <= run.begin_ms:
        return ()
    first, last = month_of(run.begin_ms), month_of(run.end_ms - 1)
    grouped: dict[tuple[int, int], list[Closed]] = {}
    for one in run.trades:
        grouped.setdefault(min(month_of(one.trade.exit_time_ms), last), []).append(one)
    count = (last[0] - first[0]) * 12 + last[1] - first[1] + 1
    months = [divmod(first[0] * 12 + first[1] - 1 + at, 12) for at in range(count)]
    found, before, days = list[Month](), float(run.wallet_before), judged_days(run)
    for year, month in ((year, month + 1) for year, month in months):
        after = _equity_at(days, _month_end(year, month), before)
        change = after / before - 1 if before > 0 else 0.0
        found.append(Month(year, month, added(grouped.get((year, month), ())), change))
        before = after
    return tuple(found)


def month_of(time_ms: int) -> tuple[int, int]:
    """Year and month of a moment, UTC."""
    at = datetime.fromtimestamp(time_ms / 1_000, tz=UTC)
    return at.year, at.month


def _month_end(year: int, month: int) -> int:
    end = datetime(year + month // 12, month % 12 + 1, 1, tzinfo=UTC)
    return int(end.timestamp() * 1_000)


def _equity_at(days: Days, time_ms: int, otherwise: float) -> float:
    """The account at the end of the last day that ended by then."""
    place = int(np.searchsorted(days.end_ms, time_ms, side="right"))
    return float(days.equity[place - 1]) if place else otherwise


def _grouped[Key](
    trades: Sequence[Closed], keys: Sequence[Key], key_of: Callable[[Closed], Key | None]
) -> tuple[Group[Key], ...]:
    """The groups that have a trade, in the order of their keys."""
    groups = (Group(key, added(one for one in trades if key_of(one) == key)) for key in keys)
    return tuple(group for group in groups if group.results.trades)
