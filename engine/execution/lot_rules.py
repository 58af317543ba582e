"""Between whole ticks and lots, floats and `Decimal`. The number side is the model's grid; the crossings live here."""

from decimal import ROUND_FLOOR, Decimal

from engine.model.grid import lots_within, nearest_ticks, price_at, quantity_of
from engine.model.market import LotRules, SymbolRules

__all__ = [
    "decimal_price",
    "decimal_quantity",
    "lot_rules",
    "lots_within",
    "nearest_ticks",
    "price_at",
    "quantity_of",
    "whole_lots",
]


def lot_rules(rules: SymbolRules) -> LotRules:
    """The grid of a symbol in whole numbers."""
    tick_units, price_scale = rules.tick_size.as_integer_ratio()
    step_units, quantity_scale = rules.step_size.as_integer_ratio()
    return LotRules(
        tick_units=tick_units,
        price_scale=price_scale,
        step_units=step_units,
        quantity_scale=quantity_scale,
        min_lots=-whole_lots(-rules.min_quantity, rules),
        max_lots=whole_lots(rules.max_market_quantity, rules),
        min_notional=float(rules.min_notional),
    )


def decimal_price(ticks: int, rules: SymbolRules) -> Decimal:
    """A price as the exchange writes it."""
    return ticks * rules.tick_size


def decimal_quantity(lots: int, rules: SymbolRules) -> Decimal:
    """A quantity as the exchange writes it."""
    return lots * rules.step_size


def whole_lots(quantity: Decimal, rules: SymbolRules) -> int:
    """The whole lots that a quantity holds, rounded down (a negative one away from zero)."""
    return int((quantity / rules.step_size).to_integral_value(ROUND_FLOOR))
