"""Leverage brackets: how much notional a leverage allows, and the maintenance margin that it asks (reference 9)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final


@dataclass(frozen=True, slots=True)
class Bracket:
    """One row: up to `cap` of notional. `amount` makes the maintenance margin continuous between rows."""

    leverage: int
    floor: int
    cap: int
    rate: Decimal
    amount: Decimal


def _table(*rows: tuple[int, int, str]) -> tuple[Bracket, ...]:
    """Build rows of (leverage, cap, rate); amount_n = amount_(n-1) + floor_n x (rate_n - rate_(n-1))."""
    made: list[Bracket] = []
    for leverage, cap, text in rows:
        rate = Decimal(text)
        floor = made[-1].cap if made else 0
        amount = made[-1].amount + floor * (rate - made[-1].rate) if made else Decimal(0)
        made.append(Bracket(leverage, floor, cap, rate, amount))
    return tuple(made)


_MAJOR = ((125, 300_000, "0.004"), (100, 800_000, "0.005"), (75, 3_000_000, "0.0065"), (50, 12_000_000, "0.01"))
_SMALL = _table(
    (75, 5_000, "0.01"),
    (50, 10_000, "0.015"),
    (25, 25_000, "0.02"),
    (20, 50_000, "0.025"),
    (10, 125_000, "0.05"),
    (5, 250_000, "0.1"),
    (4, 500_000, "0.125"),
    (2, 7_500_000, "0.25"),
    (1, 12_500_000, "0.5"),
)
_MIDDLE = _table(
    (75, 10_000, "0.01"),
    (50, 60_000, "0.015"),
    (25, 300_000, "0.02"),
    (20, 600_000, "0.025"),
    (10, 3_000_000, "0.05"),
    (5, 6_000_000, "0.1"),
    (4, 7_500_000, "0.125"),
    (2, 15_000_000, "0.25"),
    (1, 30_000_000, "0.5"),
)
_LARGE = _table(
    (75, 50_000, "0.005"),
    (50, 150_000, "0.01"),
    (40, 400_000, "0.0125"),
    (25, 1_000_000, "0.02"),
    (20, 2_000_000, "0.025"),
    (10, 10_000_000, "0.05"),
    (5, 20_000_000, "0.1"),
    (4, 25_000_000, "0.125"),
    (2, 50_000_000, "0.25"),
    (1, 100_000_000, "0.5"),
)
BRACKETS: Final = {
    "BTCUSDT": _table(*_MAJOR, (25, 70_000_000, "0.02"), (20, 100_000_000, "0.025"), (10, 230_000_000, "0.05"),
                      (5, 480_000_000, "0.1"), (2, 1_200_000_000, "0.25"), (1, 1_800_000_000, "0.5")),
    "ETHUSDT": _table(*_MAJOR, (25, 50_000_000, "0.02"), (20, 65_000_000, "0.025"), (10, 150_000_000, "0.05"),
                      (5, 320_000_000, "0.1"), (2, 800_000_000, "0.25"), (1, 1_200_000_000, "0.5")),
    "SOLUSDT": _table((100, 50_000, "0.005"), (75, 400_000, "0.0065"), (50, 1_000_000, "0.01"), (25, 4_000_000, "0.02"),
                      (20, 8_000_000, "0.025"), (10, 40_000_000, "0.05"), (5, 80_000_000, "0.1"), (1, 400_000_000, "0.5")),
    "BNBUSDT": _LARGE,
    "XRPUSDT": _LARGE,
    "LTCUSDT": _LARGE,
    "AAVEUSDT": _MIDDLE,
    "ATOMUSDT": _MIDDLE,
    "CRVUSDT": _MIDDLE,
}  # fmt: skip


def brackets_for(symbol: str) -> tuple[Bracket, ...]:
    """Give a symbol's rows, smallest notional first."""
    return BRACKETS.get(symbol, _SMALL)


def bracket_of(rows: tuple[Bracket, ...], notional: Decimal) -> Bracket:
    """Find the row that a notional falls into; beyond the last cap the last row counts."""
    for row in rows:
        if notional <= row.cap:
            return row
    return rows[-1]


def notional_limit(rows: tuple[Bracket, ...], leverage: int) -> int:
    """Say how large a position may grow at this leverage."""
    return max((row.cap for row in rows if row.leverage >= leverage), default=0)
