"""The books against the exchange's own account. The position that the exchange reports is the truth (R4).

One look that differs proves nothing: fills may be on their way. Executions are fetched first; what still differs in a
later look was done by somebody else, and the books follow it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from engine.desk import position
from engine.desk.news import closed_elsewhere
from engine.desk.terms import DeskTerms
from engine.execution import entry, missed
from engine.model.account import AccountSnapshot, PositionSeen, StopSeen, SymbolSetup
from engine.model.events import OrderFilled, StopsListed
from engine.model.messages import NOTHING, ListStops, Outcome
from engine.model.notices import OutsideChange
from engine.model.orders import Fill, IntentState
from engine.model.saved import SavedDesk
from engine.model.signals import Side

ZERO: Final = Decimal(0)
LOOK_AGAIN_MS: Final = 1_000
UNTRUE_ID: Final = -1  # the trade id of a fill that the exchange never listed


@dataclass(frozen=True, slots=True)
class Seen:
    """A symbol's part of a snapshot."""

    position: PositionSeen | None
    stops: tuple[StopSeen, ...]
    setup: SymbolSetup | None
    asked_ms: int
    time_ms: int
    seen_ms: int

    @property
    def quantity(self) -> Decimal:
        """Signed; 0 = flat."""
        return self.position.quantity if self.position is not None else ZERO

    def listing(self, symbol: str) -> StopsListed:
        """The conditional orders as a listing of their own."""
        return StopsListed(symbol, self.stops, self.asked_ms, self.time_ms, self.seen_ms)


def part_of(account: AccountSnapshot, symbol: str, time_ms: int, seen_ms: int) -> Seen:
    """What a snapshot says of one symbol. Flat symbols may be absent from it."""
    return Seen(
        position=next((held for held in account.positions if held.symbol == symbol), None),
        stops=tuple(stop for stop in account.stops if stop.symbol == symbol),
        setup=next((setup for setup in account.setups if setup.symbol == symbol), None),
        asked_ms=account.asked_ms,
        time_ms=time_ms,
        seen_ms=seen_ms,
    )


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference that was seen, and when executions were fetched for it (wire; 0 = not yet)."""

    quantity: Decimal = ZERO
    since_ms: int = 0
    looked_up_ms: int = 0
    asked_ms: int = 0  # when the account was last asked for because of it

    def looked_up(self, now_ms: int) -> "Difference":
        """Executions were fetched."""
        return replace(self, looked_up_ms=now_ms) if self.since_ms else self

    def is_due(self, now_ms: int) -> bool:
        """Whether it is time to look at the account again."""
        return self.since_ms > 0 and now_ms - self.asked_ms >= LOOK_AGAIN_MS


NO_DIFFERENCE: Final = Difference()


def booked_quantity(desk: SavedDesk) -> Decimal:
    """What the books say is held, signed."""
    return desk.holding.quantity * int(desk.holding.trade.side) if desk.holding is not None else ZERO


def compared(
    desk: SavedDesk, known: Difference, seen: Seen, terms: DeskTerms, atr: float, number: int
) -> tuple[SavedDesk, Difference, Outcome]:
    """Compare; fetch what may be missing; follow the exchange where nothing explains a difference."""
    if seen.asked_ms <= desk.last_fill_seen_ms:
        return desk, known, NOTHING
    difference = seen.quantity - booked_quantity(desk)
    if difference == 0:
        outcome = NOTHING
        if desk.entry is not None:
            desk, outcome = entry.unchanged(desk, desk.entry, seen.asked_ms, seen.time_ms)
        return desk, NO_DIFFERENCE, outcome
    if desk.entry is not None and desk.entry.state is not IntentState.UNKNOWN:
        return desk, known, NOTHING
    is_same = known.since_ms and known.quantity == difference
    if is_same and known.looked_up_ms and seen.asked_ms > known.looked_up_ms:
        desk, outcome = _followed(desk, seen, difference, terms, atr, number)
        return desk, NO_DIFFERENCE, outcome
    known = known if is_same else Difference(difference, seen.asked_ms, asked_ms=seen.asked_ms)
    looks = () if known.looked_up_ms else missed.questions(desk)
    if not looks and not known.looked_up_ms:
        known = known.looked_up(seen.asked_ms)  # there is no execution that could explain it
    return desk, known, Outcome(errands=looks, wake_in_ms=LOOK_AGAIN_MS)


def _followed(
    desk: SavedDesk, seen: Seen, difference: Decimal, terms: DeskTerms, atr: float, number: int
) -> tuple[SavedDesk, Outcome]:
    """Bring the books to what the exchange holds."""
    if seen.position is None or seen.position.quantity == 0:
        return closed_elsewhere(desk, terms, seen.time_ms)
    price = seen.position.entry_price
    made_up = Fill(
        symbol=desk.symbol,
        trade_id=UNTRUE_ID - seen.asked_ms,
        order_id=0,
        client_id="",
        side=Side.LONG if difference > 0 else Side.SHORT,
        quantity=abs(difference),
        price=price,
        fee=ZERO,
        fee_asset="",
        realised=ZERO,
        time_ms=seen.time_ms,
    )
    width = atr if atr > 0 else float(price) * float(terms.params.max_atr_fraction) / 2
    desk, outcome = position.filled(desk, OrderFilled(made_up, seen.time_ms, seen.seen_ms), terms, width, number)
    told = OutsideChange(desk.symbol, "books_corrected", str(seen.position.quantity), seen.time_ms)
    return desk, outcome + Outcome(notices=(told,), errands=(ListStops(desk.symbol),))
