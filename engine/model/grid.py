"""A symbol's grid: ticks to prices and lots to quantities, and back, in numbers that compile.

Both ways lead over whole numbers, so every part of the house means the same price and the same quantity to the bit.
"""

import math
from typing import Final

from engine.model.market import LotRules

MOST_LOTS: Final = 1_000_000_000_000  # beyond any order, and still far from where the noise reaches a whole lot
FLOAT_NOISE: Final = 1e-9  # a recorded price this close to a tick, relatively, is on it
NOISE: Final = 1e-13  # a quantity this close below a whole lot, relatively, is that lot


def price_at(ticks: int, lot: LotRules) -> float:
    """The price of a number of ticks: the float nearest to the decimal that the exchange reads."""
    return ticks * lot.tick_units / lot.price_scale


def nearest_ticks(price: float, lot: LotRules) -> int:
    """The ticks nearest to a price, halves upwards."""
    return math.floor(price * lot.price_scale / lot.tick_units + 0.5)


def quantity_of(lots: int, lot: LotRules) -> float:
    """The quantity of a number of lots."""
    return lots * lot.step_units / lot.quantity_scale


def lots_within(quantity: float, lot: LotRules) -> int:
    """The whole lots that a quantity holds, rounded down. 0 for NaN and below."""
    lots = quantity * lot.quantity_scale / lot.step_units
    if not lots > 0.0:
        return 0
    if lots >= MOST_LOTS:
        return MOST_LOTS
    return math.floor(lots * (1.0 + NOISE))
