"""A conditional order fires: TRIGGERING, a child order with an id of its own, TRIGGERED, FINISHED (reference 3.3)."""

from decimal import Decimal

from sandbox.exchange.contracts import TRIGGER_PROTECT
from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.fills import end_algo
from sandbox.exchange.intake import check_margin
from sandbox.exchange.matching import execute
from sandbox.exchange.news import algo_update, child_type
from sandbox.exchange.orders import AlgoOrder, Order


def track_ticks(exchange: Exchange, algo: AlgoOrder) -> float:
    """Give the price that a conditional order watches: last or mark, in ticks."""
    board = exchange.board(algo.symbol)
    return board.mark_ticks if algo.working_type == "MARK_PRICE" else board.last


def fire(exchange: Exchange, algo: AlgoOrder) -> None:
    """Trigger an order now; margin and position are looked at only here, and a refusal is told as REJECTED with `rm`."""
    algo.triggered_ms = algo.updated_ms = exchange.clock.now_ms
    algo.status = "TRIGGERING"
    exchange.tell(algo_update(exchange, algo))
    child = _child(exchange, algo)
    try:
        _check_child(exchange, child)
    except Refused as refused:
        end_algo(exchange, algo, "REJECTED", refused.text)
        return
    algo.status, algo.child_id = "TRIGGERED", child.id
    exchange.algos.settle(algo)
    exchange.tell(algo_update(exchange, algo))
    execute(exchange, child)


def _child(exchange: Exchange, algo: AlgoOrder) -> Order:
    contract, position = exchange.contracts[algo.symbol], exchange.position(algo.symbol)
    lots = abs(position.lots) if algo.close_position else algo.lots
    keeps_id = exchange.config.child_keeps_client_id  # reference 12 #4: which of the two is an open question
    return Order(
        id=exchange.ids.next_order(),
        client_id=algo.client_id if keeps_id else exchange.ids.next_client("algo_"),
        symbol=algo.symbol,
        side=algo.side,
        type=child_type(algo),
        time_in_force="GTC" if algo.time_in_force == "GTE_GTC" else algo.time_in_force,
        lots=lots,
        price_ticks=algo.price_ticks,
        reduce_only=algo.reduce_only,
        close_position=algo.close_position,
        created_ms=exchange.clock.now_ms,
        updated_ms=exchange.clock.now_ms,
        original_type=algo.type,
        stop_text=contract.price_text(algo.trigger_ticks) if algo.trigger_ticks else "0",
        working_type=algo.working_type,
        algo_id=algo.id,
    )


def _check_child(exchange: Exchange, child: Order) -> None:
    if child.reduce_only:
        position = exchange.position(child.symbol)
        if position.side != -child.side:
            raise Refused(-2022)
        child.lots = min(child.lots, abs(position.lots))
    check_margin(exchange, child)


def may_fire(exchange: Exchange, algo: AlgoOrder) -> bool:
    """`priceProtect` lets an order fire only while last and mark are close to each other (reference 3.3)."""
    if not algo.price_protect:
        return True
    board = exchange.board(algo.symbol)
    gap = abs(Decimal(board.last) - Decimal(board.mark_ticks)) / Decimal(board.mark_ticks)
    return gap <= TRIGGER_PROTECT
