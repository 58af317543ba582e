"""What the owner would want to be told of the machine: the engine, its streams, its store, its process. See `notices`."""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class EngineReady:
    """The engine started or came back. `was_restored` tells whether an earlier state was found."""

    was_restored: bool
    positions: int
    is_trading: bool
    time_ms: int


@dataclass(frozen=True, slots=True)
class FeedWentAway:
    """Prices or account news no longer arrive. Entries are held, stops rest on the exchange."""

    route: str
    detail: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class FeedCameBack:
    """They arrive again. `repaired` bars were fetched to fill the hole."""

    route: str
    lost_ms: int
    repaired: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class StoreWentAway:
    """The store does not confirm writes, or cannot be read. Entries are held; stops and exits go on."""

    detail: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class StoreCameBack:
    """It confirms again, and what it missed was saved."""

    lost_ms: int
    time_ms: int


class Trouble(StrEnum):
    """What ails the process itself."""

    CRASH_LOOP = "crash_loop"  # it was started too often: entries are held
    CRASH_LOOP_OVER = "crash_loop_over"
    STALL = "stall"  # its loop stood still
    OTHER_POLLER = "other_poller"  # another program listens with the same bot token: entries are held


@dataclass(frozen=True, slots=True)
class ProcessTroubled:
    """Something ails the process. `count` starts, or conflicts; `span_ms` within which, or how long it stood still."""

    trouble: Trouble
    count: int
    span_ms: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class AuditSealed:
    """The audit's newest line. Kept on the owner's phone it shows later whether lines were cut off."""

    number: int
    seal: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class DecisionMissed:
    """Bars closed while nobody was looking: repaired, but too old to decide on."""

    symbol: str
    bars: int
    last_close_ms: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class EngineHalted:
    """The engine met something impossible and stopped deciding. Stops stay on the exchange."""

    detail: str
    time_ms: int
