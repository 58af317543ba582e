"""What an event is about: which symbol, and whether it is news of an order."""

from typing import Final

from engine.model.events import (
    CancelRefused,
    OrderAccepted,
    OrderFilled,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrdersListed,
    OrderUnanswered,
    SetupSeen,
)
from engine.ports import Event

ORDER_NEWS: Final = (
    OrderSigned,
    OrderAccepted,
    OrderRejected,
    OrderUnanswered,
    OrderNotFound,
    OrderGone,
    CancelRefused,
    OrdersListed,
)


def symbol_of(event: Event) -> str:
    """The symbol that a fact is about; "" where it is about none."""
    match event:
        case OrderFilled():
            return event.fill.symbol
        case SetupSeen():
            return event.setup.symbol
    return str(getattr(event, "symbol", ""))
