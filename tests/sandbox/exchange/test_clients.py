"""Clients that other people wrote read everything the venue offers, unchanged but for their addresses."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest
from binance import AsyncClient, BinanceSocketManager
from binance.exceptions import BinanceAPIException

from sandbox.exchange.config import Roots
from sandbox.exchange.venue import Venue
from tests.sandbox.exchange.builders import KEY, SECRET, a_client, a_market, a_venue

type Look = Callable[[Any], Any]


def column(name: str) -> Look:
    """Look at one key of every row."""
    return lambda rows: [row[name] for row in rows]


def key(name: str) -> Look:
    """Look at one key of the answer."""
    return lambda answer: answer[name]


def whole(answer: Any) -> Any:
    """Look at the answer as it is."""
    return answer


ETH: dict[str, Any] = {"symbol": "ETHUSDT"}
READS: tuple[tuple[str, dict[str, Any], Look, object], ...] = (
    ("futures_ping", {}, whole, {}),
    ("futures_klines", ETH | {"interval": "1m", "limit": 3}, lambda it: [len(row) for row in it], [12] * 3),
    ("futures_order_book", ETH | {"limit": 5}, lambda it: (len(it["bids"]), len(it["asks"])), (5, 5)),
    ("futures_orderbook_ticker", ETH, lambda it: float(it["bidPrice"]) < float(it["askPrice"]), True),
    ("futures_mark_price", ETH, key("lastFundingRate"), "0.00010000"),
    ("futures_funding_rate", ETH | {"limit": 2}, column("rateType"), ["SETTLED"] * 2),
    ("futures_v1_get_funding_info", {}, whole, []),
    ("futures_ticker", ETH, key("symbol"), "ETHUSDT"),
    ("futures_aggregate_trades", ETH, whole, []),
    ("futures_account", {}, lambda it: Decimal(it["totalWalletBalance"]) < 10_000, True),
    ("futures_account", {"version": 3}, lambda it: [row["symbol"] for row in it["positions"]], ["ETHUSDT"]),
    ("futures_account_balance", {}, column("asset"), ["USDT"]),
    ("futures_position_information", {}, column("positionAmt"), ["1.000"]),
    ("futures_get_position_mode", {}, whole, {"dualSidePosition": False}),
    ("futures_get_multi_assets_mode", {}, whole, {"multiAssetsMargin": False}),
    ("futures_account_config", {}, key("canTrade"), True),
    ("futures_symbol_config", ETH, lambda it: (it[0]["leverage"], it[0]["marginType"]), (20, "CROSSED")),
    ("futures_leverage_bracket", ETH, lambda it: it[0]["brackets"][0]["initialLeverage"], 125),
    ("futures_commission_rate", ETH, key("takerCommissionRate"), "0.0005"),
    ("futures_account_trades", ETH, column("buyer"), [True]),
    ("futures_income_history", {}, column("incomeType"), ["COMMISSION"]),
    ("futures_get_all_orders", ETH, column("status"), ["FILLED", "NEW"]),
    ("futures_get_order", ETH | {"origClientOrderId": "rest"}, key("avgPrice"), "0"),
    ("futures_get_open_orders", {}, column("clientOrderId"), ["rest"]),
    ("futures_get_open_algo_orders", {}, column("actualOrderId"), [""]),
    ("futures_get_all_algo_orders", ETH, column("clientAlgoId"), ["stop"]),
    ("futures_get_algo_order", {"clientAlgoId": "stop"}, key("algoStatus"), "NEW"),
)


@asynccontextmanager
async def a_busy_account() -> AsyncIterator[tuple[Venue, Roots, AsyncClient]]:
    """A long position, a resting order and a stop."""
    async with a_venue(a_market(warmup=500)) as (venue, roots), a_client(roots) as client:
        order = {"symbol": "ETHUSDT", "side": "BUY", "quantity": "1"}
        await client.futures_create_order(**order, type="MARKET")
        low = str((Decimal(str(venue.market.rows[0][499].close)) * Decimal("0.96")).quantize(Decimal("0.01")))
        await client.futures_create_order(**order, type="LIMIT", timeInForce="GTC", price=low, newClientOrderId="rest")
        stop = {"type": "STOP_MARKET", "stopPrice": low, "clientAlgoId": "stop", "reduceOnly": "true"}
        await client.futures_create_order(**(order | {"side": "SELL"} | stop))
        yield venue, roots, client


async def test_python_binance_reads_every_page() -> None:
    async with a_busy_account() as (_, _, client):
        seen = [(name, look(await getattr(client, name)(**values))) for name, values, look, _ in READS]

    assert seen == [(name, wanted) for name, _, _, wanted in READS]


async def test_python_binance_cancels_one_by_one_and_all_at_once_and_hears_no() -> None:
    async with a_busy_account() as (venue, _, client):
        batch = await client.futures_place_batch_order(
            batchOrders=[{"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.1"}]
        )
        cancelled = await client.futures_cancel_order(symbol="ETHUSDT", origClientOrderId="rest")
        with pytest.raises(BinanceAPIException) as refused:
            await client.futures_cancel_order(symbol="ETHUSDT", origClientOrderId="rest")
        await client.futures_cancel_all_open_orders(symbol="ETHUSDT")
        stops_left = len(venue.exchange.algos.all_open())
        await client.futures_cancel_all_algo_open_orders(symbol="ETHUSDT")
        countdown = await client.futures_countdown_cancel_all(symbol="ETHUSDT", countdownTime=0)

    assert (batch[0]["status"], cancelled["status"], refused.value.code) == ("NEW", "CANCELED", -2011)
    assert (stops_left, venue.exchange.algos.all_open()) == (1, [])
    assert countdown["countdownTime"] == "0"


async def test_python_binance_watches_the_market_on_its_own_routes() -> None:
    async with a_venue(a_market(2)) as (venue, roots), a_client(roots) as client:
        manager = BinanceSocketManager(client)
        manager.FSTREAM_URL = f"{roots.ws_market}/"
        market = manager.futures_multiplex_socket(["ethusdt@kline_1m", "ethusdt@markPrice@1s"], category="market")
        public = manager.symbol_ticker_futures_socket("ETHUSDT")
        market.TIMEOUT = public.TIMEOUT = 0.05
        async with market as bars, public as quotes, asyncio.timeout(5):
            await venue.run()
            closed: list[dict[str, Any]] = []
            while len(closed) < 2:
                frame = (await bars.recv())["data"]
                closed += [frame["k"]] if frame["e"] == "kline" and frame["k"]["x"] else []
            quote = await quotes.recv()

    assert [float(one["c"]) for one in closed] == [row.close for row in venue.market.rows[0][5:]]
    assert quote.get("data", quote)["e"] == "bookTicker"


async def test_ccxt_trades_here_too() -> None:
    ccxt = pytest.importorskip("ccxt.async_support")
    async with a_venue() as (venue, roots):
        client = ccxt.binanceusdm({"apiKey": KEY, "secret": SECRET, "options": {"fetchCurrencies": False}})
        for kind in ("Public", "Private"):
            for name, version in (("", "v1"), ("V2", "v2"), ("V3", "v3")):
                client.urls["api"][f"fapi{kind}{name}"] = f"{roots.rest}/fapi/{version}"
        client.urls["api"]["sapi"] = f"{roots.rest}/sapi/v1"
        try:
            await client.load_markets()
            order = await client.create_order("ETH/USDT:USDT", "market", "buy", 0.1)
            positions = await client.fetch_positions(["ETH/USDT:USDT"])
        finally:
            await client.close()

    assert order["id"]
    assert [one["contracts"] for one in positions] == [0.1]
    assert len(venue.report()["fills"]) == 1
