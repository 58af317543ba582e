"""The account as a desk needs it for one decision. Filled in by the Trader, read by the ruling."""

from typing import NamedTuple

from engine.model.commands import DecisionMode


class AccountNow(NamedTuple):
    """Money in the quote asset. `open_positions` counts the other symbols' positions, and entries that may still land.

    `is_blind`: a connection is down, so what is seen may be old however young it looks. `is_ready`: the account was
    compared with the exchange. `is_refused`: the exchange refuses our key, or lets the account not trade as we do.
    """

    is_running: bool
    is_stopped: bool
    is_halted: bool
    is_latched: bool
    is_ready: bool
    is_blind: bool
    mode: DecisionMode
    equity: float
    peak_equity: float
    day_start_equity: float
    available: float
    open_positions: int
    loss_streak: int
    locked_until_ms: int
    is_refused: bool = False
    is_store_down: bool = False
    is_guarded: bool = False
    is_silent: bool = False
