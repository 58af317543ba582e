"""Orders as the house knows them: what was approved, what was signed, what is resting, what was filled.

An `ApprovedOrder` is built only in `engine.risk` (entries) and `engine.execution` (exits, stops, targets);
`tests/test_floors.py` guards that. Money and quantities are `Decimal` here.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, StrEnum
from typing import NamedTuple

from engine.model.signals import Side


class Role(StrEnum):
    """What an order is for. The value is one letter of its client id."""

    ENTRY = "E"
    WIDE_STOP = "C"  # closePosition, mark price, never moved
    TIGHT_STOP = "T"  # the plan's stop, moved by place, verify, cancel
    TARGET = "P"
    EXIT = "X"


class TriggerBy(StrEnum):
    """Which price sets a stop off, in the exchange's words."""

    LAST = "CONTRACT_PRICE"
    MARK = "MARK_PRICE"


class ExitReason(IntEnum):
    """Why a position was left."""

    STOP_LOSS = 1
    TRAILING_STOP = 2
    TAKE_PROFIT = 3
    REGIME_CHANGE = 4
    TIME_LIMIT = 5
    MANUAL = 6
    PANIC = 7
    LIQUIDATED = 8
    ADL = 9
    CLOSED_ELSEWHERE = 10
    UNPROTECTED = 11  # no stop could be placed, so the position was closed
    DELISTED = 12  # the contract ends


class ExitPlan(NamedTuple):
    """When a position must be left. Levels move on closed bars and may be touched at any moment."""

    side: int
    entry: float
    risk_distance: float  # R: the distance from entry to the first stop
    stop: float
    target: float
    wide_stop: float
    best_close: float  # since the entry; NaN before the first close
    opened_ms: int


class StopStatus(StrEnum):
    """The exchange's words for a conditional order."""

    NEW = "NEW"
    TRIGGERING = "TRIGGERING"
    TRIGGERED = "TRIGGERED"
    FINISHED = "FINISHED"
    CANCELED = "CANCELED"
    EXPIRED = "EXPIRED"
    REJECTED = "REJECTED"


@dataclass(frozen=True, slots=True)
class ApprovedOrder:
    """An order that may be sent. `quantity` None closes the whole position; `trigger_price` None means at market, now."""

    client_id: str
    intent_id: str
    symbol: str
    role: Role
    side: Side  # LONG buys, SHORT sells
    quantity: Decimal | None
    trigger_price: Decimal | None
    trigger_by: TriggerBy | None
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """An entry ready to leave. After `deadline_ms` (wire time) the exchange itself refuses it."""

    order: ApprovedOrder
    signed_ms: int
    deadline_ms: int
    request: dict[str, str] = field(repr=False)  # holds the signature: never logged, never stored


class IntentState(StrEnum):
    """How far an entry has come. REJECTED, DEAD, EXPIRED and CLOSED are final."""

    PLANNED = "planned"
    SENT = "sent"
    ACKED = "acked"
    UNKNOWN = "unknown"
    FILLED = "filled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DEAD = "dead"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution. (`symbol`, `trade_id`) is its identity; `time_ms` is the exchange's."""

    symbol: str
    trade_id: int
    order_id: int
    client_id: str
    side: Side
    quantity: Decimal
    price: Decimal
    fee: Decimal
    fee_asset: str
    realised: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True)
class Trade:
    """One position from its first fill to flat, with price, fees and funding kept apart. `exit_time_ms` 0 = still open."""

    intent_id: str
    number: int
    symbol: str
    side: Side
    entry_time_ms: int
    entry_price: Decimal
    quantity: Decimal  # the largest size held
    first_stop: Decimal
    exit_time_ms: int
    exit_price: Decimal
    reason: ExitReason | None
    gross: Decimal
    fees: Decimal
    funding: Decimal

    @property
    def net(self) -> Decimal:
        return self.gross - self.fees + self.funding

    @property
    def result_in_r(self) -> float:
        """Net result over the money that was planned to be at risk."""
        risked = abs(self.entry_price - self.first_stop) * self.quantity
        return float(self.net / risked) if risked else 0.0
