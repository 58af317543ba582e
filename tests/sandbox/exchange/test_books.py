"""Money: positions, margin, liquidation prices and round trips, exact to the last digit."""

import random
from decimal import Decimal

import pytest

from sandbox.exchange import rest_orders
from sandbox.exchange.account import Account, Position
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.funding import FUNDING_INTERVAL_MS, settle_funding
from sandbox.exchange.liquidation import deleverage, liquidate
from sandbox.exchange.margin import liquidation_price, maintenance_margin
from sandbox.exchange.report import make_report
from sandbox.exchange.rest_algo import new_algo
from tests.sandbox.exchange.builders import a_desk, a_market_of, params

CALM = (100.0, 101.0, 99.0, 100.0)


def trade(desk: Desk, side: str, quantity: str, at: float | None = None) -> None:
    """Trade at the market, at a price of its own where one is given."""
    if at is not None:
        desk.exchange.board("ETHUSDT").move(int(at * 100))
    rest_orders.new_order(desk, params(symbol="ETHUSDT", side=side, type="MARKET", quantity=quantity))


def a_free_desk(**changes: object) -> Desk:
    """Fills at the price itself, without spread and slippage."""
    return a_desk(a_market_of(CALM, CALM), **({"spread_bps": 0.0, "slippage_bps": 0.0} | changes))


def test_an_entry_price_is_the_average_of_what_opened_and_a_turn_begins_anew() -> None:
    desk = a_free_desk()
    position, contract = desk.exchange.position("ETHUSDT"), desk.exchange.contracts["ETHUSDT"]

    trade(desk, "BUY", "1", at=100)
    trade(desk, "BUY", "3", at=104)
    averaged = position.entry_price(contract)
    trade(desk, "SELL", "2", at=105)
    reduced = position.entry_price(contract)
    trade(desk, "SELL", "5", at=106)

    assert averaged == reduced == Decimal(103)
    assert (position.lots, position.entry_price(contract)) == (-3000, Decimal(106))
    assert [fill.realised for fill in desk.exchange.ledger.fills] == [0, 0, Decimal(4), Decimal(6)]


def test_every_fill_has_a_transaction_time_of_its_own_and_the_position_repeats_that_of_its_newest() -> None:
    desk = a_free_desk()
    begun_ms = desk.exchange.clock.now_ms

    for side in ("BUY", "SELL", "SELL"):
        trade(desk, side, "1")

    first, *later = (fill.time_ms for fill in desk.exchange.ledger.fills)
    assert [first, *later] == [begun_ms, begun_ms + 1, begun_ms + 2]
    assert desk.exchange.position("ETHUSDT").updated_ms == later[-1] <= desk.exchange.clock.seen_ms


def test_a_turn_is_two_trades_that_share_its_fee() -> None:
    desk = a_free_desk()
    trade(desk, "BUY", "1", at=100)
    trade(desk, "SELL", "3", at=102)
    trade(desk, "BUY", "2", at=101)

    long, short = make_report(desk.exchange, ("ETHUSDT",))["trades"]

    assert (long["side"], long["quantity"], long["gross"], long["net"]) == ("LONG", "1.000", "2.00000000", "1.89900000")
    assert (short["side"], short["quantity"], short["gross"], short["fees"]) == ("SHORT", "2.000", "2.00000000", "0.20300000")
    assert [long["is_open"], short["is_open"]] == [False, False]


def test_funding_belongs_to_the_trade_that_was_open_and_not_to_the_next() -> None:
    desk = a_free_desk()
    trade(desk, "BUY", "1", at=100)
    settle_funding(desk.exchange, FUNDING_INTERVAL_MS)
    trade(desk, "SELL", "2", at=100)
    settle_funding(desk.exchange, 2 * FUNDING_INTERVAL_MS)

    long, short = make_report(desk.exchange, ("ETHUSDT",))["trades"]

    assert Decimal(long["funding"]) < 0 < Decimal(short["funding"])


def test_the_nets_of_all_trades_are_what_the_wallet_gained_whatever_happens() -> None:
    chance = random.Random(7)
    desk = a_free_desk(isolated=True, default_leverage=20)
    exchange = desk.exchange
    for step in range(300):
        price = 100 + chance.uniform(-2, 2)
        trade(desk, chance.choice(("BUY", "SELL")), f"{chance.uniform(0.3, 3):.3f}", at=price)
        if step % 10 == 5:
            settle_funding(exchange, (step + 1) * FUNDING_INTERVAL_MS)
        if step % 37 == 20 and exchange.position("ETHUSDT").lots:
            chance.choice((liquidate, deleverage))(exchange, "ETHUSDT")

    report = make_report(exchange, ("ETHUSDT",))
    gained = Decimal(report["wallet_end"]) - Decimal(report["wallet_start"])

    assert len(report["trades"]) > 30
    assert sum(Decimal(one["net"]) for one in report["trades"]) == gained
    assert sum(Decimal(one["amount"]) for one in report["incomes"]) == gained
    assert {one["kind"] for one in report["incomes"]} == {"REALIZED_PNL", "COMMISSION", "FUNDING_FEE", "INSURANCE_CLEAR"}


@pytest.mark.parametrize(("side", "price"), [(1, "54216.867"), (-1, "65737.052")])
def test_an_isolated_position_is_liquidated_where_the_documents_example_says(side: int, price: str) -> None:
    desk = a_desk(a_market_of((60_000, 60_100, 59_900, 60_000), (60_000, 60_100, 59_900, 60_000), symbol="BTCUSDT"))
    contract = desk.exchange.contracts["BTCUSDT"]
    position = Position("BTCUSDT", isolated=True, leverage=10)
    position.lots, position.cost, position.isolated_wallet = side * 500, Decimal(30_000), Decimal(3_000)
    account = Account(Decimal(10_000), {"BTCUSDT": position})

    found = liquidation_price(account, desk.exchange.contracts, desk.exchange.mark, "BTCUSDT")

    assert found.quantize(Decimal("0.001")) == Decimal(price)
    balance = position.isolated_wallet + position.unrealised(contract, found)
    assert abs(balance - maintenance_margin(position, contract, found)) < Decimal("0.000001")


def test_isolated_margin_is_locked_away_and_comes_back() -> None:
    desk = a_free_desk(isolated=True, default_leverage=10)
    account = desk.exchange.account

    trade(desk, "BUY", "1", at=100)
    locked, free = account.positions["ETHUSDT"].isolated_wallet, account.cross_wallet
    trade(desk, "SELL", "1", at=101)

    assert (locked, free) == (Decimal("9.95"), Decimal(9_990))
    assert account.wallet == account.cross_wallet == Decimal(10_000) + 1 - Decimal("0.05") - Decimal("0.0505")


def test_cover_is_watched_from_the_fill_to_the_stop() -> None:
    desk = a_free_desk()
    exchange = desk.exchange
    trade(desk, "BUY", "1", at=100)
    exchange.clock.move_to(exchange.clock.now_ms + 1_500)
    half = {"algoType": "CONDITIONAL", "symbol": "ETHUSDT", "side": "SELL", "type": "STOP_MARKET", "reduceOnly": "true"}

    new_algo(desk, params(**half, triggerPrice="95", quantity="0.5"))
    exchange.clock.move_to(exchange.clock.now_ms + 500)
    new_algo(desk, params(**half, triggerPrice="94", quantity="0.5"))
    exchange.clock.move_to(exchange.clock.now_ms + 60_000)

    report = make_report(exchange, ("ETHUSDT",))
    assert report["uncovered_market_ms_max"] == 2_000
    assert len(report["uncovered"]) == 1
