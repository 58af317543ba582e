"""The paper exchange's books: wallet, positions, conditional orders, and what became of them. Whole at any moment.

Positions are isolated, always: each is liquidated by its own margin and costs no more than that.
"""

from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from typing import Any, Final

from engine.adapters.codec import from_plain, plain
from engine.model.account import StopSeen
from engine.model.market import Bracket
from engine.model.orders import Fill, StopStatus
from engine.model.signals import Side
from engine.risk.position_size import bracket_for, liquidation_price

ZERO: Final = Decimal(0)
CENT: Final = Decimal("0.00000001")  # the exchange's own accuracy for money
PRICE_DIGITS: Final = Decimal("0.0000000001")
FIRST_LEVERAGE: Final = 20
FILLS_KEPT: Final = 100  # the books are written whole with every change
NAMES_KEPT: Final = 100


@dataclass(frozen=True, slots=True)
class PaperPosition:
    """An open position. `quantity` is signed, `cost` is the sum of price times quantity that it was bought for."""

    symbol: str
    quantity: Decimal
    cost: Decimal
    leverage: int
    opened_ms: int

    @property
    def side(self) -> Side:
        return Side.LONG if self.quantity > 0 else Side.SHORT

    @property
    def entry_price(self) -> Decimal:
        return self.cost / abs(self.quantity)

    @property
    def margin(self) -> Decimal:
        return self.cost / self.leverage

    def unrealised(self, mark: Decimal) -> Decimal:
        """The open result at a price."""
        return rounded(mark * self.quantity - self.cost * int(self.side))

    def liquidation(self, brackets: tuple[Bracket, ...]) -> Decimal:
        """The mark at which it is closed by force; 0 where there is none."""
        bracket = bracket_for(float(self.cost), brackets)
        quantity = float(abs(self.quantity))
        price = liquidation_price(int(self.side), float(self.entry_price), quantity, self.leverage, bracket)
        return Decimal(repr(price)).quantize(PRICE_DIGITS)


@dataclass(frozen=True, slots=True)
class PaperStop:
    """A conditional order that rests. `placed_ms` is market time: a bar that opened earlier cannot set it off."""

    seen: StopSeen
    placed_ms: int


@dataclass(frozen=True, slots=True)
class EndedStop:
    """What became of a conditional order."""

    symbol: str
    algo_id: int
    status: StopStatus
    child_order_id: int
    detail: str


@dataclass(frozen=True, slots=True)
class PaperOrder:
    """A market order. It is filled at once and whole, or it never existed."""

    symbol: str
    client_id: str
    order_id: int
    executed: Decimal


@dataclass(frozen=True, slots=True)
class PaperFunding:
    """A funding payment."""

    symbol: str
    amount: Decimal
    payment_id: str
    time_ms: int


@dataclass(slots=True)
class PaperBooks:
    """All of it."""

    wallet: Decimal
    last_id: int = 0
    positions: dict[str, PaperPosition] = field(default_factory=dict)
    stops: dict[str, PaperStop] = field(default_factory=dict)
    ended: dict[str, EndedStop] = field(default_factory=dict)
    orders: dict[str, PaperOrder] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)
    funding: list[PaperFunding] = field(default_factory=list)
    funding_due: dict[str, int] = field(default_factory=dict)  # market time of the next payment
    leverages: dict[str, int] = field(default_factory=dict)

    def next_id(self) -> int:
        """A number that no order, stop or execution had before."""
        self.last_id += 1
        return self.last_id

    def leverage(self, symbol: str) -> int:
        """The leverage that a symbol is set to."""
        return self.leverages.get(symbol, FIRST_LEVERAGE)

    def quantity(self, symbol: str) -> Decimal:
        """What is held, signed; 0 = flat."""
        held = self.positions.get(symbol)
        return ZERO if held is None else held.quantity

    def bound(self) -> Decimal:
        """The margin of all positions."""
        return sum((held.margin for held in self.positions.values()), ZERO)

    def traded(self, symbol: str, side: Side, quantity: Decimal, price: Decimal, time_ms: int) -> Decimal:
        """Move the position by an execution, and return what it realised."""
        held = self.positions.get(symbol)
        if held is None or held.side is side:
            self.positions[symbol] = self._grown(held, symbol, side, quantity, price, time_ms)
            return ZERO
        size = abs(held.quantity)
        assert quantity <= size, "an order is cut at the position before it is filled"
        cost = held.cost * quantity / size
        realised = rounded((price * quantity - cost) * int(held.side))
        if quantity == size:
            del self.positions[symbol]
        else:
            left = held.quantity + quantity * int(side)
            self.positions[symbol] = PaperPosition(symbol, left, held.cost - cost, held.leverage, held.opened_ms)
        self.wallet += realised
        return realised

    def _grown(
        self, held: PaperPosition | None, symbol: str, side: Side, quantity: Decimal, price: Decimal, time_ms: int
    ) -> PaperPosition:
        signed, cost = quantity * int(side), quantity * price
        if held is None:
            return PaperPosition(symbol, signed, cost, self.leverage(symbol), time_ms)
        return PaperPosition(symbol, held.quantity + signed, held.cost + cost, held.leverage, held.opened_ms)

    def trim(self) -> None:
        """Forget what nobody will ask for any more."""
        del self.fills[:-FILLS_KEPT]
        del self.funding[:-FILLS_KEPT]
        for names in (self.orders, self.ended):
            while len(names) > NAMES_KEPT:
                del names[next(iter(names))]


def write(books: PaperBooks) -> dict[str, Any]:
    """The books as plain values."""
    values = plain(books)
    assert isinstance(values, dict)
    return values


def read(values: dict[str, Any]) -> PaperBooks:
    """The books that `write` wrote. Raises `Undecodable`."""
    return from_plain(values, PaperBooks)


def rounded(money: Decimal) -> Decimal:
    """Money as the exchange books it."""
    return money.quantize(CENT, ROUND_HALF_EVEN)


def on_grid(price: Decimal, tick: Decimal, side: Side) -> Decimal:
    """A price on the tick grid, never better for us than it was."""
    way = ROUND_CEILING if side is Side.LONG else ROUND_FLOOR
    return (price / tick).to_integral_value(way) * tick
