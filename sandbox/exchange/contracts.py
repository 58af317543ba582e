"""One contract as the venue trades it: prices counted in ticks, quantities in lots, and the filters on both (reference 3.1)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from sandbox.exchange.brackets import Bracket, brackets_for
from sandbox.exchange.errors import Refused
from sandbox.market.listing import fitting_tick, listing_for

NUMBER: Final = re.compile(r"^[0-9]{1,20}(\.[0-9]{1,20})?$")
NUMBER_TEXT: Final = "^([0-9]{1,20})(\\.[0-9]{1,20})?$"
MULTIPLIER_UP: Final = Decimal("1.0500")
MULTIPLIER_DOWN: Final = Decimal("0.9500")
LIQUIDATION_FEE: Final = Decimal("0.0125")
TRIGGER_PROTECT: Final = Decimal("0.0500")
MAX_OPEN_ORDERS: Final = 200
EXTREME_PRICE_FACTOR: Final = 150


@dataclass(frozen=True, slots=True)
class Contract:
    """A symbol's grid and limits. `status` and `kind` tell what may be traded at all."""

    symbol: str
    status: str
    kind: str
    tick: Decimal
    step: Decimal
    price_digits: int
    quantity_digits: int
    min_ticks: int
    max_ticks: int
    max_lots: int
    max_market_lots: int
    min_notional: Decimal
    brackets: tuple[Bracket, ...]
    tick_units: int
    tick_size: float
    step_size: float
    coarseness: int = 1  # PRICE_FILTER asks for whole multiples of so many ticks; what trades here keeps the finer ones

    @property
    def base(self) -> str:
        """The asset that is traded."""
        return self.symbol.removesuffix("USDT")

    def price(self, ticks: int) -> Decimal:
        """Give the exact price."""
        return self.tick * ticks

    def quantity(self, lots: int) -> Decimal:
        """Give the exact quantity, with its sign."""
        return self.step * lots

    def price_text(self, ticks: int) -> str:
        """Write a price as the exchange does."""
        whole, part = divmod(ticks * self.tick_units, 10**self.price_digits)
        return f"{whole}.{part:0{self.price_digits}d}" if self.price_digits else str(whole)

    def quantity_text(self, lots: int) -> str:
        """Write a quantity as the exchange does."""
        return format(self.step * lots, "f")

    def ticks(self, name: str, text: str) -> int:
        """Read a price against PRICE_FILTER: -1100, -4001, -1111, -4014, -4013, -4002."""
        value = _number(name, text)
        if value <= 0:
            raise Refused(-4001)
        if _digits(value) > self.price_digits:
            raise Refused(-1111)
        ticks = value / self.tick
        if ticks != ticks.to_integral_value() or ticks % self.coarseness:
            raise Refused(-4014)
        if ticks < self.min_ticks:
            raise Refused(-4013)
        if ticks > self.max_ticks:
            raise Refused(-4002)
        return int(ticks)

    def lots(self, text: str, *, is_market: bool) -> int:
        """Read a quantity against LOT_SIZE or MARKET_LOT_SIZE: -1100, -4003, -1111, -4023, -4004, -4005."""
        value = _number("quantity", text)
        if value <= 0:
            raise Refused(-4003)
        if _digits(value) > self.quantity_digits:
            raise Refused(-1111)
        lots = value / self.step
        if lots != lots.to_integral_value():
            raise Refused(-4023)
        if lots > (self.max_market_lots if is_market else self.max_lots):
            raise Refused(-4005)
        return int(lots)


def make_contract(
    symbol: str, prices: Iterable[float], usual: float, *, status: str = "TRADING", kind: str = "PERPETUAL"
) -> Contract:
    """List a symbol; its tick becomes as fine as the prices that will be replayed need."""
    listing = listing_for(symbol, usual)
    tick = fitting_tick(listing.tick, prices)
    digits = max(0, -int(tick.as_tuple().exponent))
    usual_ticks = max(1, int(Decimal(repr(usual)) / tick))
    return Contract(
        symbol=symbol,
        status=status,
        kind=kind,
        tick=tick,
        step=listing.step,
        price_digits=digits,
        quantity_digits=max(0, -int(listing.step.as_tuple().exponent)),
        min_ticks=max(1, usual_ticks // EXTREME_PRICE_FACTOR),
        max_ticks=usual_ticks * EXTREME_PRICE_FACTOR,
        max_lots=int(listing.max_quantity / listing.step),
        max_market_lots=int(listing.max_market_quantity / listing.step),
        min_notional=listing.min_notional,
        brackets=brackets_for(symbol),
        tick_units=int(tick.scaleb(digits)),
        tick_size=float(tick),
        step_size=float(listing.step),
    )


def _number(name: str, text: str) -> Decimal:
    if not NUMBER.match(text):
        raise Refused(-1100, name, NUMBER_TEXT)
    return Decimal(text)


def _digits(value: Decimal) -> int:
    """Count the decimals that matter: `1.500` has one."""
    return max(0, -int(value.normalize().as_tuple().exponent))
