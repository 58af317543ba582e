"""Everything besides the bar that an entry depends on, as numbers, so that history can compile what reads it."""

from typing import NamedTuple


class Situation(NamedTuple):
    """The owner's wishes, the account and the market at one moment. Money in the quote asset, times in milliseconds.

    `*_ms` that are left of a lock or a wait are market time, 0 = none; `data_age_ms` is wire time. `bars_since_exit` is
    0 on the close of the bar in which an exit filled. `price` sizes the entry: the bar's close, or what is seen at the
    tap. `spread_bps` is NaN and `funding_in_ms` 0 while unknown. `open_positions` counts the other symbols'.
    `is_taken`: somebody else holds a position or an order on the symbol. `is_ending`: the contract is not traded now, or
    soon no longer. `is_refused`: the exchange refuses our key, or lets the account not trade as we do.
    `is_store_down`: what is decided could not be journalled. `is_guarded`: starts failed again and again.
    `is_silent`: the exchange does not answer.
    """

    sides: int
    is_paused: bool
    is_halted: bool
    is_latched: bool
    symbol_locked_ms: int
    bars_since_exit: int
    data_age_ms: int
    data_age_limit_ms: int
    bars_seen: int
    warmup_bars: int
    has_position: bool
    is_ready: bool
    equity: float
    peak_equity: float
    day_start_equity: float
    available: float
    open_positions: int
    loss_streak: int
    streak_locked_ms: int
    price: float
    spread_bps: float
    funding_rate: float
    funding_in_ms: int
    is_taken: bool = False
    is_ending: bool = False
    is_refused: bool = False
    is_store_down: bool = False
    is_guarded: bool = False
    is_silent: bool = False
