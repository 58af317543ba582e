"""Orders in Binance's words: which request places one, and with which parameters.

Market orders go to the order book, everything with a trigger to the Algo Service (the book answers -4120 to it).
"""

from typing import Final

from engine.adapters.binance_answers import plain
from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import Call
from engine.model.orders import ApprovedOrder, Role
from engine.model.signals import Side

ORDER_PATH: Final = "/fapi/v1/order"
ALGO_PATH: Final = "/fapi/v1/algoOrder"


def placing(order: ApprovedOrder) -> tuple[Call, dict[str, str]]:
    """The request that places an order."""
    if order.trigger_price is None:
        need = Need.EXIT if order.reduce_only else Need.ENTRY
        return Call("POST", ORDER_PATH, need, is_signed=True), _market(order)
    return Call("POST", ALGO_PATH, Need.EXIT, is_signed=True), _conditional(order)


def trying(order: ApprovedOrder) -> tuple[Call, dict[str, str]]:
    """The request that has a market order checked by the exchange and then forgotten."""
    return Call("POST", f"{ORDER_PATH}/test", Need.RECONCILE, is_signed=True), _market(order)


def _market(order: ApprovedOrder) -> dict[str, str]:
    assert order.quantity is not None, "a market order has a quantity: the book knows no closePosition"
    params = {
        "symbol": order.symbol,
        "side": _side(order),
        "type": "MARKET",
        "quantity": plain(order.quantity),
        "newClientOrderId": order.client_id,
        "newOrderRespType": "RESULT",
    }
    return {**params, "reduceOnly": "true"} if order.reduce_only else params


def _conditional(order: ApprovedOrder) -> dict[str, str]:
    assert order.trigger_price is not None
    assert order.trigger_by is not None
    assert order.reduce_only, "a conditional order that may open a position is not ours"
    params = {
        "algoType": "CONDITIONAL",
        "symbol": order.symbol,
        "side": _side(order),
        "type": "TAKE_PROFIT_MARKET" if order.role is Role.TARGET else "STOP_MARKET",
        "timeInForce": "GTC",
        "triggerPrice": plain(order.trigger_price),
        "workingType": order.trigger_by.value,
        "priceProtect": "false",  # it would hold a stop back exactly in a crash
        "clientAlgoId": order.client_id,
    }
    if order.quantity is None:
        return {**params, "closePosition": "true"}
    return {**params, "quantity": plain(order.quantity), "reduceOnly": "true"}


def _side(order: ApprovedOrder) -> str:
    return "BUY" if order.side is Side.LONG else "SELL"
