"""What the books held a moment ago: a list of positions may lag behind our own fills, and is then no difference."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.execution.absence import LAG_MS
from engine.model.saved import SavedDesk

MOST_REMEMBERED: Final = 64
ZERO: Final = Decimal(0)


def booked_quantity(desk: SavedDesk) -> Decimal:
    """What the books say is held, signed."""
    return desk.holding.quantity * int(desk.holding.trade.side) if desk.holding is not None else ZERO


def noted(desk: SavedDesk, now_ms: int) -> SavedDesk:
    """Remember what is held before a fill is booked."""
    recent = [before for before in desk.held_before if now_ms - before[0] <= LAG_MS]
    return replace(desk, held_before=(*recent, (now_ms, booked_quantity(desk)))[-MOST_REMEMBERED:])


def is_lag(desk: SavedDesk, quantity: Decimal, asked_ms: int) -> bool:
    """Whether a position that was read is one that we held before a fill of the last seconds."""
    return any(before == quantity and asked_ms - fill_ms <= LAG_MS for fill_ms, before in desk.held_before)
