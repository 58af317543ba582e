"""The account's trades from flat to flat, put together from fills and balance changes alone: what other books must agree with.

Every change of the wallet but a transfer belongs to one trade, so that the nets of all trades are what the wallet gained.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from sandbox.exchange.account import ZERO, money
from sandbox.exchange.ledger import Fill, Income

SIDE_NAME: Final = {1: "LONG", -1: "SHORT"}


@dataclass(slots=True)
class RoundTrip:
    """One position's life. Fees are a cost above zero; funding and insurance carry the sign of the wallet."""

    symbol: str
    side: int
    entry_time_ms: int
    held: Decimal = ZERO
    entered: Decimal = ZERO
    entry_value: Decimal = ZERO
    left: Decimal = ZERO
    exit_value: Decimal = ZERO
    exit_time_ms: int | None = None
    gross: Decimal = ZERO
    fees: Decimal = ZERO
    funding: Decimal = ZERO
    insurance: Decimal = ZERO
    exit_client_ids: list[str] = field(default_factory=list)

    @property
    def net(self) -> Decimal:
        """What the wallet gained by it."""
        return self.gross - self.fees + self.funding + self.insurance

    def open(self, fill: Fill, quantity: Decimal, fee: Decimal) -> None:
        """Add to the position."""
        self.held += quantity
        self.entered += quantity
        self.entry_value += quantity * fill.price
        self.fees += fee

    def close(self, fill: Fill, quantity: Decimal, fee: Decimal) -> None:
        """Take away from it."""
        self.held -= quantity
        self.left += quantity
        self.exit_value += quantity * fill.price
        self.gross += fill.realised
        self.fees += fee
        self.exit_client_ids.append(fill.client_id)
        if not self.held:
            self.exit_time_ms = fill.time_ms


def round_trips(fills: Sequence[Fill], incomes: Iterable[Income]) -> list[RoundTrip]:
    """List the trades in the order of their beginnings; those without an end are still open."""
    trips: list[RoundTrip] = []
    newest: dict[str, RoundTrip] = {}
    done = 0
    for income in incomes:
        while done < len(fills) and fills[done].after_id < income.transfer_id:
            _book(trips, newest, fills[done])
            done += 1
        trip = newest.get(income.symbol)
        if trip is not None and income.kind == "FUNDING_FEE":
            trip.funding += income.amount
        elif trip is not None and income.kind == "INSURANCE_CLEAR":
            trip.insurance += income.amount
    for fill in fills[done:]:
        _book(trips, newest, fill)
    return trips


def trip_row(trip: RoundTrip) -> dict[str, Any]:
    """Write a trade for the report."""
    return {
        "symbol": trip.symbol,
        "side": SIDE_NAME[trip.side],
        "quantity": str(trip.entered),
        "entry_time_ms": trip.entry_time_ms,
        "entry_price": str(trip.entry_value / trip.entered),
        "exit_time_ms": trip.exit_time_ms,
        "exit_price": str(trip.exit_value / trip.left) if trip.left else None,
        "exit_client_ids": list(dict.fromkeys(trip.exit_client_ids)),
        "gross": str(trip.gross),
        "fees": str(trip.fees),
        "funding": str(trip.funding),
        "insurance": str(trip.insurance),
        "net": str(trip.net),
        "is_open": bool(trip.held),
    }


def _book(trips: list[RoundTrip], newest: dict[str, RoundTrip], fill: Fill) -> None:
    """Add a fill to the symbol's open trade; one that goes through zero ends it and begins the next, its fee shared out."""
    trip = newest.get(fill.symbol)
    rest, fee = fill.quantity, fill.commission
    if trip is not None and trip.held and trip.side != fill.side:
        closing = min(trip.held, rest)
        share = fee if closing == rest else money(fee * closing / rest)
        trip.close(fill, closing, share)
        rest, fee = rest - closing, fee - share
    if not rest:
        return
    if trip is None or not trip.held:
        trip = newest[fill.symbol] = RoundTrip(fill.symbol, fill.side, fill.time_ms)
        trips.append(trip)
    trip.open(fill, rest, fee)
