"""The law of simulated fills, in whole ticks, lots and hundred-millionths of the quote asset: paper and history keep it alike.

A market order pays the quote's other side and some slippage. A stop or target is filled at its trigger, or where a gap
began, and pays half the spread and the slippage on top. Prices are rounded to the grid against us, money as the exchange
rounds it: half to even, in units of 1e-8.
"""

import math
from typing import Final

from engine.model.market import LotRules

UNITS: Final = 100_000_000  # of money in one whole of the quote asset
MILLION: Final = 1_000_000
NOISE: Final = 1e-12  # a price this close to a tick, relatively, is that tick
FINEST_GRID: Final = (1 << 63) // UNITS  # ticks by lots in one whole: a rest of `share` fits 64 bits up to here
MOST_TICKS: Final = 1 << 53  # a price of more ticks is no longer a whole float
MOST_PRODUCT: Final = 1 << 62


def is_reckonable(price: float, lot: LotRules) -> bool:
    """Whether prices up to this one, and money on this grid, fit the whole numbers of compiled code."""
    return lot.price_scale * lot.quantity_scale <= FINEST_GRID and price * lot.price_scale / lot.tick_units <= MOST_TICKS


def most_lots(price: float, lot: LotRules) -> int:
    """How many lots can be reckoned with, exactly, up to a price. A size beyond it is that of nobody."""
    by_product = MOST_PRODUCT / (price * lot.price_scale * lot.step_units)
    by_money = MOST_PRODUCT / UNITS / (price * lot.step_units / lot.quantity_scale)
    return math.floor(by_product if by_product < by_money else by_money)


def worse_ticks(price: float, side: int, fraction: float, lot: LotRules) -> int:
    """The ticks of a price made worse by a fraction: up for a buy (`side` +1), down for a sell; at least one tick."""
    ticks = price * (1.0 + side * fraction) * lot.price_scale / lot.tick_units
    if side > 0:
        return math.ceil(ticks * (1.0 - NOISE))
    lower = math.floor(ticks * (1.0 + NOISE))
    return lower if lower > 1 else 1


def quoted(price: float, side: int, half_spread: float) -> float:
    """What a market order meets around a price: the ask for a buy, the bid for a sell."""
    return price * (1.0 + side * half_spread)


def spread_in_bps(bid: float, ask: float) -> float:
    """The spread in basis points of the middle; NaN without a quote."""
    return (ask - bid) / ((ask + bid) / 2) * 10_000


def half_even(amount: int, whole: int) -> int:
    """`amount / whole` to the nearest whole number, halves to the even one. `amount` is not negative."""
    quotient = amount // whole
    twice = 2 * (amount - quotient * whole)
    if twice > whole or (twice == whole and quotient % 2 == 1):
        return quotient + 1
    return quotient


def share(amount: int, parts: int, whole: int) -> int:
    """`amount * parts / whole`, rounded half to even, without a product that 64 bits cannot hold."""
    quotient = amount // whole
    product = (amount - quotient * whole) * parts
    rest = product // whole
    shared, twice = quotient * parts + rest, 2 * (product - rest * whole)
    if twice > whole or (twice == whole and shared % 2 == 1):
        return shared + 1
    return shared


def worth(ticks: int, lots: int, lot: LotRules) -> int:
    """The money that some lots cost at a number of ticks, or that a move of so many ticks brings. Neither is negative."""
    return share(ticks * lots * lot.tick_units * lot.step_units, UNITS, lot.price_scale * lot.quantity_scale)


def gain(side: int, entry_ticks: int, ticks: int, lots: int, lot: LotRules) -> int:
    """The result of a move for a position on `side`."""
    moved = side * (ticks - entry_ticks)
    return worth(moved, lots, lot) if moved >= 0 else -worth(-moved, lots, lot)


def fee(ticks: int, lots: int, rate_ppm: int, lot: LotRules) -> int:
    """The fee of an execution; the rate in millionths of its worth."""
    return share(worth(ticks, lots, lot), rate_ppm, MILLION)


def funding(side: int, mark_ticks: int, lots: int, rate_e8: int, lot: LotRules) -> int:
    """What a position receives at a settlement (negative: pays). A positive rate is paid by longs to shorts."""
    amount = share(worth(mark_ticks, lots, lot), abs(rate_e8), UNITS)
    return -amount if side * rate_e8 > 0 else amount


def margin(ticks: int, lots: int, leverage: int, lot: LotRules) -> int:
    """What a position binds."""
    return half_even(worth(ticks, lots, lot), leverage)


def forced_ticks(side: int, entry_ticks: int, leverage: int, at: float, lot: LotRules) -> int:
    """Where the exchange closes a position by force whose liquidation price was passed at `at`: not beyond its bankruptcy."""
    bankrupt = entry_ticks * lot.tick_units / lot.price_scale * (1.0 - side / leverage)
    price = bankrupt if side * (bankrupt - at) > 0.0 else at
    return worse_ticks(price, -side, 0.0, lot)


def forced_fee(ticks: int, lots: int, rate_ppm: int, left: int, lot: LotRules) -> int:
    """The liquidation fee: never more than what is left of the margin."""
    wanted = fee(ticks, lots, rate_ppm, lot)
    if left <= 0:
        return 0
    return wanted if wanted < left else left
