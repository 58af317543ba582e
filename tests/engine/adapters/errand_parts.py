"""Rows as the exchange lists them, and an errand run against it."""

from typing import Any, Final

from engine.adapters.binance_rest import BinanceRest
from engine.model.messages import Errand
from engine.ports import Event
from tests.engine.adapters.binance_builders import ENTRY_ID, MARKET_MS, a_broker
from tests.engine.adapters.fake_exchange import Answer

ORDER, ALGO, STOPS = "/fapi/v1/order", "/fapi/v1/algoOrder", "/fapi/v1/openAlgoOrders"
DAY: Final = 86_400_000
STOP_ID: Final = "abTabcdefghijklmnop002"


def order(**changes: Any) -> dict[str, Any]:
    body = {
        "orderId": 7,
        "symbol": "BTCUSDT",
        "status": "FILLED",
        "clientOrderId": ENTRY_ID,
        "executedQty": "0.010",
        "origQty": "0.010",
    }
    return {**body, "side": "BUY", "reduceOnly": False, **changes}


def stop(**changes: Any) -> dict[str, Any]:
    row = {"algoId": 4_000_001, "clientAlgoId": STOP_ID, "orderType": "STOP_MARKET", "symbol": "BTCUSDT", "side": "SELL"}
    terms = {"quantity": "0.010", "triggerPrice": "58000.00", "workingType": "MARK_PRICE", "reduceOnly": True}
    return {**row, **terms, "closePosition": False, "algoStatus": "NEW", "actualOrderId": "", **changes}


def trade(number: int, order_id: int = 7, **changes: Any) -> dict[str, Any]:
    return {
        "id": number, "orderId": order_id, "symbol": "BTCUSDT", "side": "BUY", "price": "60000.0", "qty": "0.010",
        "commission": "0.3", "commissionAsset": "USDT", "realizedPnl": "0", "time": MARKET_MS - 1_000 + number, **changes,
    }  # fmt: skip


def refused(code: int, status: int = 400) -> Answer:
    return Answer({"code": code, "msg": "no"}, status=status)


async def told(rest: BinanceRest, errand: Errand) -> Event:
    (event,) = await a_broker(rest).run(errand)
    return event
