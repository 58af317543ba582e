"""Fills that were made up, so that the books follow a position which no listed execution explains (R4).

The exchange may list the true ones afterwards. They are not booked a second time: price and fee take the place of what
was assumed.
"""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.model.orders import Fill
from engine.model.saved import Holding, SavedDesk
from engine.state import ledger

KEPT: Final = 16
UNTRUE_ID: Final = -1  # trade ids of the exchange are positive
SLACK_MS: Final = 2_000  # the newest market time that we know may be a little behind an execution's


def noted(desk: SavedDesk, fill: Fill) -> SavedDesk:
    """Remember a fill that stands for executions to come."""
    return replace(desk, made_up=(*desk.made_up, fill)[-KEPT:])


def explained(desk: SavedDesk, fill: Fill, seen_ms: int) -> tuple[SavedDesk, Fill | None]:
    """Take an execution that was assumed before; what it holds beyond that is still to be booked."""
    for old in desk.made_up:
        if fill.trade_id > 0 and old.side is fill.side and fill.time_ms <= old.time_ms + SLACK_MS:
            same = min(old.quantity, fill.quantity)
            true, rest = _part(fill, same), fill.quantity - same
            others = (other for other in desk.made_up if other is not old)
            desk = replace(desk, made_up=(*_left(old, same), *others), holding=_corrected(desk.holding, old, true))
            if not rest:
                return ledger.noted(desk, fill, max(seen_ms, desk.last_fill_seen_ms)), None
            return desk, _part(fill, rest)
    return desk, fill


def _part(fill: Fill, quantity: Decimal) -> Fill:
    share = quantity / fill.quantity
    return replace(fill, quantity=quantity, fee=fill.fee * share, realised=fill.realised * share)


def _left(old: Fill, quantity: Decimal) -> Iterable[Fill]:
    return (replace(old, quantity=old.quantity - quantity),) if old.quantity > quantity else ()


def _corrected(holding: Holding | None, old: Fill, true: Fill) -> Holding | None:
    """The position with an assumed price and fee replaced. One that is closed and told stays as it was told."""
    if holding is None or old.time_ms < holding.trade.entry_time_ms:
        return holding
    moved = (true.price - old.price) * true.quantity
    gross, fees = holding.trade.gross + true.realised, holding.trade.fees + ledger.fee_of(true)
    if ledger.own_side(holding, true):
        value = holding.entry_value + moved
        trade = replace(holding.trade, entry_price=value / holding.entry_quantity, gross=gross, fees=fees)
        return replace(holding, entry_value=value, trade=trade)
    value = holding.exit_value + moved
    exit_price = value / holding.exit_quantity if holding.exit_quantity else holding.trade.exit_price
    return replace(holding, exit_value=value, trade=replace(holding.trade, exit_price=exit_price, gross=gross, fees=fees))
