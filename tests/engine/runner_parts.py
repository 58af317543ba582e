"""Parts for a Runner, with memory: a store that can be switched off, a broker that keeps a diary, a clock that is set."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from engine.model.account import AccountSnapshot, PositionSeen, StopSeen, SymbolSetup
from engine.model.events import (
    AccountSynced,
    BarClosed,
    FeedRestored,
    OrderAccepted,
    OrderFilled,
    Route,
    RulesLoaded,
    SetupSeen,
    StopsListed,
)
from engine.model.market import Bar
from engine.model.messages import Errand, ListStops, SetUpSymbol, SyncAccount
from engine.model.notices import Notice
from engine.model.orders import ApprovedOrder, Fill, Role, SignedOrder, Trade
from engine.model.saved import SavedState
from engine.model.signals import Ruling
from engine.model.view import NO_BRAKES, Brakes
from engine.ports import Event, Post, StoreDown
from tests.engine.trader.world import rules


@dataclass
class SetClock:
    """Wire time that only moves when it is told to."""

    now: int = 1_700_000_000_000

    def now_ms(self) -> int:
        return self.now


@dataclass
class KeptStore:
    """Remembers what was saved, and in which order things happened."""

    diary: list[str]
    state: SavedState | None = None
    is_up: bool = True
    notices: list[Notice] = field(default_factory=list)
    rulings: list[Ruling] = field(default_factory=list)
    closed: list[Trade] = field(default_factory=list)
    is_readable: bool = True
    hang: asyncio.Event | None = None

    async def load(self) -> SavedState | None:
        if not self.is_readable:
            raise StoreDown("switched off")
        return self.state

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        return self.closed

    async def save(
        self,
        state: SavedState | None,
        rulings: Sequence[Ruling],
        notices: Sequence[Notice],
        trades: Sequence[Trade],
    ) -> None:
        if self.hang is not None:
            await self.hang.wait()
        if not self.is_up:
            self.diary.append("save failed")
            raise StoreDown("switched off")
        self.diary.append("saved")
        self.state = state or self.state
        self.notices += notices
        self.rulings += rulings
        self.closed += trades


@dataclass
class DiaryBroker:
    """Fills entries at once at `price`; writes down what was asked of it."""

    diary: list[str]
    clock: SetClock
    price: Decimal = Decimal(1_000)
    sent: list[ApprovedOrder] = field(default_factory=list)
    placed: list[ApprovedOrder] = field(default_factory=list)
    leverage: int = 10
    hang: asyncio.Event | None = None
    positions: tuple[PositionSeen, ...] = ()
    stops: tuple[StopSeen, ...] = ()
    is_away: bool = False
    lists: bool = False  # whether stops that were placed are seen

    async def sign(self, order: ApprovedOrder) -> SignedOrder:
        self.diary.append("signed")
        return SignedOrder(order, self.clock.now, self.clock.now + 3_000, {})

    async def send(self, signed: SignedOrder) -> Sequence[Event]:
        self.diary.append("sent")
        order, now = signed.order, self.clock.now
        self.sent.append(order)
        quantity = order.quantity or Decimal(0)
        fill = Fill(
            order.symbol, 1, 1, order.client_id, order.side, quantity, self.price, Decimal("0.1"), "USDT", Decimal(0), now
        )
        return (
            OrderFilled(fill, now, now),
            OrderAccepted(order.symbol, order.client_id, 1, quantity, True, now, now),
        )

    async def place(self, order: ApprovedOrder) -> Sequence[Event]:
        self.diary.append(f"placed {order.role.value}")
        self.placed.append(order)
        if self.hang is not None:
            await self.hang.wait()
        if self.lists:
            return (
                OrderAccepted(
                    order.symbol, order.client_id, len(self.placed), Decimal(0), False, self.clock.now, self.clock.now
                ),
            )
        return ()

    async def run(self, errand: Errand) -> Sequence[Event]:
        now = self.clock.now
        match errand:
            case SyncAccount():
                if self.is_away:
                    return ()
                self.diary.append("account read")
                setup = SymbolSetup("ETHUSDT", self.leverage, True)
                account = AccountSnapshot(
                    now, Decimal(10_000), Decimal(10_000), True, True, self.positions, (), self.stops, (setup,)
                )
                return (AccountSynced(account, now, now),)
            case ListStops(symbol) if self.lists:
                return (StopsListed(symbol, tuple(map(resting, self.placed)), now, now, now),)
            case SetUpSymbol(symbol, leverage):
                return (SetupSeen(SymbolSetup(symbol, leverage, True), now, now),)
        return ()

    async def listen(self, post: Post) -> None:
        post(FeedRestored(Route.PRIVATE, 0, 0, self.clock.now))
        await asyncio.Event().wait()


def resting(order: ApprovedOrder) -> StopSeen:
    """A stop that was placed, as a listing shows it."""
    assert order.trigger_price is not None
    assert order.trigger_by is not None
    return StopSeen(
        order.symbol,
        order.client_id,
        int(order.client_id[-3:]),
        order.side,
        order.role is Role.TARGET,
        order.quantity,
        order.trigger_price,
        order.trigger_by,
        order.reduce_only,
    )


@dataclass
class BarHistory:
    """Rules and bars over requests."""

    bars: list[Bar]
    diary: list[str]
    unlisted: tuple[str, ...] = ()

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        listed = [symbol for symbol in symbols if symbol not in self.unlisted]
        if not listed:
            raise LookupError(", ".join(self.unlisted))
        return tuple(RulesLoaded(rules(symbol), 0, 0) for symbol in listed)

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        assert symbol not in self.unlisted
        self.diary.append("bars read")
        return tuple(BarClosed(symbol, bar, True, 0, 0) for bar in self.bars[-count:])


@dataclass
class QuietFeed:
    """Posts what a test hands to it."""

    clock: SetClock
    known: list[int] = field(default_factory=list)
    post: Post | None = None

    def start_after(self, symbol: str, open_time_ms: int) -> None:
        self.known.append(open_time_ms)

    async def run(self, post: Post) -> None:
        self.post = post
        for route in (Route.PUBLIC, Route.MARKET):
            post(FeedRestored(route, 0, 0, self.clock.now))
        await asyncio.Event().wait()


@dataclass
class KeptBrakes:
    """The file of latch and pause."""

    brakes: Brakes = NO_BRAKES
    is_full: bool = False

    def read(self) -> Brakes:
        return self.brakes

    def write(self, brakes: Brakes) -> None:
        if self.is_full:
            raise OSError(28, "No space left on device")
        self.brakes = brakes


@dataclass
class Phone:
    """The owner's line past the store."""

    takes: bool = True
    told: list[Notice] = field(default_factory=list)

    def tell(self, notice: Notice) -> bool:
        self.told.append(notice)
        return self.takes

    def take_back(self) -> Sequence[Notice]:
        return ()
