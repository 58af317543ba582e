"""An entry that waits for the owner's word, and how the waiting may end."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.model.signals import Ruling, Side


@dataclass(frozen=True, slots=True)
class Proposed:
    """An entry waiting for the owner. Deadlines are wire time, prices those of the ruling's bar close."""

    intent_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: float
    stop: float
    target: float
    risk_amount: float
    margin: float
    notional: float
    leverage: int
    deadline_ms: int
    ruling: Ruling


class ProposalEnd(StrEnum):
    """How a proposal ended."""

    TAKEN = "taken"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REFUSED = "refused"  # a gate no longer held at the tap, or the price had moved too far
    RESTARTED = "restarted"  # the process was restarted; nothing is ever taken late
