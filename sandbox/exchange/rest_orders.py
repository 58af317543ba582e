"""Regular orders over REST (reference 3.2)."""

from typing import Any, Final

from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.fills import end_order
from sandbox.exchange.intake import read_order
from sandbox.exchange.matching import crosses, execute
from sandbox.exchange.news import average_text, number_text
from sandbox.exchange.orders import SIDE_TEXT, Order
from sandbox.exchange.params import Params
from sandbox.exchange.windows import find_rows
from sandbox.market.intervals import DAY_MS

FORGOTTEN_UNFILLED_MS: Final = 3 * DAY_MS  # reference 3.2: no longer found by a query
FORGOTTEN_MS: Final = 90 * DAY_MS
DONE: Final = {"code": 200, "msg": "The operation of cancel all open order is done."}


def new_order(desk: Desk, params: Params) -> Answer:
    """Check, match, answer. ACK answers before the match, RESULT after it; neither tells the fill price any more."""
    exchange = desk.exchange
    order = _checked(exchange, params)
    order.id = exchange.ids.next_order()
    acknowledged = placed_row(exchange, order)
    execute(exchange, order)
    if params.text("newOrderRespType") == "RESULT":
        return placed_row(exchange, order)
    return acknowledged


def test_order(desk: Desk, params: Params) -> Answer:
    """Every check of a new order, without the order."""
    _checked(desk.exchange, params)
    return {}


def query_order(desk: Desk, params: Params) -> Answer:
    """One order by either id: -2013."""
    order = _find(desk.exchange, params)
    if order is None or is_forgotten(desk.exchange, order):
        raise Refused(-2013)
    return order_row(desk.exchange, order)


def query_open_order(desk: Desk, params: Params) -> Answer:
    """One order that is still open: -2013."""
    order = _find(desk.exchange, params)
    if order is None or not order.is_open:
        raise Refused(-2013)
    return order_row(desk.exchange, order)


def cancel_order(desk: Desk, params: Params) -> Answer:
    """Cancel one order: -2011 where it is not open in this book."""
    order = _find(desk.exchange, params)
    if order is None or not order.is_open:
        raise Refused(-2011)
    end_order(desk.exchange, order, "CANCELED")
    return placed_row(desk.exchange, order)


def cancel_all(desk: Desk, params: Params) -> Answer:
    """Cancel a symbol's regular orders; conditional ones have an endpoint of their own (reference 3.2)."""
    contract = desk.exchange.contract(params.needed("symbol"))
    for order in desk.exchange.orders.open_on(contract.symbol):
        end_order(desk.exchange, order, "CANCELED")
    return dict(DONE)


def open_orders(desk: Desk, params: Params) -> Answer:
    """Open regular orders of one symbol, or of all."""
    symbol = params.text("symbol")
    if symbol is not None:
        desk.exchange.contract(symbol)
    found = desk.exchange.orders.all_open() if symbol is None else desk.exchange.orders.open_on(symbol)
    return [order_row(desk.exchange, order) for order in found]


def all_orders(desk: Desk, params: Params) -> Answer:
    """Orders of any state by time or from an id on; the symbol is optional since August 2026."""
    exchange = desk.exchange
    symbol = params.text("symbol")
    if symbol is not None:
        exchange.contract(symbol)
    orders = (order for order in exchange.orders.by_id.values() if symbol in (None, order.symbol))
    kept = (order for order in orders if not is_forgotten(exchange, order))
    found = find_rows(
        exchange, params, kept, time_of=lambda order: order.created_ms, id_of=lambda order: order.id, id_name="orderId"
    )
    return [order_row(exchange, order) for order in found]


def placed_row(exchange: Exchange, order: Order) -> dict[str, Any]:
    """The answer of POST and DELETE: without avgPrice and cumQuote since July 2026, unless switched back."""
    contract = exchange.contracts[order.symbol]
    row: dict[str, Any] = {
        "orderId": order.id,
        "symbol": order.symbol,
        "status": order.status,
        "clientOrderId": order.client_id,
        "price": contract.price_text(order.price_ticks) if order.price_ticks else "0",
        "origQty": contract.quantity_text(order.lots),
        "executedQty": contract.quantity_text(order.filled_lots),
        "cumQty": contract.quantity_text(order.filled_lots),
        "timeInForce": order.time_in_force,
        "type": order.type,
        "reduceOnly": order.reduce_only,
        "closePosition": order.close_position,
        "side": SIDE_TEXT[order.side],
        "positionSide": "BOTH",
        "stopPrice": order.stop_text,
        "workingType": order.working_type,
        "priceProtect": False,
        "origType": order.original_type or order.type,
        "priceMatch": "NONE",
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "goodTillDate": 0,
        "updateTime": order.updated_ms,
        "zz": "",
    }
    if exchange.config.legacy_order_fields:
        row |= {"avgPrice": average_text(exchange, order), "cumQuote": number_text(order.quote)}
    return row


def order_row(exchange: Exchange, order: Order) -> dict[str, Any]:
    """The answer of the queries, with the average price, the money and both times."""
    return placed_row(exchange, order) | {
        "avgPrice": average_text(exchange, order),
        "cumQuote": number_text(order.quote),
        "time": order.created_ms,
        "updateTime": order.updated_ms,
    }


def is_forgotten(exchange: Exchange, order: Order) -> bool:
    """Ended without a fill more than 3 days ago, or anything older than 90 days: no longer found (reference 3.2)."""
    age_ms = exchange.clock.now_ms - order.updated_ms
    return not order.is_open and (age_ms > FORGOTTEN_MS or (age_ms > FORGOTTEN_UNFILLED_MS and not order.filled_lots))


def _checked(exchange: Exchange, params: Params) -> Order:
    """The checks of `intake`, and the two kinds that must not or must trade at once: -5021, -5022."""
    order = read_order(exchange, params)
    if order.type == "LIMIT":
        trades = crosses(exchange, order)
        if order.time_in_force == "FOK" and not trades:
            raise Refused(-5021)
        if order.time_in_force == "GTX" and trades:
            raise Refused(-5022)
    return order


def _find(exchange: Exchange, params: Params) -> Order | None:
    symbol = exchange.contract(params.needed("symbol")).symbol
    order_id, client_id = params.integer("orderId"), params.text("origClientOrderId")
    if order_id is None and client_id is None:
        raise Refused(-1102, "orderId")
    order = exchange.orders.find(order_id, client_id)
    return order if order is not None and order.symbol == symbol else None
