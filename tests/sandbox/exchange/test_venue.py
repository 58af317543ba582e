"""The venue as a whole: somebody else's client trades on it, and the books say what happened."""

import asyncio
from decimal import Decimal
from typing import Any

from tests.sandbox.exchange.builders import a_client, a_hand, a_user_stream, a_venue


async def test_python_binance_as_it_is_opens_covers_and_closes_a_position() -> None:
    async with a_venue() as (venue, roots), a_client(roots) as client, a_user_stream(client, roots) as stream:
        info = await client.futures_exchange_info()
        entry = await client.futures_create_order(
            symbol="ETHUSDT",
            side="BUY",
            type="MARKET",
            quantity="0.5",
            newClientOrderId="entry-1",
            newOrderRespType="RESULT",
        )
        last = Decimal((await client.futures_symbol_ticker(symbol="ETHUSDT"))["price"])
        trigger = str((last * Decimal("0.9")).quantize(Decimal("0.01")))
        stop = await client.futures_create_order(
            symbol="ETHUSDT",
            side="SELL",
            type="STOP_MARKET",
            stopPrice=trigger,
            quantity="0.5",
            reduceOnly="true",
            clientAlgoId="stop-1",
        )
        open_stops = await client.futures_get_open_algo_orders(symbol="ETHUSDT")
        held = await client.futures_position_information()
        await client.futures_create_order(symbol="ETHUSDT", side="SELL", type="MARKET", quantity="0.5", reduceOnly="true")
        await client.futures_cancel_algo_order(clientAlgoId="stop-1")
        events = await _events(stream, until="CANCELED")
        trades = await client.futures_account_trades(symbol="ETHUSDT")
        balance = await client.futures_account_balance()
        report = venue.report()

    assert {"ETHUSDT"} <= {one["symbol"] for one in info["symbols"] if one["status"] == "TRADING"}
    assert (entry["status"], entry["executedQty"], "avgPrice" in entry) == ("FILLED", "0.500", False)
    assert [one["clientAlgoId"] for one in open_stops] == ["stop-1"]
    assert stop["algoStatus"] == "NEW"
    assert [(one["symbol"], one["positionAmt"]) for one in held] == [("ETHUSDT", "0.500")]
    kinds = [event["e"] for event in events]
    assert kinds.count("TRADE_LITE") == 2
    assert kinds.count("ALGO_UPDATE") == 2
    assert {"ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE"} <= set(kinds)
    assert [one["buyer"] for one in trades] == [True, False]
    [trade] = report["trades"]
    assert (trade["side"], trade["quantity"], trade["is_open"]) == ("LONG", "0.500", False)
    assert Decimal(report["wallet_end"]) - Decimal(report["wallet_start"]) == Decimal(trade["net"])
    assert Decimal(balance[0]["balance"]) == Decimal(report["wallet_end"])
    assert report["open_orders"] == report["open_positions"] == []


async def test_the_admin_pages_tell_and_do_what_the_python_api_does() -> None:
    async with a_venue() as (venue, roots), a_hand(roots) as hand:
        venue.hold()
        state = await hand.see("state")
        bought = await hand.do("trade", symbol="ETHUSDT", side="BUY", quantity="0.5")
        closed = await hand.do("close", symbol="ETHUSDT")
        report = await hand.see("report")
        again = await hand.do("close", symbol="ETHUSDT")
        unknown = await hand.do("nonsense")
        await hand.do("resume")

    assert (state["is_held"], state["bars"], venue.is_held) == (True, 0, False)
    assert bought["status"] == closed["status"] == "FILLED"
    assert [row["client_id"] for row in report["orders"]] == ["web_00000001", "web_00000002"]
    assert report["ledger_hash"] == venue.report()["ledger_hash"]
    assert again["code"] == -2022
    assert "error" in unknown


async def _events(stream: Any, until: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    async with asyncio.timeout(5):
        while not events or events[-1].get("o", {}).get("X") != until:
            events.append(await stream.recv())
    return events
