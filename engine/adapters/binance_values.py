"""Single values of Binance's messages and answers, each checked: what makes no sense raises `BadMessage`."""

from decimal import Decimal
from typing import Final

from engine.adapters.binance_messages import BadMessage
from engine.model.orders import StopStatus
from engine.model.signals import Side

QUOTE_ASSET: Final = "USDT"
TERMINAL: Final = frozenset({"FILLED", "CANCELED", "REJECTED", "EXPIRED", "EXPIRED_IN_MATCH"})
MAX_DIGITS: Final = 15  # before or after the point: sums of larger or smaller amounts would not be exact


def money(value: Decimal) -> Decimal:
    """A number that can be reckoned with. Raises `BadMessage`."""
    if not value.is_finite() or abs(value.adjusted()) > MAX_DIGITS:
        raise BadMessage(f"a number of {value}")
    return value


def executed_of(status: str, executed: Decimal) -> Decimal:
    """What an order has executed. Raises `BadMessage`."""
    if money(executed) < 0 or (status == "FILLED" and not executed):
        raise BadMessage(f"{executed} executed of an order that is {status}")
    return executed


def whole_number(text: str | int) -> int:
    """An order id, which comes as text, as a number, or as "" where there is none. Raises `BadMessage`."""
    try:
        return int(text) if text != "" else 0
    except ValueError:
        raise BadMessage(f"an id of {text!r}") from None


def side_of(word: str) -> Side:
    """BUY or SELL. Raises `BadMessage`."""
    if word not in ("BUY", "SELL"):
        raise BadMessage(f"a side of {word!r}")
    return Side.LONG if word == "BUY" else Side.SHORT


def stop_status(word: str) -> StopStatus:
    """The status of a conditional order. Raises `BadMessage`."""
    try:
        return StopStatus(word)
    except ValueError:
        raise BadMessage(f"a status of {word!r}") from None
