"""What a fill changes besides the order: money, position, books, and every order that lived only with the position."""

from decimal import Decimal

from sandbox.exchange.exchange import Exchange
from sandbox.exchange.ledger import Fill
from sandbox.exchange.news import account_update, algo_update, order_update, trade_lite
from sandbox.exchange.orders import EXPIRED_REDUCE_ONLY, AlgoOrder, Order


def fill(exchange: Exchange, order: Order, lots: int, ticks: int, *, is_maker: bool, rate: Decimal | None = None) -> Fill:
    """Trade `lots` of an order at a price: the wallet moves, three events tell it (reference 6).

    It has a transaction time of its own, which its position's `updateTime` repeats: that tells which fills a read holds.
    """
    contract, account, now_ms = exchange.contracts[order.symbol], exchange.account, exchange.clock.transaction_ms()
    price, quantity = contract.price(ticks), contract.quantity(lots)
    if rate is None:
        rate = exchange.config.maker_rate if is_maker else exchange.config.taker_rate
    change = account.fill(contract, order.side, lots, price, rate, now_ms)
    order.filled_lots += lots
    order.quote += price * quantity
    order.status = "FILLED" if order.left_lots == 0 else "PARTIALLY_FILLED"
    order.updated_ms = now_ms
    done = Fill(
        trade_id=exchange.ids.next_trade(),
        order_id=order.id,
        client_id=order.client_id,
        symbol=order.symbol,
        side=order.side,
        price=price,
        quantity=quantity,
        realised=change.realised,
        commission=change.commission,
        is_maker=is_maker,
        after_id=exchange.ids.transfer,
        time_ms=now_ms,
        wire_ms=exchange.wire.now_ms(),
    )
    exchange.ledger.fills.append(done)
    if change.realised:
        exchange.credit("REALIZED_PNL", order.symbol, change.realised, done.trade_id, moves=False)
    if change.commission:
        exchange.credit("COMMISSION", order.symbol, -change.commission, done.trade_id, moves=False)
    exchange.orders.settle(order)
    exchange.tell(trade_lite(exchange, order, done))
    exchange.tell(order_update(exchange, order, "TRADE", done))
    exchange.tell(account_update(exchange, "ORDER", (order.symbol,)))
    return done


def accept(exchange: Exchange, order: Order) -> None:
    """Take an order into the book and tell it."""
    exchange.orders.add(order)
    exchange.ledger.order_wire_ms[order.id] = exchange.wire.now_ms()
    exchange.tell(order_update(exchange, order, "NEW"))


def end_order(exchange: Exchange, order: Order, status: str, expiry: int = 0) -> None:
    """Cancel or expire what is left of an order."""
    order.status, order.expiry, order.updated_ms = status, expiry, exchange.clock.now_ms
    exchange.orders.settle(order)
    exchange.tell(order_update(exchange, order, status))
    _finish_parent(exchange, order)


def end_algo(exchange: Exchange, algo: AlgoOrder, status: str, reason: str = "") -> None:
    """Cancel, expire or reject a conditional order."""
    algo.status, algo.reason, algo.updated_ms = status, reason, exchange.clock.now_ms
    exchange.algos.settle(algo)
    exchange.tell(algo_update(exchange, algo))
    exchange.watch_cover(algo.symbol)


def after_fills(exchange: Exchange, order: Order) -> None:
    """Let everything follow that depends on the new position; called once per order, after its last fill."""
    if not order.is_open:
        _finish_parent(exchange, order)
    position = exchange.position(order.symbol)
    if exchange.config.close_position_expires:
        for algo in exchange.algos.open_on(order.symbol):
            if algo.needs_position and algo.side != -position.side:
                end_algo(exchange, algo, "EXPIRED")  # reference 3.3: depends on the position only, since Dec 2025
    for resting in exchange.orders.open_on(order.symbol):
        if resting.reduce_only and resting.side != -position.side:
            end_order(exchange, resting, "EXPIRED", EXPIRED_REDUCE_ONLY)  # reference 4: `er` 4
    exchange.watch_cover(order.symbol)


def _finish_parent(exchange: Exchange, order: Order) -> None:
    """FINISHED says that the child is final, filled or not (reference 3.3)."""
    algo = exchange.algos.by_id.get(order.algo_id) if order.algo_id is not None else None
    if algo is None or algo.status != "TRIGGERED" or order.is_open:
        return
    contract = exchange.contracts[order.symbol]
    algo.status, algo.updated_ms = "FINISHED", exchange.clock.now_ms
    algo.child_quantity = contract.quantity_text(order.filled_lots)
    if order.filled_lots:
        average = order.quote / contract.quantity(order.filled_lots)
        algo.child_price = format(average.quantize(contract.tick.scaleb(-4)), "f")
    exchange.tell(algo_update(exchange, algo))
