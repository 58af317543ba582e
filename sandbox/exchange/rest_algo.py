"""Conditional orders over REST: a book of their own in every query, cancel and limit (reference 3.3)."""

from typing import Any, Final

from sandbox.exchange.algo_intake import read_algo
from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.fills import end_algo
from sandbox.exchange.news import algo_update, child_type, number_text
from sandbox.exchange.orders import SIDE_TEXT, AlgoOrder
from sandbox.exchange.params import Params
from sandbox.exchange.rest_orders import FORGOTTEN_MS, FORGOTTEN_UNFILLED_MS
from sandbox.exchange.windows import find_rows

DONE: Final = {"code": 200, "msg": "The operation of cancel all open order is done."}


def new_algo(desk: Desk, params: Params) -> Answer:
    """Place a conditional order."""
    exchange = desk.exchange
    algo = read_algo(exchange, params)
    algo.id = exchange.ids.next_algo()
    exchange.algos.add(algo)
    exchange.ledger.order_wire_ms[algo.id] = exchange.wire.now_ms()
    exchange.tell(algo_update(exchange, algo))
    exchange.watch_cover(algo.symbol)
    return algo_row(exchange, algo)


def cancel_algo(desk: Desk, params: Params) -> Answer:
    """Cancel one: -2011 where it is no longer waiting. The code in the answer is a text here (reference 3.3)."""
    algo = _find(desk.exchange, params)
    if algo is None or not algo.is_open:
        raise Refused(-2011)
    end_algo(desk.exchange, algo, "CANCELED")
    return {"algoId": algo.id, "clientAlgoId": algo.client_id, "code": "200", "msg": "success"}


def cancel_all_algo(desk: Desk, params: Params) -> Answer:
    """Cancel a symbol's conditional orders."""
    contract = desk.exchange.contract(params.needed("symbol"))
    for algo in desk.exchange.algos.open_on(contract.symbol):
        end_algo(desk.exchange, algo, "CANCELED")
    return dict(DONE)


def query_algo(desk: Desk, params: Params) -> Answer:
    """One conditional order by either id: -2013."""
    algo = _find(desk.exchange, params)
    if algo is None or is_forgotten(desk.exchange, algo):
        raise Refused(-2013)
    return queried_row(desk.exchange, algo)


def open_algos(desk: Desk, params: Params) -> Answer:
    """Those that still wait for their trigger."""
    symbol, wanted = params.text("symbol"), params.integer("algoId")
    if symbol is not None:
        desk.exchange.contract(symbol)
    found = desk.exchange.algos.all_open() if symbol is None else desk.exchange.algos.open_on(symbol)
    return [queried_row(desk.exchange, algo) for algo in found if wanted in (None, algo.id)]


def all_algos(desk: Desk, params: Params) -> Answer:
    """Those of any state, by time or from an id on."""
    exchange = desk.exchange
    symbol = exchange.contract(params.needed("symbol")).symbol
    kept = (algo for algo in exchange.algos.by_id.values() if algo.symbol == symbol and not is_forgotten(exchange, algo))
    found = find_rows(
        exchange, params, kept, time_of=lambda algo: algo.created_ms, id_of=lambda algo: algo.id, id_name="algoId"
    )
    return [queried_row(exchange, algo) for algo in found]


def algo_row(exchange: Exchange, algo: AlgoOrder) -> dict[str, Any]:
    """The answer of POST."""
    contract = exchange.contracts[algo.symbol]
    trails = algo.type == "TRAILING_STOP_MARKET"
    return {
        "algoId": algo.id,
        "clientAlgoId": algo.client_id,
        "algoType": "CONDITIONAL",
        "orderType": algo.type,
        "symbol": algo.symbol,
        "side": SIDE_TEXT[algo.side],
        "positionSide": "BOTH",
        "timeInForce": algo.time_in_force,
        "quantity": contract.quantity_text(algo.lots),
        "algoStatus": algo.status,
        "triggerPrice": contract.price_text(algo.trigger_ticks),
        "price": contract.price_text(algo.price_ticks),
        "icebergQuantity": None,
        "selfTradePreventionMode": "EXPIRE_MAKER",
        "workingType": algo.working_type,
        "priceMatch": "NONE",
        "closePosition": algo.close_position,
        "priceProtect": algo.price_protect,
        "reduceOnly": algo.reduce_only,
        "activatePrice": contract.price_text(algo.activate_ticks) if trails else "",
        "callbackRate": number_text(algo.callback) if trails else "",
        "createTime": algo.created_ms,
        "updateTime": algo.updated_ms,
        "triggerTime": algo.triggered_ms,
        "goodTillDate": 0,
        "zz": "",
    }


def queried_row(exchange: Exchange, algo: AlgoOrder) -> dict[str, Any]:
    """The answer of the queries: the child order's id is empty until there is one."""
    row = algo_row(exchange, algo) | {
        "actualOrderId": "" if algo.child_id is None else str(algo.child_id),
        "actualPrice": algo.child_price,
    }
    if algo.child_id is not None:
        row |= {"actualType": child_type(algo), "actualQty": algo.child_quantity}
    return row


def is_forgotten(exchange: Exchange, algo: AlgoOrder) -> bool:
    """The same 3 and 90 day rule as for regular orders (reference 3.3)."""
    age_ms = exchange.clock.now_ms - algo.updated_ms
    unfilled = algo.child_id is None
    return not algo.is_open and (age_ms > FORGOTTEN_MS or (age_ms > FORGOTTEN_UNFILLED_MS and unfilled))


def _find(exchange: Exchange, params: Params) -> AlgoOrder | None:
    algo_id, client_id = params.integer("algoId"), params.text("clientAlgoId")
    if algo_id is None and client_id is None:
        raise Refused(-1102, "algoId")
    return exchange.algos.find(algo_id, client_id)
