"""What survives a restart: the Trader's memory, as plain frozen values that a store can write and read back."""

from dataclasses import dataclass, field
from decimal import Decimal

from engine.model.commands import DecisionMode
from engine.model.notices import Proposed
from engine.model.orders import ExitPlan, ExitReason, IntentState, Role, Trade, TriggerBy
from engine.model.signals import Ruling, Side, Sides
from engine.model.view import LatchView, Running

SAVED_VERSION = 1


@dataclass(frozen=True, slots=True)
class EntryIntent:
    """An entry that may exist at the exchange. Written before it is sent (R2); at most one per symbol."""

    intent_id: str
    cause: str  # "bar:<close ms>:<side>" or "tg:<nonce>"
    client_id: str
    symbol: str
    side: Side
    quantity: Decimal
    expected_price: float
    stop_distance: float
    leverage: int
    state: IntentState
    signed_ms: int  # wire; 0 = not signed yet
    deadline_ms: int  # wire; after it the exchange refuses the order
    not_found: int  # how often the exchange did not know it after the deadline
    asked_ms: int  # wire; when it was last asked for
    executed: Decimal
    ruling: Ruling | None


@dataclass(frozen=True, slots=True)
class ExitIntent:
    """A position that is being left. Re-sent until flat; `attempt` makes each id new."""

    reason: ExitReason
    quantity: Decimal  # what is to be closed; all of it where it equals the position
    attempt: int
    client_id: str
    sent_ms: int  # wire
    who: str


@dataclass(frozen=True, slots=True)
class StopOrder:
    """One stop or target of ours, and what is known of it."""

    client_id: str
    role: Role
    generation: int
    quantity: Decimal | None
    trigger_price: Decimal
    trigger_by: TriggerBy
    is_seen: bool  # seen resting on the exchange
    is_cancelling: bool
    placed_ms: int  # wire
    tries: int
    algo_id: int
    child_order_id: int  # 0 until it triggered


@dataclass(frozen=True, slots=True)
class Holding:
    """An open position: its running trade, its plan, and what guards it."""

    trade: Trade
    plan: ExitPlan
    quantity: Decimal  # unsigned, what is held now
    exit_value: Decimal  # sum of price * quantity over the exit fills
    exit_quantity: Decimal
    order_reasons: tuple[tuple[int, ExitReason], ...]  # exit order id -> why
    filled_ms: int  # wire time of the first fill, for the cover's latency
    is_verified: bool  # cover was verified and told


@dataclass(frozen=True, slots=True)
class SavedDesk:
    """One symbol's memory."""

    symbol: str
    sides: Sides
    proposal: Proposed | None = None
    entry: EntryIntent | None = None
    holding: Holding | None = None
    exit: ExitIntent | None = None
    stops: tuple[StopOrder, ...] = ()
    last_exit_ms: int = 0  # market time of the last exit fill
    locked_until_ms: int = 0
    last_bar_ms: int = 0  # open time of the newest bar that was handled
    last_fill_ms: int = 0  # market time of the newest fill booked
    recent_fills: tuple[int, ...] = ()  # trade ids of the newest fills, so that each is booked once
    recent_funding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """The account's memory."""

    running: Running = Running.STOPPED
    mode: DecisionMode = DecisionMode.CONFIRM
    latch: LatchView | None = None
    is_panicking: bool = False
    wallet: Decimal = Decimal(0)
    peak_equity: Decimal = Decimal(0)
    day_ms: int = 0  # market time at which the current UTC day began
    day_start_equity: Decimal = Decimal(0)
    day_trades: int = 0
    day_wins: int = 0
    day_gross: Decimal = Decimal(0)
    day_fees: Decimal = Decimal(0)
    day_funding: Decimal = Decimal(0)
    day_rulings: int = 0
    day_refusals: tuple[tuple[int, int], ...] = ()  # (code, count)
    loss_streak: int = 0
    locked_until_ms: int = 0
    trade_number: int = 0


@dataclass(frozen=True, slots=True)
class Override:
    """A tunable changed in chat. The newest per name counts; the older ones are its history."""

    name: str
    value: float
    before: float
    who: str
    time_ms: int


@dataclass(frozen=True, slots=True)
class SavedState:
    """All of it. `namespace` names mode and account: a state of another one is never used."""

    namespace: str
    account: SavedAccount = SavedAccount()
    desks: dict[str, SavedDesk] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    version: int = SAVED_VERSION
