"""Orders of the two separate books: regular ones, and conditional ones of the Algo Service (reference 3.2, 3.3)."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

BUY: Final = 1
SELL: Final = -1
SIDE_TEXT: Final = {BUY: "BUY", SELL: "SELL"}
OPEN_STATUS: Final = frozenset({"NEW", "PARTIALLY_FILLED"})
LIVE_ALGO_STATUS: Final = frozenset({"NEW", "TRIGGERING"})
STOP_TYPES: Final = frozenset({"STOP", "STOP_MARKET"})
TARGET_TYPES: Final = frozenset({"TAKE_PROFIT", "TAKE_PROFIT_MARKET"})
CONDITIONAL_TYPES: Final = STOP_TYPES | TARGET_TYPES | {"TRAILING_STOP_MARKET"}
MARKET_CHILD_TYPES: Final = frozenset({"STOP_MARKET", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"})

NO_EXPIRY: Final = 0
EXPIRED_IOC: Final = 2  # reference 4: values of `er`
EXPIRED_REDUCE_ONLY: Final = 4
EXPIRED_LIQUIDATION: Final = 5
EXPIRED_UNFILLABLE: Final = 9


@dataclass(slots=True)
class Order:
    """A regular order. `filled_lots` and `quote` grow with each fill."""

    id: int
    client_id: str
    symbol: str
    side: int
    type: str
    time_in_force: str
    lots: int
    price_ticks: int
    reduce_only: bool
    close_position: bool
    created_ms: int
    original_type: str = ""
    stop_text: str = "0"
    working_type: str = "CONTRACT_PRICE"
    status: str = "NEW"
    filled_lots: int = 0
    quote: Decimal = Decimal(0)
    updated_ms: int = 0
    expiry: int = NO_EXPIRY
    algo_id: int | None = None
    is_forced: bool = False

    @property
    def is_open(self) -> bool:
        """Whether it can still fill."""
        return self.status in OPEN_STATUS

    @property
    def left_lots(self) -> int:
        """What is still to be filled."""
        return self.lots - self.filled_lots


@dataclass(slots=True)
class AlgoOrder:
    """A conditional order. `lots` is 0 where it closes the whole position."""

    id: int
    client_id: str
    symbol: str
    side: int
    type: str
    time_in_force: str
    lots: int
    price_ticks: int
    trigger_ticks: int
    working_type: str
    reduce_only: bool
    close_position: bool
    price_protect: bool
    created_ms: int
    activate_ticks: int = 0
    callback: Decimal = Decimal(0)
    is_active: bool = True
    best_ticks: int = 0
    status: str = "NEW"
    updated_ms: int = 0
    triggered_ms: int = 0
    child_id: int | None = None
    child_price: str = "0"
    child_quantity: str = "0"
    reason: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for its trigger."""
        return self.status in LIVE_ALGO_STATUS

    @property
    def is_stop(self) -> bool:
        """Whether it limits a loss (as far as the -4130 rule and the cover watch care)."""
        return self.type in STOP_TYPES or self.type == "TRAILING_STOP_MARKET"

    @property
    def fires_upwards(self) -> bool:
        """Whether it fires at or above its trigger (reference 3.3: STOP BUY, TAKE_PROFIT SELL) or at or below it."""
        return (self.side > 0) == self.is_stop

    @property
    def needs_position(self) -> bool:
        """Whether it lives only as long as a position does (closePosition, GTE_GTC)."""
        return self.close_position or self.time_in_force == "GTE_GTC"


class Book[T: (Order, AlgoOrder)]:
    """All orders of one kind: every one ever made by its id, the open ones by symbol and by client id.

    A client id must differ among open orders only (reference 3.2); asking by it finds the newest that had it.
    """

    __slots__ = ("_by_client", "_open", "by_id")

    def __init__(self) -> None:
        self.by_id: dict[int, T] = {}
        self._by_client: dict[str, T] = {}
        self._open: dict[str, dict[int, T]] = {}

    def add(self, order: T) -> None:
        """Take an order in."""
        self.by_id[order.id] = order
        self._by_client[order.client_id] = order
        if order.is_open:
            self._open.setdefault(order.symbol, {})[order.id] = order

    def settle(self, order: T) -> None:
        """Take an order out of the open ones once it is final."""
        if not order.is_open:
            self._open.get(order.symbol, {}).pop(order.id, None)

    def find(self, order_id: int | None, client_id: str | None) -> T | None:
        """Look an order up by one of its ids."""
        if order_id is not None:
            return self.by_id.get(order_id)
        return self._by_client.get(client_id or "")

    def is_taken(self, client_id: str) -> bool:
        """Say whether an open order has this client id."""
        order = self._by_client.get(client_id)
        return order is not None and order.is_open

    def open_on(self, symbol: str) -> list[T]:
        """List a symbol's open orders, oldest first."""
        return list(self._open.get(symbol, {}).values())

    def all_open(self) -> list[T]:
        """List every open order, oldest first."""
        return sorted((order for orders in self._open.values() for order in orders.values()), key=lambda order: order.id)


@dataclass(slots=True)
class Ids:
    """Counters: order, algo order and trade ids never repeat within a venue."""

    order: int = 22_542_000
    algo: int = 4_000_001_783_523_000
    trade: int = 774_000
    transfer: int = 9_689_322_000
    client: int = field(default=0)

    def next_order(self) -> int:
        """Give the next order id."""
        self.order += 1
        return self.order

    def next_algo(self) -> int:
        """Give the next algo order id."""
        self.algo += 1
        return self.algo

    def next_trade(self) -> int:
        """Give the next trade id."""
        self.trade += 1
        return self.trade

    def next_transfer(self) -> int:
        """Give the next transaction id of a balance change."""
        self.transfer += 1
        return self.transfer

    def next_client(self, prefix: str) -> str:
        """Make up a client id, as the exchange does for an order that came without one."""
        self.client += 1
        return f"{prefix}{self.client:08d}"
