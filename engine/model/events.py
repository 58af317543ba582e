"""Facts: what happened, in the past tense. Everything the Trader can experience is one of these or a command.

`time_ms` is market time (the exchange's, decides trades); `seen_ms` is wire time (this machine's, governs requests
and freshness). The two coincide only while the market runs at its natural speed.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from engine.model.account import AccountSnapshot, StopSeen, SymbolSetup
from engine.model.market import Bar, PriceWindow, SymbolRules
from engine.model.orders import Fill, StopStatus


class Route(StrEnum):
    """The exchange's routed connections."""

    PUBLIC = "public"
    MARKET = "market"
    PRIVATE = "private"


@dataclass(frozen=True, slots=True)
class RulesLoaded:
    """The exchange's rules for a symbol, at the start and whenever they are refreshed."""

    rules: SymbolRules
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class BarClosed:
    """A bar was completed. `is_history` bars warm the features up or fill a hole: they are never decided on."""

    symbol: str
    bar: Bar
    is_history: bool
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class QuoteSeen:
    """Best bid and ask. Only the newest per symbol is kept in the inbox."""

    symbol: str
    bid: float
    ask: float
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class PriceSeen:
    """Last-traded prices. In the inbox, windows of one symbol are merged, so an extreme is never lost."""

    symbol: str
    last: float
    window: PriceWindow
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class MarkSeen:
    """Mark price, the coming funding rate and when it is paid."""

    symbol: str
    mark: float
    funding_rate: float
    next_funding_ms: int
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class FeedLost:
    """A connection broke or went silent."""

    route: Route
    detail: str
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class FeedRestored:
    """A connection delivers again. `lost_ms` is wire time."""

    route: Route
    lost_ms: int
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class ClockTicked:
    """The machine's clock, once a second (`is_check` on every POSITION_CHECK_INTERVAL). `time_ms` is the newest market time."""

    is_check: bool
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class OrderSigned:
    """An entry was signed and is about to be journalled and sent: from here on it may exist."""

    client_id: str
    signed_ms: int
    deadline_ms: int
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class OrderAccepted:
    """The exchange has the order (or had it: `is_final` tells that it is no longer working)."""

    symbol: str
    client_id: str
    order_id: int  # algo id for stops and targets
    executed: Decimal
    is_final: bool
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class OrderRejected:
    """The exchange said no, for certain. `code` is the exchange's."""

    symbol: str
    client_id: str
    code: int
    text: str
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class OrderUnanswered:
    """Nobody knows whether the exchange has the order: ask it by its id, assume nothing."""

    symbol: str
    client_id: str
    detail: str
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class OrderNotFound:
    """The exchange does not know this id now. Alone, this proves nothing."""

    symbol: str
    client_id: str
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class OrderFilled:
    """One execution of any order on one of our symbols, ours or not."""

    fill: Fill
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class OrderGone:
    """An order in the regular book ended: filled, cancelled, expired. `executed` is its total."""

    symbol: str
    client_id: str
    order_id: int
    status: str
    executed: Decimal
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class StopChanged:
    """News of a conditional order. `child_order_id` 0 until it triggered; `detail` is the exchange's reason."""

    symbol: str
    client_id: str
    algo_id: int
    status: StopStatus
    child_order_id: int
    detail: str
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class CancelRefused:
    """A cancel found nothing to cancel (already filled, triggered or gone), or got no answer."""

    symbol: str
    client_id: str
    is_unanswered: bool
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class AccountSynced:
    """A whole snapshot of the account was read."""

    account: AccountSnapshot
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class StopsListed:
    """All conditional orders of one symbol, asked for at `asked_ms` (wire)."""

    symbol: str
    stops: tuple[StopSeen, ...]
    asked_ms: int
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class FillsListed:
    """All executions of one symbol since a moment, oldest first, with those already known; `asked_ms` as above."""

    symbol: str
    fills: tuple[Fill, ...]
    time_ms: int
    seen_ms: int
    asked_ms: int = 0


@dataclass(frozen=True, slots=True)
class OrdersListed:
    """The names of all orders of one symbol since a moment, in whatever state; `asked_ms` as above."""

    symbol: str
    client_ids: frozenset[str]
    asked_ms: int
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class BalanceChanged:
    """The wallet changed. `positions` holds (symbol, signed quantity) pairs of the same message; `transferred` is no result."""

    wallet: Decimal
    positions: tuple[tuple[str, Decimal], ...]
    time_ms: int
    seen_ms: int
    transferred: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class FundingPaid:
    """Funding was charged (negative) or received (positive). `payment_id` makes it countable once.

    `paid_ms` (market) is when it was settled; 0 = just now.
    """

    symbol: str
    amount: Decimal
    payment_id: str
    time_ms: int
    seen_ms: int
    paid_ms: int = 0


@dataclass(frozen=True, slots=True)
class SetupSeen:
    """How a symbol is set up at the exchange: after we asked for it, or after somebody changed it."""

    setup: SymbolSetup
    time_ms: int
    seen_ms: int


@dataclass(frozen=True, slots=True)
class ErrandFailed:
    """A read or a set-up call failed. What it would have told stays unknown."""

    errand: str
    symbol: str
    detail: str
    time_ms: int
    seen_ms: int
    code: int = 0  # the exchange's, where it refused
