"""Funding: at 00, 08 and 16 o'clock of market time the position pays or receives notional x rate (reference 9)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from sandbox.exchange.account import money
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.news import account_update
from sandbox.market.funding import FundingRates

FUNDING_INTERVAL_MS: Final = 8 * 3_600_000


def next_settlement(now_ms: int) -> int:
    """Give the first settlement after a moment."""
    return (now_ms // FUNDING_INTERVAL_MS + 1) * FUNDING_INTERVAL_MS


def funding_rate(rates: Mapping[str, FundingRates], usual: Decimal, symbol: str, settlement_ms: int) -> Decimal:
    """Give the recorded rate of a settlement, or the usual one."""
    recorded = rates[symbol].at(settlement_ms) if symbol in rates else None
    return usual if recorded is None else recorded


def settle_funding(exchange: Exchange, settlement_ms: int) -> None:
    """Let every open position pay: a positive rate takes from longs. An isolated position pays from its own wallet."""
    for symbol, position in exchange.account.positions.items():
        if not position.lots:
            continue
        rate = funding_rate(exchange.funding, exchange.config.funding_rate, symbol, settlement_ms)
        size = exchange.contracts[symbol].quantity(position.lots) * exchange.mark(symbol)
        amount = money(-size * rate)
        if not amount:
            continue
        exchange.credit("FUNDING_FEE", symbol, amount)
        shown = (symbol,) if position.isolated else ()
        exchange.tell(account_update(exchange, "FUNDING_FEE", shown, amount, funding_symbol=symbol))
