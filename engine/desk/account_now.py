"""The account as a desk needs it for one decision. Filled in by the Trader, read by the ruling."""

from typing import NamedTuple

from engine.model.commands import DecisionMode


class AccountNow(NamedTuple):
    """Money in the quote asset. `open_positions` counts the other symbols' positions, and entries that may still land."""

    is_running: bool
    is_halted: bool
    is_latched: bool
    mode: DecisionMode
    equity: float
    peak_equity: float
    day_start_equity: float
    available: float
    open_positions: int
    loss_streak: int
    locked_until_ms: int
