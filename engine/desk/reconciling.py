"""The books against the exchange's own account. The position that the exchange reports is the truth (R4).

One look that differs proves nothing: fills may be on their way. Executions are fetched first; what still differs in a
later look was done by somebody else, and the books follow it.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from engine.desk import made_up, position
from engine.desk.lag import booked_quantity, is_lag
from engine.desk.terms import DeskTerms
from engine.desk.unheard import NOTHING_UNHEARD, Unheard
from engine.execution import entry, missed, stop_news
from engine.execution.absence import LAG_MS
from engine.model.account import AccountSnapshot, PositionSeen, StopSeen, SymbolSetup
from engine.model.events import OrderFilled, StopsListed
from engine.model.messages import NOTHING, ListStops, Outcome
from engine.model.notices import OutsideChange
from engine.model.orders import Fill, IntentState
from engine.model.saved import EntryIntent, SavedDesk
from engine.model.signals import Side
from engine.state import ledger

ZERO: Final = Decimal(0)
LOOK_AGAIN_MS: Final = 1_000
LOOK_AT_ONCE: Final = Outcome(wake_in_ms=1)
UNLISTED_MS: Final = 3_000  # where executions cannot be listed for so long, the position alone is followed


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

    @property
    def changed_ms(self) -> int:
        """Market time of the position's newest change: it holds all that executed until then. 0 = not told."""
        return self.position.changed_ms if self.position is not None else 0

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
    booked: Decimal = ZERO  # what the books held then: the same difference to other books is another one
    found_ms: int = 0  # when it was learnt of
    unheard: Unheard = NOTHING_UNHEARD  # what changed without a difference
    changed_ms: int = 0  # market time of the newest change of the position that differed; 0 = not told

    def is_newer(self, desk: SavedDesk, seen: Seen) -> bool:
        """Whether a newer position was read just now: lists may lag, one more than another. A flat one tells no time."""
        is_older = self.changed_ms > max(seen.changed_ms, desk.last_fill_ms)
        return is_older and seen.asked_ms - self.since_ms < LAG_MS

    def looked_up(self, asked_ms: int) -> "Difference":
        """Executions were listed; what was asked for before the difference was found says nothing of it."""
        known = replace(self, unheard=self.unheard.listed(asked_ms))
        return replace(known, looked_up_ms=asked_ms) if self.since_ms and asked_ms >= self.found_ms else known

    def doubted(self, now_ms: int) -> "Difference":
        """Something was seen that may be a difference: the account is to be read, and executions listed, until they were."""
        if self.quantity:
            return self
        return replace(self, since_ms=self.since_ms or now_ms, found_ms=now_ms, looked_up_ms=0)

    def strange(self, desk: SavedDesk, seen: Seen, *, may_lag: bool) -> "Difference":
        """Stops of ours that nobody remembers, and no position: is it not listed yet? The account is read again in a while."""
        is_new = may_lag and not self.since_ms and not seen.quantity
        is_strange = is_new and stop_news.unremembered(desk, seen.stops)
        return replace(self, since_ms=seen.seen_ms, asked_ms=seen.seen_ms) if is_strange else self

    @property
    def is_unlisted(self) -> bool:
        """Whether it is a doubt, and executions that were asked for after it are still to be listed."""
        return not self.quantity and self.found_ms > 0 and not self.looked_up_ms

    def may_be_unseen(self, asked_ms: int) -> bool:
        """Whether it is a doubt of which no executions told anything, and the list of positions may lag behind it."""
        return self.is_unlisted and asked_ms - self.found_ms < LAG_MS

    def gone(self) -> "Difference":
        """There is none any more."""
        return Difference(unheard=self.unheard)

    def is_due(self, now_ms: int) -> bool:
        """Whether it is time to look at the account again."""
        return self.since_ms > 0 and now_ms - self.asked_ms >= LOOK_AGAIN_MS


NO_DIFFERENCE: Final = Difference()


def compared(
    desk: SavedDesk, known: Difference, seen: Seen, terms: DeskTerms, atr: float, number: int
) -> tuple[SavedDesk, Difference, Outcome]:
    """Compare; fetch what may be missing; follow the exchange where nothing explains a difference."""
    booked = booked_quantity(desk)
    difference = seen.quantity - booked
    if seen.asked_ms <= desk.last_fill_seen_ms:  # older than the books
        return (desk, known.doubted(seen.seen_ms), LOOK_AT_ONCE) if difference else (desk, known, NOTHING)
    if known.is_newer(desk, seen):
        return desk, known, NOTHING
    if difference == 0:
        unheard, look = known.unheard.seen(desk, seen.position, seen.seen_ms)
        looks = missed.questions(desk) if known.is_unlisted else ()
        is_doubted = bool(looks) or known.may_be_unseen(seen.asked_ms)
        left = replace(known, unheard=unheard) if is_doubted else Difference(unheard=unheard)
        desk, outcome = _as_booked(desk, seen)
        return desk, left, outcome + look + Outcome(errands=looks)
    is_same = known.since_ms and known.quantity == difference and known.booked == booked
    is_looked_up = known.looked_up_ms and seen.asked_ms > known.looked_up_ms
    if is_same and (is_looked_up or seen.asked_ms - known.since_ms >= UNLISTED_MS) and _may_follow(desk, seen):
        desk, outcome = _followed(desk, seen, difference, terms, atr, number)
        return desk, known.gone(), outcome
    if not is_same:
        unheard = known.unheard
        known = Difference(difference, seen.asked_ms, 0, seen.asked_ms, booked, seen.seen_ms, unheard, seen.changed_ms)
    looks = () if known.looked_up_ms else missed.questions(desk, missed.paid_since_ms(desk, seen.time_ms))
    if not looks and not known.looked_up_ms:
        known = known.looked_up(seen.seen_ms)  # there is no execution that could explain it
    return desk, known, Outcome(errands=looks, wake_in_ms=LOOK_AGAIN_MS)


def _as_booked(desk: SavedDesk, seen: Seen) -> tuple[SavedDesk, Outcome]:
    """The exchange holds what the books hold: a piece of every proof that waits for it."""
    outcome = NOTHING
    if desk.flat_since_ms and seen.asked_ms > desk.flat_since_ms:
        desk, outcome = replace(desk, flat_since_ms=0), Outcome(changed=True)
    if desk.entry is not None:
        desk, step = entry.unchanged(desk, desk.entry, seen.asked_ms, seen.seen_ms, seen.time_ms)
        desk, told = position.entry_checked(desk, seen.time_ms)
        outcome += step + told
    return desk, outcome


def _may_follow(desk: SavedDesk, seen: Seen) -> bool:
    """A list that lags behind our own fills is no difference; an entry whose executions may be late explains one."""
    ours = desk.entry
    if is_lag(desk, seen.quantity, seen.asked_ms) and seen.changed_ms < desk.last_fill_ms:
        return False
    if made_up.is_assumed_flat(desk) and 0 < seen.changed_ms <= desk.last_fill_ms + 1:  # read as gone since
        return False
    if ours is None or ours.state is IntentState.UNKNOWN:
        return True
    return ours.state is IntentState.ACKED and seen.asked_ms > ours.deadline_ms + LAG_MS


def _followed(
    desk: SavedDesk, seen: Seen, difference: Decimal, terms: DeskTerms, atr: float, number: int
) -> tuple[SavedDesk, Outcome]:
    """Bring the books to what the exchange holds."""
    if seen.position is None or seen.position.quantity == 0:
        return _gone(desk, seen)
    ours, before = _arrived(desk, difference), desk.holding
    name = ours.client_id if ours is not None else _left_by(desk, difference)
    fill = _assumed(desk, seen, difference, seen.position.entry_price, name)
    is_turned = before is not None and 0 < before.quantity < fill.quantity and not ledger.own_side(before, fill)
    if before is not None and is_turned:  # the new position's price is the one at which the old one was closed
        fill = replace(fill, realised=ledger.unrealised(before, float(fill.price)))
    is_left_over = bool(desk.flat_since_ms) and seen.quantity * _last_side(desk) > 0
    desk, outcome = position.filled(desk, OrderFilled(fill, seen.time_ms, seen.seen_ms), terms, atr, number)
    desk = made_up.noted(desk, fill, seen.changed_ms)
    if is_left_over:  # of what we were leaving: the exit goes on
        desk = replace(desk, is_unwanted=True)
    if ours is not None and desk.entry is not None:
        desk, told = position.entry_checked(replace(desk, entry=replace(desk.entry, final=desk.entry.executed)), seen.time_ms)
        return desk, outcome + told + Outcome(errands=(ListStops(desk.symbol),))
    if name:
        return desk, outcome + Outcome(errands=(ListStops(desk.symbol),))
    corrected = OutsideChange(desk.symbol, "books_corrected", str(seen.quantity), seen.time_ms)
    return desk, outcome + Outcome(notices=(corrected,), errands=(ListStops(desk.symbol),))


def _arrived(desk: SavedDesk, difference: Decimal) -> EntryIntent | None:
    """The entry nobody answered for, where the position says that it was filled, or filled further."""
    ours, holding = desk.entry, desk.holding
    if ours is None or difference * int(ours.side) <= 0:
        return None
    if holding is not None and holding.trade.intent_id != ours.intent_id:
        return None
    return ours if abs(difference) <= ours.quantity - ours.executed else None


def _left_by(desk: SavedDesk, difference: Decimal) -> str:
    """The name of the exit that a smaller position comes of, where there is one on its way; else ""."""
    leaving, holding = desk.exit, desk.holding
    if leaving is None or holding is None or difference * int(holding.trade.side) >= 0:
        return ""
    unbooked = leaving.ended + leaving.piece - leaving.executed
    return leaving.client_id if abs(difference) <= unbooked else ""


def _last_side(desk: SavedDesk) -> int:
    held = next((before for _, before in reversed(desk.held_before) if before), ZERO)
    return int(held > 0) - int(held < 0)


def _assumed(desk: SavedDesk, seen: Seen, difference: Decimal, price: Decimal, name: str) -> Fill:
    """A fill that nobody listed, for what the exchange holds beyond the books. It happened at its time at the latest."""
    return Fill(
        symbol=desk.symbol,
        trade_id=made_up.UNTRUE_ID - seen.seen_ms,
        order_id=0,
        client_id=name,
        side=Side.LONG if difference > 0 else Side.SHORT,
        quantity=abs(difference),
        price=price,
        fee=ZERO,
        fee_asset="",
        realised=ZERO,
        time_ms=seen.changed_ms or max(seen.time_ms, desk.last_fill_ms),
    )


def _gone(desk: SavedDesk, seen: Seen) -> tuple[SavedDesk, Outcome]:
    """The exchange says flat and no fill explains it. The books stay open until executions were listed once more."""
    holding = desk.holding
    assert holding is not None
    assert holding.quantity
    fill = _assumed(desk, seen, -booked_quantity(desk), holding.trade.entry_price, "")
    desk = replace(desk, holding=ledger.reduced(holding, fill, seen.seen_ms))
    return made_up.noted(desk, fill, seen.changed_ms), Outcome(changed=True)
