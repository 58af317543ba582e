"""The venue's own books: every fill and every change of the wallet, with market and wire time. Other books are judged by it."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sandbox.exchange.account import ZERO


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of ours. `realised` is before fees, `after_id` the newest balance change when it was made."""

    trade_id: int
    order_id: int
    client_id: str
    symbol: str
    side: int
    price: Decimal
    quantity: Decimal
    realised: Decimal
    commission: Decimal
    is_maker: bool
    after_id: int
    time_ms: int
    wire_ms: int


@dataclass(frozen=True, slots=True)
class Income:
    """One change of the wallet."""

    transfer_id: int
    kind: str
    symbol: str
    amount: Decimal
    trade_id: int | None
    time_ms: int
    wire_ms: int


@dataclass(slots=True)
class Ledger:
    """What happened, in order. Nothing is ever changed or removed."""

    fills: list[Fill] = field(default_factory=list)
    incomes: list[Income] = field(default_factory=list)
    order_wire_ms: dict[int, int] = field(default_factory=dict)
    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter)
    writes: int = 0

    def totals(self, symbols: tuple[str, ...]) -> dict[str, dict[str, str]]:
        """Sum results, fees and funding per symbol; fees and funding carry the sign of the wallet."""
        kinds = {"REALIZED_PNL": "realised", "COMMISSION": "fees", "FUNDING_FEE": "funding", "INSURANCE_CLEAR": "insurance"}
        sums = {symbol: dict.fromkeys(kinds.values(), ZERO) for symbol in symbols}
        for income in self.incomes:
            if income.symbol in sums and income.kind in kinds:
                sums[income.symbol][kinds[income.kind]] += income.amount
        return {symbol: {name: str(amount) for name, amount in row.items()} for symbol, row in sums.items()}


def fill_row(fill: Fill) -> dict[str, Any]:
    """Write a fill for the report."""
    return {
        "trade_id": fill.trade_id,
        "order_id": fill.order_id,
        "client_id": fill.client_id,
        "symbol": fill.symbol,
        "side": "BUY" if fill.side > 0 else "SELL",
        "price": str(fill.price),
        "quantity": str(fill.quantity),
        "realised": str(fill.realised),
        "commission": str(fill.commission),
        "maker": fill.is_maker,
        "time_ms": fill.time_ms,
        "wire_ms": fill.wire_ms,
    }


def income_row(income: Income) -> dict[str, Any]:
    """Write a balance change for the report."""
    return {
        "id": income.transfer_id,
        "kind": income.kind,
        "symbol": income.symbol,
        "amount": str(income.amount),
        "trade_id": income.trade_id,
        "time_ms": income.time_ms,
        "wire_ms": income.wire_ms,
    }
