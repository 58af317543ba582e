"""What the owner would want to be told: codes and numbers, never sentences. Words are made in `handlers/ui`."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.model.daily_report import DailyReport
from engine.model.machine_notices import (
    AuditSealed,
    DecisionMissed,
    EngineHalted,
    EngineReady,
    FeedCameBack,
    FeedWentAway,
    ProcessTroubled,
    StoreCameBack,
    StoreWentAway,
)
from engine.model.orders import ExitPlan, ExitReason, Trade
from engine.model.proposals import ProposalEnd, Proposed
from engine.model.shadow import ShadowCompared
from engine.model.signals import Code, Refusal, Regime, Ruling, Side


@dataclass(frozen=True, slots=True)
class EntryProposed:
    """A card is wanted."""

    proposal: Proposed
    time_ms: int


@dataclass(frozen=True, slots=True)
class ProposalEnded:
    """A card is spent. `refusals` where a gate said no at the tap; `who` where somebody decided."""

    intent_id: str
    symbol: str
    end: ProposalEnd
    who: str
    refusals: tuple[Refusal, ...]
    time_ms: int


@dataclass(frozen=True, slots=True)
class SignalSeen:
    """Signals mode: this bar would have been an entry."""

    ruling: Ruling
    time_ms: int


@dataclass(frozen=True, slots=True)
class PositionOpened:
    """An entry filled completely (or as far as it ever will)."""

    trade: Trade
    plan: ExitPlan
    leverage: int
    expected_price: float
    ruling: Ruling | None  # None for manual and adopted positions
    time_ms: int


@dataclass(frozen=True, slots=True)
class EntryFailed:
    """The exchange refused the entry, or it expired unfilled. `code` 0 = expired."""

    intent_id: str
    symbol: str
    side: Side
    code: int
    text: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class EntryUnknown:
    """No answer about an entry; it is being looked for by its id."""

    intent_id: str
    symbol: str
    side: Side
    time_ms: int


@dataclass(frozen=True, slots=True)
class EntryProvedAbsent:
    """An entry that nobody answered for never reached the exchange."""

    intent_id: str
    symbol: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class CoverVerified:
    """Both stops and the target of a position were seen resting on the exchange. `took_ms` is wire time since the fill."""

    intent_id: str
    symbol: str
    side: Side
    stop: float
    wide_stop: float
    target: float
    took_ms: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class CoverMissing:
    """A position has no verified stop on the exchange. `is_closing` tells that it is now closed at market instead."""

    intent_id: str
    symbol: str
    side: Side
    is_closing: bool
    detail: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class StopMoved:
    """The tight stop was moved and verified. `locked_in_r` is the result at the stop in units of R, before costs."""

    intent_id: str
    symbol: str
    side: Side
    before: float
    after: float
    locked_in_r: float
    time_ms: int


@dataclass(frozen=True, slots=True)
class PositionReduced:
    """A part of a position was closed."""

    trade: Trade
    closed: Decimal
    remaining: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True)
class PositionClosed:
    """A position is flat, and the books are closed on it."""

    trade: Trade
    reason: ExitReason
    time_ms: int


@dataclass(frozen=True, slots=True)
class ExitRefused:
    """The exchange does not take an exit. A whole one goes on and on; a part of a position was given up.

    `code` 0 = it was not answered, or it ended without a fill. `is_covered` tells whether a stop was seen resting.
    """

    intent_id: str
    symbol: str
    side: Side
    is_whole: bool
    is_covered: bool
    code: int
    text: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class RegimeChanged:
    """The kind of market changed on a closed bar."""

    symbol: str
    before: Regime
    after: Regime
    close: float
    adx: float
    has_position: bool
    time_ms: int


class LatchCause(StrEnum):
    """Why entries are latched."""

    DRAWDOWN = "drawdown"
    PANIC = "panic"
    LIQUIDATION = "liquidation"
    LOST_STATE = "lost_state"
    RESTRICTED = "restricted"  # the exchange restricts the account


@dataclass(frozen=True, slots=True)
class LatchSet:
    """Entries are blocked until the owner lifts the latch. `seen` and `needed` belong to the cause."""

    cause: LatchCause
    seen: float
    needed: float
    time_ms: int


@dataclass(frozen=True, slots=True)
class LatchLifted:
    """The owner lifted the latch."""

    who: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class EntriesLocked:
    """A limit of the account closed entries for a while: told once. `until_ms` 0 = until the day ends."""

    code: Code
    seen: float
    needed: float
    until_ms: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class OutsideChange:
    """Somebody else changed a position, a stop or a setting on the exchange. `what` is a code for `ui`."""

    symbol: str
    what: str
    detail: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class OutsideQuestion:
    """A position was opened, enlarged or turned by somebody else (`what`): it is covered, and the owner says whose it is."""

    question_id: str
    intent_id: str
    symbol: str
    what: str  # "opened", "added", "reversed"
    side: Side
    quantity: Decimal
    price: Decimal
    time_ms: int


@dataclass(frozen=True, slots=True)
class PanicDone:
    """Panic ended: everything flat and swept, latched; but for what is held of symbols that are no longer traded: `left`."""

    closed: int
    net: Decimal
    time_ms: int
    left: tuple[str, ...] = ()


type Notice = (
    EngineReady
    | EntryProposed
    | ProposalEnded
    | SignalSeen
    | PositionOpened
    | EntryFailed
    | EntryUnknown
    | EntryProvedAbsent
    | CoverVerified
    | CoverMissing
    | StopMoved
    | PositionReduced
    | ExitRefused
    | PositionClosed
    | RegimeChanged
    | FeedWentAway
    | FeedCameBack
    | StoreWentAway
    | StoreCameBack
    | ProcessTroubled
    | AuditSealed
    | ShadowCompared
    | DecisionMissed
    | LatchSet
    | LatchLifted
    | EntriesLocked
    | OutsideChange
    | OutsideQuestion
    | PanicDone
    | EngineHalted
    | DailyReport
)
