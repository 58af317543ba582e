"""Several orders in one request, the countdown that cancels for a silent client, and the listen key (reference 3.2, 3.4)."""

import json
from typing import Any, Final

from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.fills import end_order
from sandbox.exchange.params import Params
from sandbox.exchange.rest_orders import cancel_order, new_order

MOST_PLACED: Final = 5
MOST_CANCELLED: Final = 10


def place_batch(desk: Desk, params: Params) -> Answer:
    """Place up to five orders; each is answered for itself, refusals among them."""
    orders = _list(params, "batchOrders", MOST_PLACED)
    desk.limits.orders_ten_seconds.add(len(orders) - 1, desk.exchange.wire.now_ms())
    rows: list[object] = []
    for order in orders:
        if not isinstance(order, dict):
            raise Refused(-1130, "batchOrders")
        rows.append(_each(desk, Params({name: _text(value) for name, value in order.items()}), new_order))
    return rows


def cancel_batch(desk: Desk, params: Params) -> Answer:
    """Cancel up to ten orders of one symbol by either kind of id."""
    symbol = desk.exchange.contract(params.needed("symbol")).symbol
    name, one = ("orderIdList", "orderId") if params.text("orderIdList") else ("origClientOrderIdList", "origClientOrderId")
    ids = _list(params, name, MOST_CANCELLED)
    return [_each(desk, Params({"symbol": symbol, one: str(each)}), cancel_order) for each in ids]


def countdown_cancel(desk: Desk, params: Params) -> Answer:
    """Cancel a symbol's regular orders after a time of silence, in wire time; 0 switches it off."""
    exchange = desk.exchange
    symbol = exchange.contract(params.needed("symbol")).symbol
    params.needed("countdownTime")
    countdown_ms = params.integer("countdownTime") or 0
    if countdown_ms:
        exchange.countdowns[symbol] = exchange.wire.now_ms() + countdown_ms
    else:
        exchange.countdowns.pop(symbol, None)
    return {"symbol": symbol, "countdownTime": str(countdown_ms)}


def end_countdowns(exchange: Exchange) -> None:
    """Carry out the countdowns that have run down; conditional orders are not touched (reference 3.2: assume no)."""
    now_ms = exchange.wire.now_ms()
    for symbol in [one for one, until_ms in exchange.countdowns.items() if until_ms <= now_ms]:
        del exchange.countdowns[symbol]
        for order in exchange.orders.open_on(symbol):
            end_order(exchange, order, "CANCELED")


def start_key(desk: Desk, params: Params) -> Answer:
    """Give the account's listen key; it needs no parameters (python-binance sends one all the same)."""
    del params
    return {"listenKey": desk.hub.keys.start()}


def extend_key(desk: Desk, params: Params) -> Answer:
    """Extend the live key: -1125 where there is none."""
    del params
    key = desk.hub.keys.extend()
    if not key:
        raise Refused(-1125)
    return {"listenKey": key}


def end_key(desk: Desk, params: Params) -> Answer:
    """End the key for every process that shares it, and tell their sockets."""
    del params
    key = desk.hub.keys.end()
    if key:
        desk.hub.end_key(key)
    return {}


def _each(desk: Desk, params: Params, handler: Any) -> object:
    try:
        answer: object = handler(desk, params)
    except Refused as refused:
        return {"code": refused.code, "msg": refused.text}
    return answer


def _list(params: Params, name: str, most: int) -> list[Any]:
    try:
        found = json.loads(params.needed(name))
    except ValueError:
        raise Refused(-1130, name) from None
    if not isinstance(found, list) or not 1 <= len(found) <= most:
        raise Refused(-1130, name)
    return found


def _text(value: object) -> str:
    return ("false", "true")[value] if isinstance(value, bool) else str(value)
