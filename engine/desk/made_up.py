"""Fills that were made up, so that the books follow a position which no listed execution explains (R4).

The exchange may list the true ones afterwards. They are not booked a second time: price and fee take the place of what
was assumed. A position is not closed in the books before executions were listed that were asked for after the last thing
that was assumed of it: only what is unlisted then stays assumed.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.execution import entry, leaving, missed
from engine.execution.absence import LAG_MS
from engine.execution.ids import read
from engine.model.messages import NOTHING, Outcome
from engine.model.orders import Fill
from engine.model.saved import Holding, SavedDesk
from engine.model.signals import Side
from engine.state import ledger

KEPT: Final = 16
UNTRUE_ID: Final = -1  # trade ids of the exchange are positive
SLACK_MS: Final = 2_000  # the newest market time that we know may be a little behind an execution's
ASK_AGAIN_MS: Final = 1_000
LISTS_WITHIN_MS: Final = 180_000  # so long a flat position's books stay open where executions cannot be listed
ZERO: Final = Decimal(0)


def noted(desk: SavedDesk, fill: Fill, found_ms: int) -> SavedDesk:
    """Remember a fill that stands for executions to come, none of them newer than `found_ms`; 0 = not told."""
    return replace(desk, made_up=(*desk.made_up, fill)[-KEPT:], found_ms=found_ms)


def _reaches_back(desk: SavedDesk, fills: Iterable[Fill]) -> bool:
    """Whether a list tells how a position that was found came about: then what executed in the moment it was found is a part
    of that like all before it.
    """
    earlier = (fill for fill in fills if fill.time_ms < desk.found_ms)
    return any(not missed.is_older(desk, fill) and not ledger.is_booked(desk, fill) for fill in earlier)


def news_of(before: SavedDesk, desk: SavedDesk, fill: Fill, fills: Iterable[Fill]) -> tuple[SavedDesk, Fill | None]:
    """What of a listed execution is news. `before`: the memory before the list of `fills`.

    A position that was found without a memory is as its newest change left it: what executed in that moment is known
    from then on, and tells price and fee only.
    """
    held = before.holding
    is_of_then = held is not None and fill.time_ms == held.trade.entry_time_ms == before.found_ms
    if is_of_then and _reaches_back(before, fills):
        return desk, fill
    is_in_it = is_of_then and missed.is_first(before, fill)
    if missed.is_older(before, fill):
        return (ledger.noted(desk, fill, desk.last_fill_seen_ms) if is_in_it else desk), None
    if not is_in_it:
        return desk, fill
    assumed = _assumed_of(desk, fill.side)
    if not assumed:
        return ledger.noted(desk, fill, desk.last_fill_seen_ms), None
    return desk, _part(fill, min(assumed, fill.quantity))


def is_to_be_listed(desk: SavedDesk, fill: Fill, *, is_odd: bool) -> bool:
    """Whether an execution is not booked as it is heard: a list of all that executed tells better what it did.

    It opens or adds to a position, and is odd: at a price far from the market. Or a position that was found holds it
    already, and it was not assumed. Or somebody else's, or that of a stop that nobody remembers, closed what the books do not
    know: they are flat, and it brought a profit or a loss. Booked, it would open the other side.
    """
    if ledger.is_booked(desk, fill):
        return False
    holding = desk.holding
    is_flat = holding is None or not holding.quantity
    if is_odd and (holding is None or is_flat or ledger.own_side(holding, fill)):
        return True
    if fill.time_ms <= desk.found_ms:
        return fill.quantity > _assumed_of(desk, fill.side)
    return is_flat and bool(fill.realised) and read(fill.client_id) is None


def _assumed_of(desk: SavedDesk, side: Side) -> Decimal:
    return sum((old.quantity for old in desk.made_up if old.side is side), ZERO)


def explained(desk: SavedDesk, fill: Fill, seen_ms: int) -> tuple[SavedDesk, Fill | None]:
    """Take an execution that was assumed before; what it holds beyond that is still to be booked."""
    for old in desk.made_up:
        is_in_time = old.side is fill.side and fill.time_ms <= (desk.found_ms or old.time_ms + SLACK_MS)
        if fill.trade_id > 0 and is_in_time and not _is_outlived(desk, old, fill):
            same = min(old.quantity, fill.quantity)
            true, rest = _part(fill, same), fill.quantity - same
            others = (other for other in desk.made_up if other is not old)
            desk = replace(desk, made_up=(*_left(old, same), *others), holding=_corrected(desk.holding, _part(old, same), true))
            desk = _named(desk, old, true, seen_ms)
            if not rest:
                return ledger.noted(desk, fill, max(seen_ms, desk.last_fill_seen_ms)), None
            return explained(desk, _part(fill, rest), seen_ms)  # it may be what several were assumed for
    return desk, fill


def _is_outlived(desk: SavedDesk, old: Fill, fill: Fill) -> bool:
    """Whether an execution came after those that ended the position of which something was assumed: it is no part of that."""
    holding, made_ms = desk.holding, assumed_ms(old)
    is_over = holding is None or holding.flat_seen_ms > 0 or made_ms < holding.filled_seen_ms
    is_newest = all(assumed_ms(other) <= made_ms for other in desk.made_up)
    return is_over and is_newest and made_ms < desk.last_fill_seen_ms and fill.trade_id > max(desk.recent_fills, default=0)


def _of(desk: SavedDesk) -> list[Fill]:
    """What was assumed of the position that is held, or was held just now."""
    holding = desk.holding
    if holding is None:
        return []
    opened_ms, heard_ms = holding.trade.entry_time_ms, holding.filled_seen_ms  # what turned it may have the same time
    return [old for old in desk.made_up if old.time_ms >= opened_ms and assumed_ms(old) >= heard_ms]


def is_unlisted(desk: SavedDesk) -> bool:
    """Whether something is assumed of the position, and no executions were listed since. Its end may be listed late."""
    return _is_unlisted(desk, LAG_MS if is_assumed_flat(desk) else 0)


def _is_unlisted(desk: SavedDesk, late_ms: int) -> bool:
    return any(assumed_ms(old) + late_ms > desk.listed_ms for old in _of(desk))


def is_too_early(desk: SavedDesk, asked_ms: int) -> bool:
    """Whether a list was asked for before the newest assumption: it cannot tell what of it is assumed already.

    Another one is asked for as long as this is so.
    """
    return any(assumed_ms(old) > max(asked_ms, desk.listed_ms) for old in _of(desk))


def is_assumed_flat(desk: SavedDesk) -> bool:
    """Whether the position is flat, and no execution is known that ended it."""
    holding = desk.holding
    return holding is not None and holding.flat_seen_ms > 0 and holding.exit_order_id == 0 and bool(_of(desk))


def assumed_ms(old: Fill) -> int:
    """When a fill was made up (wire)."""
    return UNTRUE_ID - old.trade_id


def asked(desk: SavedDesk, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Ask for executions, again and again, while what was assumed may be listed late."""
    if not _is_unlisted(desk, LAG_MS) or now_ms - desk.listing_asked_ms < ASK_AGAIN_MS:
        return desk, NOTHING
    return replace(desk, listing_asked_ms=now_ms), Outcome(errands=missed.questions(desk), wake_in_ms=ASK_AGAIN_MS)


def _ends(desk: SavedDesk, asked_ms: int) -> list[Fill]:
    """What a flat position was assumed to be closed by, where executions were asked for after that."""
    holding = desk.holding
    if holding is None or not holding.flat_seen_ms or asked_ms < holding.flat_seen_ms:
        return []
    return [old for old in _of(desk) if not ledger.own_side(holding, old)]


def _reached(desk: SavedDesk, asked_ms: int, newest_ms: int) -> SavedDesk:
    """The first list after something was assumed explains it, oldest first: the market time known then may have been old."""
    made = (
        replace(old, time_ms=max(old.time_ms, newest_ms)) if desk.listed_ms < assumed_ms(old) <= asked_ms else old
        for old in desk.made_up
    )
    return replace(desk, made_up=tuple(made)) if desk.made_up else desk


def taken_back(desk: SavedDesk, asked_ms: int, fills: tuple[Fill, ...]) -> SavedDesk:
    """Before a list of executions is booked: a flat position is open again by what it was assumed to be closed by."""
    desk = _reached(desk, asked_ms, max((fill.time_ms for fill in fills), default=0))
    holding, ends = desk.holding, _ends(desk, asked_ms)
    if holding is None or not ends:
        return desk
    quantity = holding.exit_quantity - sum((old.quantity for old in ends), ZERO)
    value = holding.exit_value - sum((old.quantity * old.price for old in ends), ZERO)
    trade = replace(holding.trade, exit_price=value / quantity if quantity else ZERO, exit_time_ms=0)
    held = holding.entry_quantity - quantity
    holding = replace(holding, trade=trade, quantity=held, exit_quantity=quantity, exit_value=value, flat_seen_ms=0)
    return replace(desk, holding=holding, made_up=tuple(old for old in desk.made_up if old not in ends))


def listed(desk: SavedDesk, before: SavedDesk, asked_ms: int) -> SavedDesk:
    """After that: what a flat position still lacks is assumed again. `before`: as it was before anything was taken back."""
    desk = replace(entry.fills_listed(desk, asked_ms), listed_ms=max(desk.listed_ms, asked_ms))
    holding, flat = desk.holding, before.holding
    ends = _ends(before, asked_ms)
    if not ends or holding is None or flat is None or holding.flat_seen_ms:
        return desk
    if holding.trade.number != flat.trade.number:  # it has been closed, and another one was opened
        return desk
    rest = replace(ends[-1], quantity=holding.quantity)
    return noted(replace(desk, holding=ledger.reduced(holding, rest, flat.flat_seen_ms)), rest, 0)


def _part(fill: Fill, quantity: Decimal) -> Fill:
    share = quantity / fill.quantity
    return replace(fill, quantity=quantity, fee=fill.fee * share, realised=fill.realised * share)


def _named(desk: SavedDesk, old: Fill, true: Fill, seen_ms: int) -> SavedDesk:
    """An entry or an exit is credited with an execution of its own that was assumed to be somebody else's."""
    if desk.exit is not None and true.client_id in desk.exit.names and not old.client_id:
        return leaving.booked(desk, true.client_id, true.quantity, seen_ms)[0]
    ours = desk.entry
    if ours is None or entry.is_of(ours, old) or not entry.is_of(ours, true):
        return desk
    return replace(desk, entry=entry.booked(ours, true))


def _left(old: Fill, quantity: Decimal) -> Iterable[Fill]:
    return (_part(old, old.quantity - quantity),) if old.quantity > quantity else ()


def _corrected(holding: Holding | None, old: Fill, true: Fill) -> Holding | None:
    """The position with an assumed price, result and fee replaced. One that is closed and told stays as it was told.

    Where an assumed fill turned a position, what the true one realised otherwise, and its fee, go to the next one's books.
    """
    if holding is None or old.time_ms < holding.trade.entry_time_ms:
        return holding
    moved = (true.price - old.price) * true.quantity
    gross, fees = holding.trade.gross + true.realised - old.realised, holding.trade.fees + ledger.fee_of(true)
    if ledger.own_side(holding, true):
        value = holding.entry_value + (moved if not old.realised else ZERO)  # a turned one's price is the exchange's own
        trade = replace(holding.trade, entry_price=value / holding.entry_quantity, gross=gross, fees=fees)
        return replace(holding, entry_value=value, trade=trade)
    value = holding.exit_value + moved
    exit_price = value / holding.exit_quantity if holding.exit_quantity else holding.trade.exit_price
    exit_time_ms = true.time_ms if holding.flat_seen_ms else 0
    trade = replace(holding.trade, exit_price=exit_price, exit_time_ms=exit_time_ms, gross=gross, fees=fees)
    return replace(holding, exit_value=value, exit_order_id=true.order_id, exit_client_id=true.client_id, trade=trade)
