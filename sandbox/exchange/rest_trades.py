"""The newest trades of the market over REST, for the holes of `aggTrade`; and the order limits that apply."""

from typing import Any, Final

from sandbox.exchange.board import Trade
from sandbox.exchange.contracts import Contract
from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.params import Params

MAX_SPAN_MS: Final = 3_600_000


def aggregate_trades(desk: Desk, params: Params) -> Answer:
    """Trades from an id on, or between two times at most an hour apart, or the newest."""
    contract = desk.exchange.contract(params.needed("symbol"))
    trades = list(desk.exchange.boards[contract.symbol].trades)
    from_id, count = params.integer("fromId"), params.limit(500, 1000)
    first, last = params.integer("startTime"), params.integer("endTime")
    if from_id is not None:
        if first is not None or last is not None:
            raise Refused(-1128)
        return [_row(contract, trade) for trade in trades if trade.id >= from_id][:count]
    if first is not None and last is not None and last - first > MAX_SPAN_MS:
        raise Refused(-1127)
    kept = [one for one in trades if (first is None or one.time_ms >= first) and (last is None or one.time_ms <= last)]
    return [_row(contract, trade) for trade in (kept[:count] if first is not None else kept[-count:])]


def order_limits(desk: Desk, params: Params) -> Answer:
    """How many orders may be sent in which time."""
    del params
    return [row for row in desk.limits.published() if row["rateLimitType"] == "ORDERS"]


def _row(contract: Contract, trade: Trade) -> dict[str, Any]:
    text = contract.quantity_text(trade.lots)
    return {
        "a": trade.id,
        "p": contract.price_text(trade.ticks),
        "q": text,
        "nq": text,
        "f": trade.id,
        "l": trade.id,
        "T": trade.time_ms,
        "m": trade.seller_is_aggressive,
    }
