"""The pages for tests and other processes: another client's hand on the account, and a market that can be held."""

import asyncio
from decimal import Decimal
from typing import Any

import pytest

from tests.sandbox.exchange.builders import a_client, a_hand, a_market, a_user_stream, a_venue

STOP = {"symbol": "ETHUSDT", "side": "SELL", "reduceOnly": "true", "quantity": "1"}


async def test_a_hand_cancels_a_stop_or_everything_and_the_stream_tells_it() -> None:
    async with (
        a_venue() as (venue, roots),
        a_client(roots) as client,
        a_user_stream(client, roots) as stream,
        a_hand(roots) as hand,
    ):
        await hand.do("trade", symbol="ETHUSDT", side="BUY", quantity="1")
        await client.futures_create_order(**STOP, type="STOP_MARKET", stopPrice="1000", clientAlgoId="stop")
        await client.futures_create_order(**STOP, type="TAKE_PROFIT_MARKET", stopPrice="9000", clientAlgoId="target")
        stops = await hand.do("cancel", symbol="ETHUSDT", what="stops")
        rest = await hand.do("cancel", client_id="target")
        told = await _told(stream, 4)
        report = venue.report()

    assert (stops, rest) == ({"cancelled": ["stop"]}, {"cancelled": ["target"]})
    assert told == [("stop", "NEW"), ("target", "NEW"), ("stop", "CANCELED"), ("target", "CANCELED")]
    assert [row["status"] for row in report["algo_orders"]] == ["CANCELED", "CANCELED"]
    assert len(report["uncovered"]) == 2  # before the stop and after it


async def test_a_hand_adds_reduces_and_moves_money() -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand:
        for side, quantity in (("BUY", "1"), ("BUY", "0.5"), ("SELL", "0.7")):
            await hand.do("trade", symbol="ETHUSDT", side=side, quantity=quantity)
        held = (await hand.see("state"))["open_positions"]
        before = venue.exchange.account.wallet
        moved = await hand.do("transfer", amount="-250.5")
        report = await hand.see("report")

    assert [(one["symbol"], one["quantity"]) for one in held] == [("ETHUSDT", "0.800")]
    assert Decimal(moved["wallet"]) == before - Decimal("250.5")
    assert [row["amount"] for row in report["incomes"] if row["kind"] == "TRANSFER"] == ["-250.50000000"]
    assert [(trade["quantity"], trade["is_open"]) for trade in report["trades"]] == [("1.500", True)]


@pytest.mark.parametrize(("page", "client"), [("liquidate", "autoclose-"), ("deleverage", "adl_autoclose")])
async def test_the_exchange_itself_closes_a_position_under_its_own_names(page: str, client: str) -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand:
        await hand.do("trade", symbol="ETHUSDT", side="SELL", quantity="1")
        await hand.do(page, symbol="ETHUSDT")
        again = await hand.do(page, symbol="ETHUSDT")
        report = venue.report()

    assert report["orders"][-1]["client_id"].startswith(client)
    assert (report["open_positions"], again["code"]) == ([], -2022)


async def test_a_held_market_answers_requests_and_goes_on_where_it_stood() -> None:
    async with a_venue(a_market(4)) as (venue, roots), a_hand(roots) as hand:
        await hand.do("hold")
        running = asyncio.create_task(venue.run())
        await hand.do("trade", symbol="ETHUSDT", side="BUY", quantity="1")
        held = await hand.see("state")
        await hand.do("resume")
        await asyncio.wait_for(running, 5)

    assert (held["bars"], held["is_held"]) == (0, True)
    assert (venue.bars_done, venue.state()["is_over"]) == (4, True)


@pytest.mark.parametrize(
    ("page", "wish"),
    [
        ("cancel", {}),
        ("cancel", {"symbol": "ETHUSDT", "what": "dreams"}),
        ("trade", {"symbol": "ETHUSDT"}),
        ("transfer", {"amount": "much"}),
        ("fault", {"kind": "drop", "times": "two"}),
        ("kick", {"route": "side"}),
    ],
)
async def test_a_wish_that_makes_no_sense_is_refused_and_changes_nothing(page: str, wish: dict[str, Any]) -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand:
        before = venue.report()["ledger_hash"]
        answer = await hand.do(page, **wish)

    assert set(answer) == {"error"}
    assert venue.report()["ledger_hash"] == before


async def _told(stream: Any, count: int) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    async with asyncio.timeout(5):
        while len(told) < count:
            event = await stream.recv()
            told += [(event["o"]["caid"], event["o"]["X"])] if event["e"] == "ALGO_UPDATE" else []
    return told
