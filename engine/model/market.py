"""What the market shows: bars, quotes, and a symbol's rules.

NamedTuples of numbers pass through the crafts and are compiled for history; names and `Decimal` stay outside of them.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

INTERVAL_MS: Final = {
    "1m": 60_000,
    "3m": 180_000,
    "5m": 300_000,
    "15m": 900_000,
    "30m": 1_800_000,
    "1h": 3_600_000,
    "4h": 14_400_000,
    "1d": 86_400_000,
}
INTERVAL_NAME: Final = {length_ms: name for name, length_ms in INTERVAL_MS.items()}
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
FUNDING_EVERY_MS: Final = 8 * HOUR_MS  # where the exchange says nothing else
JITTER_MS: Final = 60_000  # funding is settled on the hour; what is on record is when it was written down


class Bar(NamedTuple):
    """One closed candle. Prices in the quote asset, volume in the base asset, `open_time_ms` in UTC milliseconds."""

    open_time_ms: int
    open: float
    high: float
    low: float
    close: float
    volume: float


class PriceWindow(NamedTuple):
    """Prices seen since the last look: a live price is a window one point wide, a bar one from its low to its high."""

    open: float
    low: float
    high: float


class Bracket(NamedTuple):
    """One row of the exchange's leverage table: up to `notional_cap` this leverage and this maintenance margin apply."""

    notional_cap: float
    max_leverage: int
    maintenance_rate: float
    maintenance_amount: float


class LotRules(NamedTuple):
    """A symbol's grid in whole numbers, so that compiled and interpreted code agree on every price and quantity.

    price = ticks * tick_units / price_scale and quantity = lots * step_units / quantity_scale, each one exact
    division: the float equals the decimal text that the exchange sends.
    """

    tick_units: int
    price_scale: int
    step_units: int
    quantity_scale: int
    min_lots: int
    max_lots: int
    min_notional: float


@dataclass(frozen=True, slots=True)
class SymbolRules:
    """What the exchange allows for one perpetual contract (exchangeInfo and leverageBracket)."""

    symbol: str
    tick_size: Decimal
    step_size: Decimal
    min_quantity: Decimal
    max_market_quantity: Decimal
    min_notional: Decimal
    is_trading: bool
    brackets: tuple[Bracket, ...]
    is_ending: bool = False  # it is being settled or delivered
    delivery_ms: int = 0  # when the contract ends; 0 = not known


def settled_ms(time_ms: int) -> int:
    """When funding was settled that was written down at a time: a position opened on that hour has not paid for it."""
    hour_ms = (time_ms + HOUR_MS // 2) // HOUR_MS * HOUR_MS
    return hour_ms if abs(hour_ms - time_ms) <= JITTER_MS else time_ms
