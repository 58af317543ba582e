"""What the engine needs from outside, as narrow protocols. Adapters fulfil them, fakes with memory stand in for them."""

from collections.abc import Callable, Sequence
from typing import Protocol

from engine.model.events import (
    AccountSynced,
    BalanceChanged,
    BarClosed,
    CancelRefused,
    ClockTicked,
    ErrandFailed,
    FeedLost,
    FeedRestored,
    FillsListed,
    FundingPaid,
    MarkSeen,
    OrderAccepted,
    OrderFilled,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrdersListed,
    OrderUnanswered,
    PriceSeen,
    QuoteSeen,
    RulesLoaded,
    SetupSeen,
    StopChanged,
    StopsListed,
)
from engine.model.messages import Errand
from engine.model.notices import Notice
from engine.model.orders import ApprovedOrder, SignedOrder, Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.model.view import Brakes

type MarketEvent = BarClosed | QuoteSeen | PriceSeen | MarkSeen | FeedLost | FeedRestored | RulesLoaded
type OrderEvent = (
    OrderSigned
    | OrderAccepted
    | OrderRejected
    | OrderUnanswered
    | OrderNotFound
    | OrderFilled
    | OrderGone
    | StopChanged
    | CancelRefused
)
type AccountEvent = (
    AccountSynced | StopsListed | FillsListed | OrdersListed | BalanceChanged | FundingPaid | SetupSeen | ErrandFailed
)
type Event = MarketEvent | OrderEvent | AccountEvent | ClockTicked

type Post = Callable[[Event], None]


class Clock(Protocol):
    """Wire time: the machine's clock. Only the runner and the adapters hold one."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""


class Feed(Protocol):
    """The market over sockets, reconnecting by itself until closed."""

    async def run(self, post: Post) -> None:
        """Post market events until cancelled."""


class History(Protocol):
    """The market over requests."""

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        """Read the exchange's rules of those that can be traded. Raises `LookupError` naming them where none can."""

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        """Read closed bars as history, oldest first: the newest `count`, or (count 0) all that opened from `since_ms` on."""


class Broker(Protocol):
    """Where orders go. Entries are signed, journalled, then sent; everything else is placed at once.

    No method raises for what the exchange or the network did: each returns what is known as events.
    """

    async def sign(self, order: ApprovedOrder) -> SignedOrder:
        """Sign an entry with the exchange's time and a short lease. Sends nothing."""

    async def send(self, signed: SignedOrder) -> Sequence[Event]:
        """Send a signed entry once; never again."""

    async def place(self, order: ApprovedOrder) -> Sequence[Event]:
        """Place an exit, a stop or a target. Safe to repeat with the same id."""

    async def run(self, errand: Errand) -> Sequence[Event]:
        """Carry out a read or a cancel."""

    async def listen(self, post: Post) -> None:
        """Post the account's news (fills, stops, balances) until cancelled."""


class Store(Protocol):
    """What must survive. Raises `StoreDown` when it cannot say that a write is durable."""

    async def load(self) -> SavedState | None:
        """Read the saved state, or None where there is none. Raises `StateUnreadable` where it cannot be used."""

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Read the closed trades that ended since a moment of market time, newest first."""

    async def save(
        self,
        state: SavedState | None,
        rulings: Sequence[Ruling],
        notices: Sequence[Notice],
        trades: Sequence[Trade],
    ) -> None:
        """Save all of it or nothing: the state (None = unchanged), new rulings, notices for the outbox, closed trades."""


class Alarm(Protocol):
    """A line to the owner that does not need the store."""

    def tell(self, notice: Notice) -> bool:
        """Tell it as soon as it can be, without waiting here. True where it was taken over, so that no outbox need carry it."""

    def take_back(self) -> Sequence[Notice]:
        """What nobody was told yet: the store is there again, and keeps it also where this process ends."""


class BrakesFile(Protocol):
    """The second memory of what holds entries back, outside of the store."""

    def read(self) -> Brakes:
        """What the file remembers."""

    def write(self, brakes: Brakes) -> None:
        """Remember it. Raises `OSError`."""


class WarmFeed(Feed, Protocol):
    """A feed that is told which bars are known already."""

    def start_after(self, symbol: str, open_time_ms: int) -> None:
        """Go on from the bar after this one."""


class StateUnreadable(Exception):
    """The saved state is newer than this program, belongs to another account or mode, or is damaged."""


class StateDamaged(StateUnreadable):
    """Parts of the saved state are broken. Another call sets them aside and reads what is left."""


class StoreDown(Exception):
    """The store did not confirm a write or could not be read."""
