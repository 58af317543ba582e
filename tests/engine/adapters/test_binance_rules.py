"""What exchangeInfo says of a contract's life: traded, halted, or coming to its end."""

from typing import Any

import msgspec
import pytest

from engine.adapters.binance_rules import ExchangeInfo, rules_of
from engine.model.market import SymbolRules

CONTRACT: dict[str, Any] = {
    "symbol": "BTCUSDT",
    "contractType": "PERPETUAL",
    "status": "TRADING",
    "quoteAsset": "USDT",
    "deliveryDate": 4_133_404_800_000,
    "filters": [
        {"filterType": "PRICE_FILTER", "tickSize": "0.10"},
        {"filterType": "LOT_SIZE", "minQty": "0.001", "maxQty": "1000", "stepSize": "0.001"},
        {"filterType": "MIN_NOTIONAL", "notional": "5"},
    ],
}


def rules(**parts: Any) -> SymbolRules:
    info = msgspec.convert({"symbols": [CONTRACT | parts]}, ExchangeInfo, strict=False)
    return rules_of(info, "BTCUSDT", {})


def test_a_perpetual_that_is_traded_goes_on() -> None:
    assert (rules().is_trading, rules().is_ending, rules().delivery_ms) == (True, False, 4_133_404_800_000)


@pytest.mark.parametrize("status", ["PRE_SETTLE", "SETTLING", "CLOSE", "PRE_DELIVERING", "DELIVERING", "DELIVERED"])
def test_a_contract_that_is_wound_up_is_ending(status: str) -> None:
    assert (rules(status=status).is_trading, rules(status=status).is_ending) == (False, True)


def test_a_perpetual_that_is_being_delivered_is_ending_and_still_known() -> None:
    assert rules(contractType="PERPETUAL_DELIVERING").is_ending


@pytest.mark.parametrize("status", ["BREAK", "HALT", "PENDING_TRADING", "TRADIN", "SOMETHING_NEW", ""])
def test_a_halt_is_no_end_nor_is_a_word_that_nobody_knows(status: str) -> None:
    assert (rules(status=status).is_trading, rules(status=status).is_ending) == (False, False)
