"""The day's report, as the owner is told of it. See `notices`."""

from dataclasses import dataclass
from decimal import Decimal

from engine.model.signals import Code


@dataclass(frozen=True, slots=True)
class DailyReport:
    """The day that ended (UTC), from the ledger."""

    day: str
    trades: int
    wins: int
    gross: Decimal
    fees: Decimal
    funding: Decimal
    equity: Decimal
    rulings: int
    top_refusals: tuple[tuple[Code, int], ...]
    time_ms: int
