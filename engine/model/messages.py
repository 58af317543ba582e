"""The one answer the Trader gives to an event: orders, errands, notices, and a reply where somebody waits."""

from dataclasses import dataclass, field
from enum import StrEnum

from engine.model.notices import Notice
from engine.model.orders import ApprovedOrder, Trade
from engine.model.signals import Refusal, Ruling

# --- errands: reads and cancels; unlike an entry each may be repeated at will ---------------------------------------


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Cancel one of our stops or targets (`is_stop`), or an order in the regular book."""

    symbol: str
    client_id: str
    is_stop: bool


@dataclass(frozen=True, slots=True)
class FindOrder:
    """Ask for an order in the regular book by our id."""

    symbol: str
    client_id: str


@dataclass(frozen=True, slots=True)
class FindStop:
    """Ask for a conditional order by our id."""

    symbol: str
    client_id: str


@dataclass(frozen=True, slots=True)
class SyncAccount:
    """Read the whole account."""


@dataclass(frozen=True, slots=True)
class ListStops:
    """Read all conditional orders of a symbol."""

    symbol: str


@dataclass(frozen=True, slots=True)
class FetchFills:
    """Read the executions of a symbol since a moment of market time.

    Where `paid_since_ms` is given, funding since then is read and told before them: they may close the books it belongs to.
    """

    symbol: str
    since_ms: int
    paid_since_ms: int = 0


@dataclass(frozen=True, slots=True)
class ListOrders:
    """Read the names of all orders of a symbol, in whatever state, since a moment of market time."""

    symbol: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class FetchFunding:
    """Read the funding payments of a symbol since a moment of market time."""

    symbol: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class FetchBars:
    """Read the closed bars that opened from `since_ms` on; they arrive as history."""

    symbol: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class FetchRules:
    """Read the rules of a symbol anew: they have changed, it seems."""

    symbol: str


@dataclass(frozen=True, slots=True)
class SetUpSymbol:
    """Set isolated margin and the leverage of a symbol, then read back what holds."""

    symbol: str
    leverage: int


type Errand = (
    CancelOrder
    | FindOrder
    | FindStop
    | SyncAccount
    | ListStops
    | ListOrders
    | FetchFills
    | FetchFunding
    | FetchBars
    | FetchRules
    | SetUpSymbol
)


# --- replies --------------------------------------------------------------------------------------------------------


class ReplyCode(StrEnum):
    """What became of a wish. Texts for them live in `handlers/ui`."""

    DONE = "done"
    ALREADY = "already"
    SENT = "sent"  # an order is on its way; a notice tells the result
    UNKNOWN_SYMBOL = "unknown_symbol"
    UNKNOWN_NAME = "unknown_name"
    OUT_OF_RANGE = "out_of_range"
    NO_SUCH_POSITION = "no_such_position"
    NO_SUCH_PROPOSAL = "no_such_proposal"
    NO_SUCH_QUESTION = "no_such_question"
    NOT_OURS = "not_ours"  # a position that the owner said to leave alone
    TOO_LATE = "too_late"
    PRICE_MOVED = "price_moved"
    CHECKS_FAILED = "checks_failed"
    WOULD_LOOSEN = "would_loosen"
    TOO_SMALL = "too_small"
    LATCHED = "latched"
    NOT_READY = "not_ready"
    STORE_DOWN = "store_down"


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a command. `values` are numbers and names for the text; `refusals` where checks failed."""

    code: ReplyCode
    values: dict[str, float | int | str] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()

    @property
    def is_ok(self) -> bool:
        return self.code in (ReplyCode.DONE, ReplyCode.ALREADY, ReplyCode.SENT)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What should happen. `changed`: the Trader's state differs and is saved before anything is acted on."""

    orders: tuple[ApprovedOrder, ...] = ()
    errands: tuple[Errand, ...] = ()
    notices: tuple[Notice, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    reply: Reply | None = None
    changed: bool = False
    trades: tuple[Trade, ...] = ()  # closed with this event
    wake_in_ms: int = 0  # look again after this wire time; 0 = no wish

    def __add__(self, other: "Outcome") -> "Outcome":
        """Both, in order. The later reply counts. Most steps have nothing to say: then the other one is the answer."""
        if other is NOTHING:
            return self
        if self is NOTHING:
            return other
        wishes = [wish for wish in (self.wake_in_ms, other.wake_in_ms) if wish]
        return Outcome(
            orders=self.orders + other.orders,
            errands=self.errands + other.errands,
            notices=self.notices + other.notices,
            rulings=self.rulings + other.rulings,
            reply=other.reply or self.reply,
            changed=self.changed or other.changed,
            trades=self.trades + other.trades,
            wake_in_ms=min(wishes, default=0),
        )


NOTHING = Outcome()
