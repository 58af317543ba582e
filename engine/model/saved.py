"""What survives a restart: the Trader's memory, as plain frozen values that a store can write and read back."""

from dataclasses import dataclass, field
from decimal import Decimal

from engine.model.commands import DecisionMode
from engine.model.orders import ExitPlan, ExitReason, Fill, IntentState, Role, Trade, TriggerBy
from engine.model.proposals import Proposed
from engine.model.signals import Ruling, Side, Sides
from engine.model.view import Care, LatchView, Running

SAVED_VERSION = 1
RECENT_FUNDING = 100  # payments remembered per symbol, the newest: one that is older than all of them may have been booked


@dataclass(frozen=True, slots=True)
class Absence:
    """What speaks for an unanswered entry's not existing, beside denials of its name. All of it after its lease."""

    denied_ms: int = 0  # wire; when the newest denial that counts was heard
    is_unlisted: bool = False  # a list of all orders of the time lacks it
    is_unfilled: bool = False  # executions were listed, so that a hole in the stream hides none
    agreed: int = 0  # how often the position was read as it was before
    agreed_ms: int = 0  # wire; when the newest of these readings began


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
    atr: float
    leverage: int
    state: IntentState
    signed_ms: int  # wire; 0 = not signed yet
    deadline_ms: int  # wire; after it the exchange refuses the order
    not_found: int  # how often the exchange did not know it after the deadline
    asked_ms: int  # wire; when it was last asked for
    executed: Decimal  # what was booked
    final: Decimal | None  # what it executed in the end, once known
    ruling: Ruling | None
    absence: Absence = Absence()
    ended_ms: int = 0  # wire; when it was given up as absent; 0 = it was not
    order_id: int = 0  # the exchange's own, once known: a list of executions may name the order by it alone
    stop_multiple: float = 0.0  # of its ATR, as its size was reckoned with; 0 = from before this was kept
    target_multiple: float = 0.0  # of the stop's distance


@dataclass(frozen=True, slots=True)
class ExitIntent:
    """A position that is being left, wholly or in part. A whole exit is re-sent until flat, under a new id each time."""

    reason: ExitReason
    is_whole: bool
    quantity: Decimal  # what is to be closed
    executed: Decimal
    attempt: int
    client_id: str  # of the newest attempt
    sent_ms: int  # wire
    retry_at_ms: int  # wire
    who: str
    began_ms: int = 0  # wire
    refusals: int = 0  # in a row, with attempts that executed nothing
    looked_ms: int = 0  # wire; when the account was last asked for because of it
    names: tuple[str, ...] = ()  # of the newest attempts
    ended: Decimal = Decimal(0)  # what the attempts that are over executed
    piece: Decimal = Decimal(0)  # what the newest attempt is for; 0 = it is over
    is_in_the_way: bool = False  # our own resting orders keep it from being taken
    unanswered: int = 0  # attempts that nothing was heard of
    is_told: bool = False  # that it is for nothing


@dataclass(frozen=True, slots=True)
class StopOrder:
    """One stop or target of ours, and what is known of it."""

    client_id: str
    role: Role
    quantity: Decimal | None
    trigger_price: Decimal
    trigger_by: TriggerBy
    algo_id: int  # 0 until the exchange accepted it
    is_seen: bool  # seen resting on the exchange
    is_cancelling: bool
    refusals: int
    sent_ms: int  # wire; when it (or its cancel) was last sent
    retry_at_ms: int  # wire
    fired_ms: int  # wire; when it was learnt that it triggered; 0 = it did not
    child_order_id: int  # the order that it became
    waits: int = 0  # how often the exchange saw no position for it yet


@dataclass(frozen=True, slots=True)
class Holding:
    """A position from its first fill until the books are closed on it: its running trade, its plan, its sums."""

    trade: Trade
    plan: ExitPlan
    quantity: Decimal  # unsigned, what is held now; 0 = flat, the reason is being looked up
    entry_value: Decimal  # sum of price * quantity over the entry fills
    entry_quantity: Decimal
    exit_value: Decimal
    exit_quantity: Decimal
    atr: float  # of the decision bar; the plan is drawn from it
    leverage: int
    is_told: bool  # the owner was told of the entry
    is_covered: bool  # both stops and the target were seen on the exchange, and the owner was told
    told_stop: float  # the stop that was last told
    filled_seen_ms: int  # wire time of the first fill, for the cover's latency
    flat_seen_ms: int  # wire time at which it became flat; 0 = open
    exit_order_id: int  # the order of the newest exit fill, and its client id
    exit_client_id: str
    uncovered_seen_ms: int  # wire time since which no stop was known to rest on the exchange; 0 = covered
    touched_seen_ms: int  # wire time since which the price stands beyond stop or target; 0 = it does not
    is_target_touched: bool  # which of the two
    ruling: Ruling | None
    mark_beyond_ms: int = 0  # wire time since which the mark is clearly beyond the tight stop; 0 = it is not
    is_width_assumed: bool = False  # the plan was drawn before any bar was seen, with a width that fits every market


@dataclass(frozen=True, slots=True)
class OutsideHand:
    """Somebody else opened or changed a position: the question about it, and the answer. It ends with the position."""

    question_id: str
    intent_id: str  # of the position
    care: Care
    was_ours: bool  # ours before it was changed


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
    order_generation: int = 0  # counts stops and exits, so that each has a name of its own
    last_exit_ms: int = 0  # market time of the last exit fill
    locked_until_ms: int = 0
    last_bar_ms: int = 0  # open time of the newest bar that was handled
    interval_ms: int = 0  # of the bars; 0 = not told
    last_fill_ms: int = 0  # market time of the newest fill booked
    last_fill_seen_ms: int = 0  # wire time of the same
    recent_fills: tuple[int, ...] = ()  # trade ids of the newest fills, so that each is booked once
    recent_funding: tuple[str, ...] = ()  # the newest payments, by their time; `SYMBOL:hour`
    is_unwanted: bool = False  # what is held, or still comes of an entry on its way, is to be closed
    absent: tuple[EntryIntent, ...] = ()  # entries that were given up, should they arrive after all
    made_up: tuple[Fill, ...] = ()  # fills that stand for executions which the exchange has not listed
    found_ms: int = 0  # market time of the newest change of the position that they were last made up from; 0 = not told
    listed_ms: int = 0  # wire; when the newest list of executions was asked for
    listing_asked_ms: int = 0  # wire; when one was last asked for because of what is made up
    held_before: tuple[tuple[int, Decimal], ...] = ()  # (wire time of a fill, signed quantity before it), the newest
    flat_since_ms: int = 0  # wire; a whole exit ended then by its fills, and no look has confirmed it; 0 = none is due
    flat_asked_ms: int = 0  # wire; when the account was last asked for because of it
    wide_blocked_until_ms: int = 0  # wire; somebody else's whole-position stop keeps ours out; 0 = none does
    wide_blocked_by: str = ""  # the name of that stop, once it was seen and told
    outside: OutsideHand | None = None
    forced_ms: int = 0  # market time up to which liquidations have latched


def paid_hour(payment_id: str) -> int:
    """The market hour in which a payment was made, as its name says; 0 where it says none."""
    hour = payment_id.rpartition(":")[2]
    return int(hour) if hour.isdecimal() else 0


def forgotten_until_hour(desk: SavedDesk) -> int:
    """Payments from before this market hour may have been booked and forgotten; 0 = all that were booked are remembered."""
    is_full = len(desk.recent_funding) >= RECENT_FUNDING
    return min(map(paid_hour, desk.recent_funding)) if is_full else 0


@dataclass(frozen=True, slots=True)
class SavedAccount:
    """The account's memory."""

    running: Running = Running.STOPPED
    mode: DecisionMode = DecisionMode.CONFIRM
    latch: LatchView | None = None
    is_panicking: bool = False
    panicked_ms: int = 0  # wire; when the newest panic began, later than all before it
    panic_closed: int = 0  # positions that this panic has closed so far
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

    @property
    def day_net(self) -> Decimal:
        """What the day brought after fees and funding, in the quote asset."""
        return self.day_gross - self.day_fees + self.day_funding


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
