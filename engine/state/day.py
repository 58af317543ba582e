"""The day's book and the account's limits: counts per UTC day of market time, the peak of equity, the loss streak."""

from collections import Counter
from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.model.daily_report import DailyReport
from engine.model.market import DAY_MS
from engine.model.orders import Trade
from engine.model.saved import SavedAccount
from engine.model.signals import Code, Ruling
from engine.state import streak as streaks

TOP_REFUSALS: Final = 3


def day_of(time_ms: int) -> int:
    """The moment at which the UTC day of a moment began."""
    return time_ms - time_ms % DAY_MS


def turned(account: SavedAccount, equity: Decimal, time_ms: int) -> SavedAccount:
    """The account on a new day, or itself where the day goes on."""
    if day_of(time_ms) <= account.day_ms:
        return account
    return replace(
        account,
        day_ms=day_of(time_ms),
        day_start_equity=equity,
        day_trades=0,
        day_wins=0,
        day_gross=Decimal(0),
        day_fees=Decimal(0),
        day_funding=Decimal(0),
        day_rulings=0,
        day_refusals=(),
    )


def moved(account: SavedAccount, amount: Decimal) -> SavedAccount:
    """The account after money was moved in (or out, negative): neither its day nor its peak has won or lost by it."""
    day_start = account.day_start_equity + amount if account.day_start_equity else account.day_start_equity
    peak = account.peak_equity + amount if account.peak_equity else account.peak_equity
    return replace(account, day_start_equity=max(day_start, Decimal(0)), peak_equity=max(peak, Decimal(0)))


def reported(account: SavedAccount, equity: Decimal, day: str, time_ms: int) -> DailyReport:
    """What the day came to."""
    top = sorted(account.day_refusals, key=lambda row: (-row[1], row[0]))[:TOP_REFUSALS]
    return DailyReport(
        day=day,
        trades=account.day_trades,
        wins=account.day_wins,
        gross=account.day_gross,
        fees=account.day_fees,
        funding=account.day_funding,
        equity=equity,
        rulings=account.day_rulings,
        top_refusals=tuple((Code(code), count) for code, count in top),
        time_ms=time_ms,
    )


def ruled(account: SavedAccount, ruling: Ruling) -> SavedAccount:
    """Count a ruling and its refusals."""
    counts = Counter(dict(account.day_refusals))
    counts.update(int(code) for code in ruling.refusal_codes)
    return replace(account, day_rulings=account.day_rulings + 1, day_refusals=tuple(sorted(counts.items())))


def closed(account: SavedAccount, trade: Trade, max_streak: int, lock_hours: float) -> SavedAccount:
    """Book a closed trade on the day and on the streak. A full streak locks entries for `lock_hours` and starts anew."""
    streak = streaks.after(account.loss_streak, trade.net < 0)
    account = replace(
        account,
        day_trades=account.day_trades + 1,
        day_wins=account.day_wins + (trade.net > 0),
        day_gross=account.day_gross + trade.gross,
        day_fees=account.day_fees + trade.fees,
        day_funding=account.day_funding + trade.funding,
        loss_streak=streak,
    )
    if streak < max_streak:
        return account
    until_ms = max(account.locked_until_ms, streaks.locked_until(trade.exit_time_ms, lock_hours))
    return replace(account, loss_streak=0, locked_until_ms=until_ms)
