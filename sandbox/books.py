"""Holds the owner's books against the venue's: trade by trade and in total, to the cent.

The venue's trades are put together by itself, from its own fills and wallet changes alone. Decimal throughout.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

ZERO: Final = Decimal(0)
HALF_A_CENT: Final = Decimal("0.005")
PRICE_SHARE: Final = Decimal("1e-9")  # an average price may be rounded far behind the last digit of the grid
FACTS: Final = ("symbol", "side", "entry_time_ms", "exit_time_ms")
PRICES: Final = ("entry_price", "exit_price")
MONEY: Final = ("gross", "fees", "funding", "net")
SHOWN_DIFFERENCES: Final = 20

type Row = Mapping[str, Any]


def differences(exported: Sequence[Row], venue: Row) -> list[str]:
    """List what does not agree between the owner's trades and the venue's report, empty where the books are equal."""
    ours = sorted(exported, key=_place)
    theirs = sorted((trade for trade in venue["trades"] if not trade["is_open"]), key=_place)
    found = [f"{len(ours)} trade(s) in the owner's books, {len(theirs)} at the venue"] if len(ours) != len(theirs) else []
    for own, their in zip(ours, theirs, strict=False):
        found += _between(own, their)
    found += _in_total(ours, theirs)
    found += _in_the_wallet(ours, venue)
    return found[:SHOWN_DIFFERENCES]


def _place(trade: Row) -> tuple[int, str]:
    return trade["exit_time_ms"], trade["symbol"]


def _between(own: Row, their: Row) -> list[str]:
    wrong = [fact for fact in FACTS if str(own[fact]).upper() != str(their[fact])]
    wrong += ["quantity"] if _number(own, "quantity") != _number(their, "quantity") else []
    wrong += [fact for fact in PRICES if abs(_number(own, fact) - _number(their, fact)) > _number(their, fact) * PRICE_SHARE]
    wrong += [fact for fact in MONEY if abs(_number(own, fact) - _number(their, fact)) >= HALF_A_CENT]
    name = f"{their['symbol']} {their['side']} left at {their['exit_time_ms']}"
    return [f"{name}: {fact} {own[fact]} in the owner's books, {their[fact]} at the venue" for fact in wrong]


def _in_total(ours: Sequence[Row], theirs: Sequence[Row]) -> list[str]:
    sums = [(fact, _sum(ours, fact), _sum(theirs, fact)) for fact in MONEY]
    return [
        f"total {fact}: {mine} in the owner's books, {yours} at the venue"
        for fact, mine, yours in sums
        if abs(mine - yours) >= HALF_A_CENT
    ]


def _in_the_wallet(ours: Sequence[Row], venue: Row) -> list[str]:
    """What the wallet gained is what the trades made, those still open included."""
    gained = _number(venue, "wallet_end") - _number(venue, "wallet_start")
    booked = _sum(ours, "net")
    running = _sum([trade for trade in venue["trades"] if trade["is_open"]], "net")
    if abs(gained - booked - running) < HALF_A_CENT:
        return []
    return [f"the wallet gained {gained}, the owner's trades made {booked} and open positions {running}"]


def _sum(trades: Sequence[Row], fact: str) -> Decimal:
    return sum((_number(trade, fact) for trade in trades), ZERO)


def _number(row: Row, fact: str) -> Decimal:
    return Decimal(str(row[fact]))
