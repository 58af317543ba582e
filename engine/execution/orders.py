"""The orders that guard and end a position. Reduce-only by construction: none of them can open or flip one."""

from decimal import Decimal
from typing import Final, NamedTuple

from engine.model.orders import ApprovedOrder, Role, TriggerBy
from engine.model.saved import StopOrder
from engine.model.signals import Side

KEY_REFUSED: Final = (-2008, -2014, -2015, -2017, -1022)  # says nothing of the order itself
BUSY: Final = (-1003, -1008, -1015, -1021)  # too much, overloaded, the clock: says nothing of it either
OFF_GRID: Final = (-1111, -4003, -4004, -4005, -4013, -4014, -4023)  # price or quantity: the symbol's rules have changed


class Wanted(NamedTuple):
    """A stop or target that a position should have. `quantity` None = the whole position."""

    role: Role
    quantity: Decimal | None
    trigger_price: Decimal
    trigger_by: TriggerBy


def guard(symbol: str, intent: str, side: Side, stop: StopOrder) -> ApprovedOrder:
    """The order for a wanted stop or target of a position on `side`."""
    assert stop.role in (Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET)
    return ApprovedOrder(
        client_id=stop.client_id,
        intent_id=intent,
        symbol=symbol,
        role=stop.role,
        side=Side(-side),
        quantity=stop.quantity,
        trigger_price=stop.trigger_price,
        trigger_by=stop.trigger_by,
        reduce_only=True,
    )


def stop_order(wanted: Wanted, name: str, now_ms: int, retry_ms: int) -> StopOrder:
    """A stop that is placed now, and sent again under the same name when nothing was heard of it."""
    return StopOrder(
        client_id=name,
        role=wanted.role,
        quantity=wanted.quantity,
        trigger_price=wanted.trigger_price,
        trigger_by=wanted.trigger_by,
        algo_id=0,
        is_seen=False,
        is_cancelling=False,
        refusals=0,
        sent_ms=now_ms,
        retry_at_ms=now_ms + retry_ms,
        fired_ms=0,
        child_order_id=0,
    )


def market_exit(symbol: str, intent: str, side: Side, quantity: Decimal, name: str) -> ApprovedOrder:
    """Close `quantity` of a position on `side`, now."""
    return ApprovedOrder(
        client_id=name,
        intent_id=intent,
        symbol=symbol,
        role=Role.EXIT,
        side=Side(-side),
        quantity=quantity,
        trigger_price=None,
        trigger_by=None,
        reduce_only=True,
    )
