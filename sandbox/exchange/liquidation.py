"""Forced closes: liquidation when the margin is used up, and auto-deleveraging (reference 9).

The venue closes the whole position in one go, and a part of it only where it is told to. It asks no trading fee for it
but the clearance fee, and its insurance fund pays what an isolated position cannot.
"""

from sandbox.exchange.account import ZERO, Position, money
from sandbox.exchange.contracts import LIQUIDATION_FEE
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.fills import after_fills, end_order, fill
from sandbox.exchange.margin import is_under_water, maintenance_margin
from sandbox.exchange.news import account_update, margin_call, order_update
from sandbox.exchange.orders import EXPIRED_LIQUIDATION, Order


def check_margins(exchange: Exchange) -> None:
    """Liquidate whatever is under water where the market stands now."""
    for symbol in exchange.account.positions:
        if is_under_water(exchange.account, exchange.contracts, exchange.mark, symbol):
            liquidate(exchange, symbol)


def liquidate(exchange: Exchange, symbol: str, lots: int = 0) -> None:
    """Cancel the symbol's orders, close the position, or `lots` of it, at the market, and settle with the insurance fund."""
    position, contract = exchange.position(symbol), exchange.contracts[symbol]
    exchange.tell(margin_call(exchange, position, maintenance_margin(position, contract, exchange.mark(symbol))))
    for resting in exchange.orders.open_on(symbol):
        end_order(exchange, resting, "EXPIRED", EXPIRED_LIQUIDATION)
    lots = lots or abs(position.lots)
    notional = position.notional(contract, exchange.mark(symbol)) * lots / abs(position.lots)
    isolated = position.isolated
    wallet = position.isolated_wallet if isolated else exchange.account.cross_wallet
    before = exchange.account.wallet
    ticks = exchange.board(symbol).fill_ticks(-position.side)
    _close(exchange, position, f"autoclose-{exchange.clock.now_ms}", ticks, lots)
    left = wallet + exchange.account.wallet - before
    fee = min(money(notional * LIQUIDATION_FEE), max(left, ZERO))
    change = -fee if left >= 0 else -left  # below zero the insurance fund pays
    if change:
        exchange.credit("INSURANCE_CLEAR", symbol, change)
        exchange.tell(account_update(exchange, "INSURANCE_CLEAR", (symbol,) if isolated else (), change))


def deleverage(exchange: Exchange, symbol: str) -> None:
    """Close a position for somebody else's bankruptcy: no fee, open orders of the symbol cancelled."""
    for resting in exchange.orders.open_on(symbol):
        end_order(exchange, resting, "EXPIRED", EXPIRED_LIQUIDATION)
    position = exchange.position(symbol)
    _close(exchange, position, "adl_autoclose", exchange.board(symbol).last, abs(position.lots))


def _close(exchange: Exchange, position: Position, client_id: str, ticks: int, lots: int) -> None:
    order = Order(
        id=exchange.ids.next_order(),
        client_id=client_id,
        symbol=position.symbol,
        side=-position.side,
        type="LIQUIDATION",
        time_in_force="IOC",
        lots=lots,
        price_ticks=ticks,
        reduce_only=False,
        close_position=False,
        created_ms=exchange.clock.now_ms,
        updated_ms=exchange.clock.now_ms,
        original_type="LIQUIDATION",
        is_forced=True,
    )
    exchange.orders.add(order)
    exchange.ledger.order_wire_ms[order.id] = exchange.wire.now_ms()
    exchange.tell(order_update(exchange, order, "CALCULATED"))  # reference 6: the first event of a forced close shows X=NEW
    fill(exchange, order, order.lots, ticks, is_maker=False, rate=ZERO)
    after_fills(exchange, order)
