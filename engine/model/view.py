"""A picture of the Trader for whoever only looks: frozen, complete, taken between two events."""

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Final

from engine.model.commands import DecisionMode
from engine.model.notices import LatchCause
from engine.model.orders import ExitPlan, Trade
from engine.model.proposals import Proposed
from engine.model.signals import RegimeState, Ruling, Sides


class Stage(StrEnum):
    """Where a symbol stands; the one vocabulary shown to the owner."""

    NEUTRAL = "neutral"
    PROPOSED = "proposed"
    ENTERING = "entering"
    OPEN = "open"
    CLOSING = "closing"


class Running(StrEnum):
    """Whether entries are wanted, the strictest first. STOPPED also rests the engine's own exits; the exchange's stops stay."""

    STOPPED = "stopped"
    PAUSED = "paused"
    RUNNING = "running"

    def stricter(self, other: "Running | None") -> "Running":
        """The one of both that allows less."""
        return self if other is None else min(self, other, key=list(Running).index)


class Care(StrEnum):
    """What is done about a position that somebody else opened or changed, as the owner said."""

    ASKED = "asked"  # nobody answered yet: covered like ours, no entries
    IGNORED = "ignored"  # our wide stop stays and nothing else is done
    FORGOTTEN = "forgotten"  # no order of ours is left on it

    @property
    def is_hands_off(self) -> bool:
        """Whether the owner said that it is none of ours."""
        return self is not Care.ASKED


@dataclass(frozen=True, slots=True)
class PositionView:
    """An open position with the stops that the exchange was seen holding for it."""

    trade: Trade
    plan: ExitPlan
    quantity: Decimal
    mark: float
    unrealised: Decimal
    liquidation_price: float
    stop_on_exchange: float | None  # None: not verified
    stop_order_id: int
    target_on_exchange: float | None
    wide_stop_on_exchange: float | None
    verified_ms: int  # wire time of the last look
    closes_at_ms: int  # market time of the time limit
    question_id: str = ""  # names the question about somebody else's doing; answers carry it
    care: Care | None = None  # None: it is ours

    @property
    def is_left_alone(self) -> bool:
        """Whether only its own button closes it, and a panic."""
        return self.care is not None and self.care.is_hands_off


@dataclass(frozen=True, slots=True)
class DeskView:
    """One symbol."""

    symbol: str
    stage: Stage
    sides: Sides
    bid: float
    ask: float
    last: float
    mark: float
    funding_rate: float
    next_funding_ms: int
    regime: RegimeState
    ruling: Ruling | None
    proposal: Proposed | None
    position: PositionView | None
    bars: int
    warmup_bars: int
    bars_rejected: int
    bars_repaired: int
    locked_until_ms: int
    last_frame_ms: int  # wire time of the newest frame
    last_bar_ms: int  # market time at which the newest bar closed


@dataclass(frozen=True, slots=True)
class LatchView:
    """The latch, when it is set."""

    cause: LatchCause
    seen: float
    needed: float
    set_ms: int


@dataclass(frozen=True, slots=True)
class PanicView:
    """The newest panic of one account."""

    began_ms: int = 0  # wire; 0 = there was none
    is_over: bool = True


@dataclass(frozen=True, slots=True)
class Brakes:
    """What holds entries back and must outlive a store that is away: it is remembered in a file beside it, too.

    The latch holds in every mode: a store that lost something may have lost it of each. Pause and panic are of one account,
    named by its namespace.
    """

    latch: LatchView | None
    running: dict[str, Running] = field(default_factory=dict)
    panics: dict[str, PanicView] = field(default_factory=dict)

    def running_in(self, namespace: str) -> Running:
        """What is known of one mode; where nothing is, nothing holds."""
        return self.running.get(namespace, Running.RUNNING)

    def panic_in(self, namespace: str) -> PanicView:
        """The newest panic of one mode, over or not."""
        return self.panics.get(namespace, PanicView())


NO_BRAKES: Final = Brakes(latch=None)


@dataclass(frozen=True, slots=True)
class EngineView:
    """Everything the panel, the cards and the reports read."""

    running: Running
    mode: DecisionMode
    is_halted: bool
    is_guarded: bool  # starts failed again and again: nothing is entered until the owner says so, or a calm while has passed
    latch: LatchView | None
    wallet: Decimal
    equity: Decimal
    available: Decimal
    peak_equity: Decimal
    day_start_equity: Decimal
    loss_streak: int
    locked_until_ms: int
    trades_today: int
    net_today: Decimal
    fees_today: Decimal
    funding_today: Decimal
    desks: dict[str, DeskView]
    time_ms: int  # newest market time
    synced_ms: int  # wire time of the last comparison with the exchange
    is_ready: bool
    is_busy: bool  # something is on its way to the exchange or waits for its answer
    unlisted: tuple[str, ...] = ()  # the exchange gave no rules for them: mistyped, or no longer listed
