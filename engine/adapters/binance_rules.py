"""What Binance allows for a contract: exchangeInfo's filters and the leverage table as `SymbolRules`.

Pure. Without keys the leverage table cannot be read; then a careful one holds for every contract.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec

from engine.adapters.binance_values import QUOTE_ASSET, money
from engine.model.market import Bracket, SymbolRules

# In the leverage tables of July 2025 four of five contracts were allowed at least this much.
CAREFUL_BRACKETS: Final = (
    Bracket(notional_cap=25_000, max_leverage=20, maintenance_rate=0.025, maintenance_amount=0),
    Bracket(notional_cap=62_500, max_leverage=10, maintenance_rate=0.05, maintenance_amount=625),
    Bracket(notional_cap=125_000, max_leverage=5, maintenance_rate=0.1, maintenance_amount=3_750),
    Bracket(notional_cap=250_000, max_leverage=4, maintenance_rate=0.125, maintenance_amount=6_875),
    Bracket(notional_cap=1_000_000, max_leverage=2, maintenance_rate=0.25, maintenance_amount=38_125),
)


DELIVERING: Final = "PERPETUAL_DELIVERING"
PERPETUAL: Final = ("PERPETUAL", DELIVERING)
# Being settled, delivered or closed. Whatever else keeps it from being traded may pass, or is a word that nobody knows yet.
ENDS: Final = frozenset({"PRE_DELIVERING", "DELIVERING", "DELIVERED", "PRE_SETTLE", "SETTLING", "PENDING_SETTLE", "CLOSE"})


class Filter(msgspec.Struct, rename="camel"):
    """One filter of a symbol; each kind has its own keys."""

    filter_type: str = ""
    tick_size: Decimal = Decimal(0)
    step_size: Decimal = Decimal(0)
    min_qty: Decimal = Decimal(0)
    max_qty: Decimal = Decimal(0)
    notional: Decimal = Decimal(0)


class Contract(msgspec.Struct, rename="camel"):
    """A symbol of exchangeInfo. `pricePrecision` is left out on purpose: it is not the tick."""

    symbol: str
    contract_type: str = ""
    status: str = ""
    delivery_date: int = 0
    quote_asset: str = ""
    filters: tuple[Filter, ...] = ()


class RateLimit(msgspec.Struct, rename="camel"):
    """A published limit."""

    rate_limit_type: str = ""
    interval: str = ""
    interval_num: int = 0
    limit: int = 0


class ExchangeInfo(msgspec.Struct, rename="camel"):
    """The rules of the whole exchange."""

    symbols: tuple[Contract, ...]
    rate_limits: tuple[RateLimit, ...] = ()


class BracketRow(msgspec.Struct, rename="camel"):
    """A row of the leverage table."""

    initial_leverage: int
    notional_cap: float
    maint_margin_ratio: float
    cum: float = 0.0


class SymbolBrackets(msgspec.Struct, rename="camel"):
    """The leverage table of a symbol. `notional_coef` stretches the caps of this account."""

    symbol: str
    brackets: tuple[BracketRow, ...]
    notional_coef: float = 1.0


def rules_of(info: ExchangeInfo, symbol: str, brackets: Mapping[str, tuple[Bracket, ...]]) -> SymbolRules:
    """The rules of one contract. Raises `LookupError` where it cannot be traded: no USDT perpetual, or without usable rules."""
    contract = next((one for one in info.symbols if one.symbol == symbol), None)
    if contract is None or contract.contract_type not in PERPETUAL or contract.quote_asset != QUOTE_ASSET:
        raise LookupError(f"{symbol} is not a {QUOTE_ASSET} perpetual contract of this exchange")
    filters = {one.filter_type: one for one in contract.filters}
    price, lot, least = (filters.get(kind, Filter()) for kind in ("PRICE_FILTER", "LOT_SIZE", "MIN_NOTIONAL"))
    market = filters.get("MARKET_LOT_SIZE", lot)
    if min(money(price.tick_size), money(lot.step_size), money(lot.max_qty), money(market.max_qty)) <= 0:
        raise LookupError(f"{symbol} has no usable rules on this exchange (a filter is missing or zero)")
    return SymbolRules(
        symbol=symbol,
        tick_size=price.tick_size.normalize(),
        step_size=max(lot.step_size, market.step_size).normalize(),
        min_quantity=max(lot.min_qty, market.min_qty).normalize(),
        max_market_quantity=min(lot.max_qty, market.max_qty).normalize(),
        min_notional=money(least.notional),
        is_trading=contract.status == "TRADING",
        brackets=brackets.get(symbol, CAREFUL_BRACKETS),
        is_ending=contract.status in ENDS or contract.contract_type == DELIVERING,
        delivery_ms=contract.delivery_date,
    )


def rules_found(
    info: ExchangeInfo, symbols: Sequence[str], brackets: Mapping[str, tuple[Bracket, ...]]
) -> tuple[list[SymbolRules], list[str]]:
    """The rules of those contracts that can be traded, and why the others cannot."""
    rules, faults = list[SymbolRules](), list[str]()
    for symbol in symbols:
        try:
            rules.append(rules_of(info, symbol, brackets))
        except LookupError as error:
            faults.append(str(error))
    return rules, faults


def brackets_of(rows: Sequence[SymbolBrackets]) -> dict[str, tuple[Bracket, ...]]:
    """The leverage tables by symbol, smallest positions first."""
    return {row.symbol: tuple(_bracket(one, row.notional_coef) for one in _ordered(row)) for row in rows if row.brackets}


def weight_limit(info: ExchangeInfo) -> int:
    """The published request weight per minute, or 0."""
    kinds = [one for one in info.rate_limits if one.rate_limit_type == "REQUEST_WEIGHT" and one.interval == "MINUTE"]
    return min((one.limit // max(one.interval_num, 1) for one in kinds), default=0)


def order_limits(info: ExchangeInfo) -> dict[str, int]:
    """The published order limits, under the names that the counters in the answers have: `1M`, `10S`."""
    orders = [one for one in info.rate_limits if one.rate_limit_type == "ORDERS"]
    return {f"{one.interval_num}{one.interval[:1]}": one.limit for one in orders}


def _ordered(row: SymbolBrackets) -> list[BracketRow]:
    return sorted(row.brackets, key=lambda one: one.notional_cap)


def _bracket(row: BracketRow, coefficient: float) -> Bracket:
    return Bracket(row.notional_cap * coefficient, row.initial_leverage, row.maint_margin_ratio, row.cum)
