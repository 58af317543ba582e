"""The books of a position: fills and funding in, a trade out. Price, fees and funding are kept apart, in `Decimal`.

Gross results are the exchange's own realised figures, so that our books equal its books to the last digit.
"""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.model.events import FundingPaid
from engine.model.orders import ExitPlan, ExitReason, Fill, Trade
from engine.model.saved import RECENT_FUNDING, Holding, SavedDesk, forgotten_until_hour, paid_hour
from engine.model.signals import Ruling, Side

RECENT_FILLS: Final = 500  # trade ids remembered per symbol, so that a fill told twice is booked once
OTHER_ASSET_FEE: Final = Decimal("0.00045")  # a fee paid in BNB, as a fraction of the notional: taker less 10 %
SETTLED_WITHIN_MS: Final = 15_000  # the exchange may charge a position that was entered so long after the moment
ZERO: Final = Decimal(0)


def is_booked(desk: SavedDesk, fill: Fill) -> bool:
    """Whether this execution is in the books already, or may be and is forgotten."""
    if _is_forgotten(desk, fill):
        return True
    return fill.trade_id in desk.recent_fills


def _is_forgotten(desk: SavedDesk, fill: Fill) -> bool:
    """Whether it is older than all that are remembered, and others have been forgotten: a list may still hold it.

    One of a newer moment is none of these, whatever its number: an exchange that was set up anew counts from the start.
    """
    if len(desk.recent_fills) < RECENT_FILLS or fill.trade_id <= 0 or fill.time_ms > desk.last_fill_ms:
        return False
    return fill.trade_id < min((known for known in desk.recent_fills if known > 0), default=0)


def noted(desk: SavedDesk, fill: Fill, seen_ms: int) -> SavedDesk:
    """Remember an execution as booked. The oldest are forgotten first, also where an old one was heard of late."""
    known = (*desk.recent_fills, fill.trade_id)
    return replace(
        desk,
        recent_fills=known if len(known) <= RECENT_FILLS else tuple(sorted(known)[-RECENT_FILLS:]),
        last_fill_ms=max(desk.last_fill_ms, fill.time_ms),
        last_fill_seen_ms=seen_ms,
    )


def fee_of(fill: Fill) -> Decimal:
    """The fee in the quote asset. One paid in another asset is estimated from the notional."""
    if fill.fee_asset in ("USDT", "USDC", "BNFCR", ""):
        return fill.fee
    return fill.price * fill.quantity * OTHER_ASSET_FEE


def opened(
    fill: Fill, intent_id: str, number: int, plan: ExitPlan, atr: float, leverage: int, ruling: Ruling | None, seen_ms: int
) -> Holding:
    """A position begins with its first fill."""
    trade = Trade(
        intent_id=intent_id,
        number=number,
        symbol=fill.symbol,
        side=fill.side,
        entry_time_ms=fill.time_ms,
        entry_price=fill.price,
        quantity=fill.quantity,
        first_stop=Decimal(repr(plan.stop)),
        exit_time_ms=0,
        exit_price=ZERO,
        reason=None,
        gross=fill.realised,
        fees=fee_of(fill),
        funding=ZERO,
    )
    return Holding(
        trade=trade,
        plan=plan,
        quantity=fill.quantity,
        entry_value=fill.price * fill.quantity,
        entry_quantity=fill.quantity,
        exit_value=ZERO,
        exit_quantity=ZERO,
        atr=atr,
        leverage=leverage,
        is_told=False,
        is_covered=False,
        told_stop=plan.stop,
        filled_seen_ms=seen_ms,
        flat_seen_ms=0,
        exit_order_id=0,
        exit_client_id="",
        uncovered_seen_ms=seen_ms,
        touched_seen_ms=0,
        is_target_touched=False,
        ruling=ruling,
    )


def grown(holding: Holding, fill: Fill) -> Holding:
    """One more fill on the position's own side."""
    value, quantity = holding.entry_value + fill.price * fill.quantity, holding.entry_quantity + fill.quantity
    held = holding.quantity + fill.quantity
    trade = replace(
        holding.trade,
        entry_price=value / quantity,
        quantity=max(holding.trade.quantity, held),
        gross=holding.trade.gross + fill.realised,
        fees=holding.trade.fees + fee_of(fill),
    )
    return replace(holding, trade=trade, quantity=held, entry_value=value, entry_quantity=quantity, is_covered=False)


def planned(holding: Holding, plan: ExitPlan) -> Holding:
    """The plan drawn again while the entry is still filling."""
    trade = replace(holding.trade, first_stop=Decimal(repr(plan.stop)))
    return replace(holding, plan=plan, trade=trade, told_stop=plan.stop)


def reduced(holding: Holding, fill: Fill, seen_ms: int) -> Holding:
    """One fill against the position."""
    assert fill.quantity <= holding.quantity, "a fill that flips is split before it is booked"
    value, quantity = holding.exit_value + fill.price * fill.quantity, holding.exit_quantity + fill.quantity
    left = holding.quantity - fill.quantity
    trade = replace(
        holding.trade,
        exit_price=value / quantity,
        gross=holding.trade.gross + fill.realised,
        fees=holding.trade.fees + fee_of(fill),
        exit_time_ms=fill.time_ms if left == 0 else 0,
    )
    return replace(
        holding,
        trade=trade,
        quantity=left,
        exit_value=value,
        exit_quantity=quantity,
        exit_order_id=fill.order_id,
        exit_client_id=fill.client_id,
        flat_seen_ms=seen_ms if left == 0 else 0,
    )


def split(fill: Fill, quantity: Decimal) -> tuple[Fill, Fill]:
    """A fill that closes `quantity` and opens the rest: its realised result and proportional fee belong to the first part."""
    share = quantity / fill.quantity
    first = replace(fill, quantity=quantity, fee=fill.fee * share)
    rest = replace(fill, quantity=fill.quantity - quantity, fee=fill.fee - first.fee, realised=ZERO)
    return first, rest


def funded(desk: SavedDesk, paid: FundingPaid) -> SavedDesk:
    """Book a funding payment once. One that is older than all that are remembered may have been booked: it is not.

    What was settled before a trade was entered is not that trade's.
    """
    if paid.payment_id in desk.recent_funding:
        return desk
    if paid_hour(paid.payment_id) < forgotten_until_hour(desk):
        return desk
    remembered = sorted((*desk.recent_funding, paid.payment_id), key=paid_hour)
    desk = replace(desk, recent_funding=tuple(remembered[-RECENT_FUNDING:]))
    paid_ms = paid.paid_ms or paid.time_ms
    if desk.holding is None or paid_ms < desk.holding.trade.entry_time_ms - SETTLED_WITHIN_MS:
        return desk
    trade = replace(desk.holding.trade, funding=desk.holding.trade.funding + paid.amount)
    return replace(desk, holding=replace(desk.holding, trade=trade))


def finished(holding: Holding, reason: ExitReason) -> Trade:
    """Close the books on a flat position."""
    assert holding.quantity == 0, "only a flat position is finished"
    return replace(holding.trade, reason=reason)


def unrealised(holding: Holding, mark: float) -> Decimal:
    """The open result at a mark price, before costs, as the exchange counts it: all that came of it, less what it realised.

    Our entry price is that of all entries. What is enlarged after it was reduced stands at another one there.
    """
    side, worth = int(holding.trade.side), Decimal(repr(mark)) * holding.quantity
    return side * (holding.exit_value + worth - holding.entry_value) - holding.trade.gross


def own_side(holding: Holding, fill: Fill) -> bool:
    """Whether a fill adds to the position."""
    return Side(holding.trade.side) is fill.side
