"""Wishes of the owner, in the imperative. They enter through the same queue as facts and may be refused."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engine.model.signals import Sides


class DecisionMode(StrEnum):
    """Who decides on entries."""

    AUTO = "auto"
    CONFIRM = "confirm"
    SIGNALS = "signals"


class StopHow(StrEnum):
    """What `/stop` does with open positions."""

    KEEP = "keep"  # positions stay, guarded by the stops on the exchange
    CLOSE = "close"  # positions are closed first


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asked, and when. `who` is a Telegram user id as text, or the name of a part of the house."""

    who: str
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class StartTrading:
    """Allow entries."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class PauseTrading:
    """No new entries; exits and stops go on."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class StopTrading:
    """No new entries, and no engine exits either when positions are kept: only the stops on the exchange remain."""

    how: StopHow
    asked: Asked


@dataclass(frozen=True, slots=True)
class AllowSides:
    """Allow long, short or both. `symbol` "" means every symbol."""

    sides: Sides
    symbol: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class SetMode:
    """Choose who decides on entries."""

    mode: DecisionMode
    asked: Asked


@dataclass(frozen=True, slots=True)
class Tune:
    """Change one tunable by its name."""

    name: str
    value: float
    asked: Asked


@dataclass(frozen=True, slots=True)
class TuneAll:
    """Change several tunables at once, all of them or none."""

    changes: tuple[tuple[str, float], ...]
    asked: Asked


@dataclass(frozen=True, slots=True)
class ApproveEntry:
    """Take a proposal. `fraction` of the proposed size: 1.0 or 0.5."""

    intent_id: str
    fraction: float
    asked: Asked


@dataclass(frozen=True, slots=True)
class DeclineEntry:
    """Do not take a proposal."""

    intent_id: str
    asked: Asked


@dataclass(frozen=True, slots=True)
class ClosePosition:
    """Close a position, named by the intent that opened it, wholly (1.0) or in part."""

    intent_id: str
    fraction: float
    asked: Asked


@dataclass(frozen=True, slots=True)
class MoveStopToEntry:
    """Raise a position's stop to its entry price (break-even). Refused where that would loosen the stop."""

    intent_id: str
    asked: Asked


class OutsideChoice(StrEnum):
    """Whose a position is that somebody else opened or changed."""

    ADOPT = "adopt"  # ours: plan, stops, exits, statistics
    IGNORE = "ignore"  # theirs: only our wide stop stays
    FORGET = "forget"  # theirs: no order of ours stays. Raises risk: the caller has asked twice


@dataclass(frozen=True, slots=True)
class AnswerOutside:
    """Answer the question about somebody else's position, named by its question."""

    question_id: str
    choice: OutsideChoice
    asked: Asked


@dataclass(frozen=True, slots=True)
class LockSymbol:
    """No entries on a symbol until a moment of market time (0 = unlock)."""

    symbol: str
    until_ms: int
    asked: Asked


@dataclass(frozen=True, slots=True)
class Panic:
    """Block entries, close everything, verify, sweep, latch."""

    asked: Asked


@dataclass(frozen=True, slots=True)
class ResetLatch:
    """Lift the latch that was set then (market time), and no later one. The caller has already checked the second factor."""

    set_ms: int
    asked: Asked


type Command = (
    StartTrading
    | PauseTrading
    | StopTrading
    | AllowSides
    | SetMode
    | Tune
    | TuneAll
    | ApproveEntry
    | DeclineEntry
    | ClosePosition
    | MoveStopToEntry
    | AnswerOutside
    | LockSymbol
    | Panic
    | ResetLatch
)
COMMANDS: Final = (
    StartTrading,
    PauseTrading,
    StopTrading,
    AllowSides,
    SetMode,
    Tune,
    TuneAll,
    ApproveEntry,
    DeclineEntry,
    ClosePosition,
    MoveStopToEntry,
    AnswerOutside,
    LockSymbol,
    Panic,
    ResetLatch,
)
