"""What the venue lists: the grid, size limits and usual price of each contract.

Production-like values. A tick becomes finer where recorded candles need it (`fitting_tick`), so that a replay never
distorts a price; the venue publishes what it uses.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

FINEST_TICK: Final = Decimal("0.00000001")
OFF_GRID: Final = 1e-9  # relative; more is a price of its own, less is float noise


@dataclass(frozen=True, slots=True)
class Listing:
    """One perpetual contract's grid: `usual_price` and `bar_volume` (base asset, per 1m bar) feed the generator."""

    tick: Decimal
    step: Decimal
    min_notional: Decimal
    max_quantity: Decimal
    max_market_quantity: Decimal
    usual_price: float
    bar_volume: float


def _listing(tick: str, step: str, notional: str, most: str, market: str, price: float, volume: float) -> Listing:
    return Listing(Decimal(tick), Decimal(step), Decimal(notional), Decimal(most), Decimal(market), price, volume)


LISTINGS: Final = {
    "BTCUSDT": _listing("0.10", "0.001", "100", "1000", "120", 65_000.0, 120.0),
    "ETHUSDT": _listing("0.01", "0.001", "20", "10000", "2000", 3_200.0, 1_800.0),
    "SOLUSDT": _listing("0.001", "0.01", "5", "1000000", "50000", 150.0, 20_000.0),
    "BNBUSDT": _listing("0.01", "0.01", "5", "100000", "2000", 600.0, 1_500.0),
    "XRPUSDT": _listing("0.0001", "0.1", "5", "10000000", "2000000", 2.2, 900_000.0),
    "LTCUSDT": _listing("0.01", "0.001", "5", "100000", "10000", 90.0, 8_000.0),
    "AAVEUSDT": _listing("0.01", "0.1", "5", "100000", "20000", 180.0, 1_200.0),
    "ATOMUSDT": _listing("0.001", "0.01", "5", "1000000", "100000", 8.5, 25_000.0),
    "AXSUSDT": _listing("0.001", "1", "5", "1000000", "100000", 6.5, 15_000.0),
    "CELRUSDT": _listing("0.00001", "1", "5", "100000000", "10000000", 0.016, 900_000.0),
    "CRVUSDT": _listing("0.001", "0.1", "5", "10000000", "1000000", 0.6, 400_000.0),
    "SANDUSDT": _listing("0.0001", "1", "5", "10000000", "1000000", 0.42, 200_000.0),
}


def listing_for(symbol: str, price: float) -> Listing:
    """Give the table's listing, or derive one: about four significant digits of price, lots of roughly 1 USDT or less."""
    known = LISTINGS.get(symbol)
    if known is not None:
        return known
    exponent = Decimal(repr(price)).adjusted()
    tick = max(FINEST_TICK, Decimal(1).scaleb(min(exponent - 4, -1)))
    step = Decimal(1).scaleb(min(0, -exponent))
    return Listing(tick, step, Decimal(5), step * 1_000_000, step * 100_000, price, 1_000_000.0 / price)


def fitting_tick(tick: Decimal, prices: Iterable[float]) -> Decimal:
    """Give `tick`, or ten times finer and finer ones until every price lies on the grid."""
    wanted = tick
    for price in prices:
        while wanted > FINEST_TICK and not _on_grid(price, wanted):
            wanted = max(FINEST_TICK, Decimal(1).scaleb(wanted.normalize().adjusted() - 1))
    return wanted


def in_ticks(price: float, tick: Decimal | float) -> int:
    """Count the ticks in a price; one that is off the grid goes to the nearer tick, a half upwards."""
    return int(price / float(tick) + 0.5)


def _on_grid(price: float, tick: Decimal) -> bool:
    return abs(in_ticks(price, tick) * float(tick) - price) <= price * OFF_GRID
