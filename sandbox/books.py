"""Holds the owner's books against the venue's: trade by trade and in total, to the cent.

The venue's trades are put together from its own fills and wallet changes alone. Decimal throughout.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

ZERO: Final = Decimal(0)
HALF_A_CENT: Final = Decimal("0.005")
PRICE_SHARE: Final = Decimal("1e-9")  # an average price may be rounded far behind the last digit of the grid
MONEY: Final = ("gross", "fees", "funding", "net")
SHOWN_DIFFERENCES: Final = 20


@dataclass(slots=True)
class VenueTrade:
    """One position of the venue from its first fill to flat. Fees are a cost, above zero; funding is what was received."""

    symbol: str
    side: str
    entry_time_ms: int
    held: Decimal = ZERO
    quantity: Decimal = ZERO  # the largest held
    entered: Decimal = ZERO
    entry_value: Decimal = ZERO
    left: Decimal = ZERO
    exit_value: Decimal = ZERO
    exit_time_ms: int = 0
    gross: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO

    @property
    def net(self) -> Decimal:
        """What the wallet gained."""
        return self.gross - self.fees + self.funding

    @property
    def entry_price(self) -> Decimal:
        """The average price of the fills that opened it."""
        return self.entry_value / self.entered

    @property
    def exit_price(self) -> Decimal:
        """The average price of the fills that closed it."""
        return self.exit_value / self.left


@dataclass(slots=True)
class VenueBooks:
    """The venue's closed trades in the order of their ends, positions still open, and wallet changes of no trade."""

    closed: list[VenueTrade] = field(default_factory=list)
    open: dict[str, VenueTrade] = field(default_factory=dict)
    other: Decimal = ZERO


def venue_books(fills: Iterable[Mapping[str, Any]], incomes: Iterable[Mapping[str, Any]]) -> VenueBooks:
    """Walk through the wallet's changes in their order; the first one of a fill is where the position changed."""
    books, waiting = VenueBooks(), deque(fills)
    of_fill: dict[int, VenueTrade] = {}
    for income in incomes:
        symbol, kind, amount, trade_id = income["symbol"], income["kind"], Decimal(income["amount"]), income["trade_id"]
        while trade_id is not None and waiting and waiting[0]["trade_id"] <= trade_id:
            fill = waiting.popleft()
            of_fill[fill["trade_id"]] = _booked(books, fill)
        trade = of_fill.get(trade_id) or books.open.get(symbol)
        if trade is not None and kind == "REALIZED_PNL":
            trade.gross += amount
        elif trade is not None and kind == "COMMISSION":
            trade.fees -= amount
        elif trade is not None and kind == "FUNDING_FEE":
            trade.funding += amount
        elif kind != "TRANSFER":
            books.other += amount
    for fill in waiting:
        _booked(books, fill)
    return books


def _booked(books: VenueBooks, fill: Mapping[str, Any]) -> VenueTrade:
    symbol, side = fill["symbol"], "LONG" if fill["side"] == "BUY" else "SHORT"
    quantity, price = Decimal(fill["quantity"]), Decimal(fill["price"])
    trade = books.open.get(symbol)
    if trade is None:
        trade = books.open[symbol] = VenueTrade(symbol, side, fill["time_ms"])
    if side == trade.side:
        trade.held += quantity
        trade.entered += quantity
        trade.entry_value += quantity * price
        trade.quantity = max(trade.quantity, trade.held)
        return trade
    trade.held -= quantity
    trade.left += quantity
    trade.exit_value += quantity * price
    if trade.held <= 0:
        trade.exit_time_ms = fill["time_ms"]
        books.closed.append(books.open.pop(symbol))
    return trade


def differences(exported: Sequence[Mapping[str, Any]], venue: Mapping[str, Any]) -> list[str]:
    """List what does not agree between the owner's trades and the venue's report, empty where the books are equal."""
    books = venue_books(venue["fills"], venue["incomes"])
    ours = sorted(exported, key=_place)
    theirs = sorted(books.closed, key=lambda trade: (trade.exit_time_ms, trade.symbol))
    found = [f"{len(ours)} trade(s) in the owner's books, {len(theirs)} at the venue"] if len(ours) != len(theirs) else []
    for own, their in zip(ours, theirs, strict=False):
        found += _between(own, their)
    found += _in_total(ours, theirs, books, venue)
    return found[:SHOWN_DIFFERENCES]


def _place(trade: Mapping[str, Any]) -> tuple[int, str]:
    return trade["exit_time_ms"], trade["symbol"]


def _between(own: Mapping[str, Any], their: VenueTrade) -> list[str]:
    name = f"{their.symbol} {their.side} left at {their.exit_time_ms}"
    facts = ("symbol", "side", "entry_time_ms", "exit_time_ms", "quantity")
    found = [
        f"{name}: {fact} {own[fact]} in the owner's books, {getattr(their, fact)} at the venue"
        for fact in facts
        if not _same(own[fact], getattr(their, fact))
    ]
    for fact in ("entry_price", "exit_price"):
        mine, yours = Decimal(str(own[fact])), getattr(their, fact)
        if abs(mine - yours) > yours * PRICE_SHARE:
            found.append(f"{name}: {fact} {mine} in the owner's books, {yours} at the venue")
    for fact in MONEY:
        mine, yours = Decimal(str(own[fact])), getattr(their, fact)
        if abs(mine - yours) >= HALF_A_CENT:
            found.append(f"{name}: {fact} {mine} in the owner's books, {yours} at the venue")
    return found


def _same(own: Any, their: Any) -> bool:
    return Decimal(str(own)) == their if isinstance(their, Decimal) else str(own).upper() == str(their)


def _in_total(
    ours: Sequence[Mapping[str, Any]], theirs: Sequence[VenueTrade], books: VenueBooks, venue: Mapping[str, Any]
) -> list[str]:
    found = []
    for fact in MONEY:
        mine = sum((Decimal(str(own[fact])) for own in ours), ZERO)
        yours = sum((getattr(their, fact) for their in theirs), ZERO)
        if abs(mine - yours) >= HALF_A_CENT:
            found.append(f"total {fact}: {mine} in the owner's books, {yours} at the venue")
    gained = Decimal(venue["wallet_end"]) - Decimal(venue["wallet_start"])
    booked = sum((Decimal(str(own["net"])) for own in ours), ZERO)
    running = sum((trade.net for trade in books.open.values()), ZERO)
    if abs(gained - booked - running - books.other) >= HALF_A_CENT:
        found.append(f"the wallet changed by {gained}, the owner's trades make {booked} and open positions {running}")
    if books.other:
        found.append(f"wallet changes that belong to no trade: {books.other}")
    return found
