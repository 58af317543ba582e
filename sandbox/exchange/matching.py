"""Matching: what a new order does against the book, and what a resting one does when the price comes to it (reference 4, 9)."""

from collections.abc import Iterator

from sandbox.exchange.exchange import Exchange
from sandbox.exchange.fills import accept, after_fills, end_order, fill
from sandbox.exchange.orders import EXPIRED_IOC, EXPIRED_REDUCE_ONLY, EXPIRED_UNFILLABLE, Order


def execute(exchange: Exchange, order: Order) -> None:
    """Take in a checked order and match it at once as far as it goes."""
    accept(exchange, order)
    if order.type == "MARKET":
        _take(exchange, order, limit_ticks=0)
        if order.is_open:
            end_order(exchange, order, "EXPIRED", _market_expiry(exchange, order))
    else:
        if crosses(exchange, order):
            _take(exchange, order, limit_ticks=order.price_ticks)
        if order.is_open and order.time_in_force in ("IOC", "FOK"):
            end_order(exchange, order, "EXPIRED", EXPIRED_IOC)
    after_fills(exchange, order)


def crosses(exchange: Exchange, order: Order) -> bool:
    """Say whether a limit order would trade at once."""
    board = exchange.board(order.symbol)
    return order.price_ticks >= board.ask if order.side > 0 else order.price_ticks <= board.bid


def fill_resting(exchange: Exchange, order: Order) -> None:
    """Fill a resting limit order at its own price: the market has traded through it."""
    lots = _fillable(exchange, order, order.left_lots)
    if lots:
        fill(exchange, order, lots, order.price_ticks, is_maker=True)
    if order.is_open:
        end_order(exchange, order, "EXPIRED", EXPIRED_REDUCE_ONLY)
    after_fills(exchange, order)


def through_ticks(order: Order) -> int:
    """Say at which last price a resting limit order counts as traded through: one tick beyond it."""
    return order.price_ticks - order.side


def _take(exchange: Exchange, order: Order, *, limit_ticks: int) -> None:
    board = exchange.board(order.symbol)
    for worse, lots in enumerate(_portions(exchange, order)):
        ticks = max(1, board.fill_ticks(order.side) + order.side * worse)
        if limit_ticks:
            ticks = min(limit_ticks, ticks) if order.side > 0 else max(limit_ticks, ticks)
        fill(exchange, order, lots, ticks, is_maker=False)


def _portions(exchange: Exchange, order: Order) -> Iterator[int]:
    """Split what may be filled into the configured number of fills; each later one is a tick worse."""
    whole = _fillable(exchange, order, order.left_lots)
    if exchange.thin_fills and order.type == "MARKET":
        exchange.thin_fills -= 1
        whole = whole // 2  # a thin book (reference 4: MARKET may end EXPIRED with a partial fill)
    count = min(exchange.config.fills_per_order, whole) or 1
    share, rest = divmod(whole, count)
    yield from (lots for number in range(count) if (lots := share + (number < rest)))


def _fillable(exchange: Exchange, order: Order, lots: int) -> int:
    """Cut a reduce-only order to the position at the moment of the match, not only on arrival (reliability 4.2)."""
    if not order.reduce_only:
        return lots
    position = exchange.position(order.symbol)
    return min(lots, abs(position.lots)) if position.side == -order.side else 0


def _market_expiry(exchange: Exchange, order: Order) -> int:
    gone = order.reduce_only and exchange.position(order.symbol).side != -order.side
    return EXPIRED_REDUCE_ONLY if gone else EXPIRED_UNFILLABLE
