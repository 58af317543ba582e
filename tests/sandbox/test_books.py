"""The owner's books against the venue's: equal where they are, and a difference never goes unseen."""

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.books import differences, venue_books


def a_fill(trade_id: int, side: str, quantity: str, price: str, *, symbol: str = "ETHUSDT") -> dict[str, Any]:
    return {
        "trade_id": trade_id,
        "symbol": symbol,
        "side": side,
        "price": price,
        "quantity": quantity,
        "time_ms": trade_id * 1000,
    }


def an_income(kind: str, amount: str, trade_id: int | None = None, *, symbol: str = "ETHUSDT") -> dict[str, Any]:
    return {"symbol": symbol, "kind": kind, "amount": amount, "trade_id": trade_id}


def a_venue(wallet_end: str = "10009.20") -> dict[str, Any]:
    """A short of 2 in two fills, left in one, with funding received meanwhile."""
    return {
        "fills": [a_fill(1, "SELL", "1", "100"), a_fill(2, "SELL", "1", "102"), a_fill(3, "BUY", "2", "96")],
        "incomes": [
            an_income("COMMISSION", "-0.30", 1),
            an_income("COMMISSION", "-0.30", 2),
            an_income("FUNDING_FEE", "0.10"),
            an_income("REALIZED_PNL", "10.00", 3),
            an_income("COMMISSION", "-0.30", 3),
        ],
        "wallet_start": "10000",
        "wallet_end": wallet_end,
    }


def an_owners_trade(**changes: Any) -> dict[str, Any]:
    trade = {
        "symbol": "ETHUSDT",
        "side": "short",
        "entry_time_ms": 1000,
        "exit_time_ms": 3000,
        "quantity": "2",
        "entry_price": "101",
        "exit_price": "96",
        "gross": "10.00",
        "fees": "0.90",
        "funding": "0.10",
        "net": "9.20",
    }
    return trade | changes


def test_equal_books_have_no_differences() -> None:
    assert differences([an_owners_trade()], a_venue()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"gross": "10.01"},
        {"fees": "0.60", "net": "9.50"},
        {"funding": "0.00"},
        {"quantity": "1"},
        {"exit_time_ms": 4000},
        {"entry_price": "100"},
        {"side": "LONG"},
    ],
)
def test_every_kind_of_wrong_number_is_found(wrong: Mapping[str, Any]) -> None:
    assert differences([an_owners_trade(**wrong)], a_venue())


def test_a_missing_and_a_doubled_trade_are_found() -> None:
    assert differences([], a_venue())
    assert differences([an_owners_trade(), an_owners_trade()], a_venue())


def test_a_wallet_that_moved_without_a_trade_is_found() -> None:
    assert differences([an_owners_trade()], a_venue(wallet_end="10008.20"))


def test_a_position_that_is_still_open_is_left_out_of_the_comparison() -> None:
    venue = a_venue(wallet_end="10009.00")
    venue["fills"].append(a_fill(4, "BUY", "1", "95", symbol="BTCUSDT"))
    venue["incomes"].append(an_income("COMMISSION", "-0.20", 4, symbol="BTCUSDT"))

    assert differences([an_owners_trade()], venue) == []
    assert set(venue_books(venue["fills"], venue["incomes"]).open) == {"BTCUSDT"}


def test_two_symbols_are_kept_apart() -> None:
    venue = a_venue(wallet_end="10008.20")
    venue["fills"] += [a_fill(4, "BUY", "1", "50", symbol="BTCUSDT"), a_fill(5, "SELL", "1", "49", symbol="BTCUSDT")]
    venue["incomes"].append(an_income("REALIZED_PNL", "-1.00", 5, symbol="BTCUSDT"))
    own = an_owners_trade(
        symbol="BTCUSDT",
        side="LONG",
        entry_time_ms=4000,
        exit_time_ms=5000,
        quantity="1",
        entry_price="50",
        exit_price="49",
        gross="-1",
        fees="0",
        funding="0",
        net="-1",
    )

    assert differences([own, an_owners_trade()], venue) == []
