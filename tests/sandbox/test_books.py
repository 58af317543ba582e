"""The owner's books against the venue's: equal where they are, and a difference never goes unseen."""

from collections.abc import Mapping
from typing import Any

import pytest

from sandbox.books import differences


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


def a_venue(*more: Mapping[str, Any], wallet_end: str = "10009.20") -> dict[str, Any]:
    """A venue at which that trade happened, and `more` trades."""
    trade = an_owners_trade(side="SHORT", is_open=False, quantity="2.000", entry_price="101.00", gross="10.00000000")
    return {"trades": [trade, *more], "fills": [{}], "wallet_start": "10000", "wallet_end": wallet_end}


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
        {"symbol": "BTCUSDT"},
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
    still_open = {"symbol": "BTCUSDT", "is_open": True, "exit_time_ms": None, "net": "-0.20"}

    assert differences([an_owners_trade()], a_venue(still_open, wallet_end="10009.00")) == []


def test_cents_are_compared_and_less_is_not() -> None:
    assert differences([an_owners_trade(fees="0.9001", net="9.1999")], a_venue()) == []
