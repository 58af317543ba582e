"""What the paper exchange refuses: the real exchange's rules, under the real exchange's codes."""

from collections.abc import Callable

import pytest

from engine.adapters.binance_errors import Refused
from engine.adapters.paper_exchange import PaperExchange
from engine.model.orders import ApprovedOrder
from engine.model.signals import Side
from tests.engine.adapters.paper_builders import (
    SEEN_MS,
    a_position,
    a_stop,
    a_target,
    a_wide_stop,
    an_entry,
    an_exchange,
    an_exit,
)


def refusal(exchange: PaperExchange, order: ApprovedOrder) -> int:
    place: Callable[[ApprovedOrder, int], object] = exchange.place_stop if order.trigger_price else exchange.place_market
    with pytest.raises(Refused) as refused:
        place(order, SEEN_MS)
    return refused.value.code


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (an_entry("0.5005"), -1111),
        (an_entry("0.000"), -4003),
        (an_entry("2000.001"), -4005),
        (an_entry("0.009"), -4164),
        (an_entry("100.000"), -2027),
        (an_exit(), -2022),
        (a_stop("1950.005"), -4014),
        (a_stop("2000.00"), -2021),
        (a_target("2000.00"), -2021),
        (a_stop("1999.00", side=Side.LONG), -2021),
        (a_wide_stop("1900.00"), -4509),
    ],
)
def test_a_flat_account_is_refused_what_the_exchange_refuses(order: ApprovedOrder, code: int) -> None:
    exchange = an_exchange(wallet=1_000_000)

    assert refusal(exchange, order) == code
    assert exchange.news == []


def test_an_entry_without_margin_is_refused() -> None:
    assert refusal(an_exchange(wallet=50), an_entry("0.500")) == -2019


def test_an_entry_before_any_price_was_seen_is_refused() -> None:
    exchange = an_exchange()
    exchange.boards.clear()

    assert refusal(exchange, an_entry()) == -4131


def test_names_are_used_once() -> None:
    exchange = a_position(a_stop("1950.00"), a_wide_stop("1900.00"))

    assert refusal(exchange, an_entry()) == -4116
    assert refusal(exchange, a_stop("1940.00")) == -4116
    assert refusal(exchange, a_wide_stop("1890.00", generation=9)) == -4130
