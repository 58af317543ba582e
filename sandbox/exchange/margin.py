"""Margin: what is bound, what is left, and at which mark price a position is liquidated (reference 9)."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from sandbox.exchange.account import ZERO, Account, Position
from sandbox.exchange.brackets import bracket_of
from sandbox.exchange.contracts import Contract
from sandbox.exchange.orders import Order

type Marks = Callable[[str], Decimal]
type Contracts = dict[str, Contract]

LIQUIDATION_ROUNDS: Final = 5  # the bracket at the liquidation price is found by iteration; it settles at once


def initial_margin(position: Position, contract: Contract, mark: Decimal) -> Decimal:
    """Margin that an open position binds."""
    return position.notional(contract, mark) / position.leverage


def maintenance_margin(position: Position, contract: Contract, mark: Decimal) -> Decimal:
    """Margin below which it is liquidated."""
    notional = position.notional(contract, mark)
    if not notional:
        return ZERO
    row = bracket_of(contract.brackets, notional)
    return notional * row.rate - row.amount


def order_margin(position: Position, contract: Contract, orders: Iterable[Order]) -> Decimal:
    """Margin that a symbol's resting orders bind: the larger side counts, what only reduces is free."""
    waiting = {1: ZERO, -1: ZERO}
    for order in orders:
        if not order.reduce_only and not order.close_position:
            waiting[order.side] += contract.quantity(order.left_lots) * contract.price(order.price_ticks)
    if position.lots:
        waiting[-position.side] = max(ZERO, waiting[-position.side] - position.cost)
    return max(waiting.values()) / position.leverage


def cross_unrealised(account: Account, contracts: Contracts, marks: Marks) -> Decimal:
    """Sum the open results of the cross positions."""
    cross = (position for position in account.positions.values() if position.lots and not position.isolated)
    return sum((one.unrealised(contracts[one.symbol], marks(one.symbol)) for one in cross), ZERO)


def available(account: Account, contracts: Contracts, marks: Marks, orders: Iterable[Order]) -> Decimal:
    """What may still be bound: cross wallet + open cross results - margin of cross positions - margin of orders."""
    left = account.cross_wallet + cross_unrealised(account, contracts, marks)
    by_symbol: dict[str, list[Order]] = {}
    for order in orders:
        by_symbol.setdefault(order.symbol, []).append(order)
    for symbol, position in account.positions.items():
        if position.lots and not position.isolated:
            left -= initial_margin(position, contracts[symbol], marks(symbol))
        if symbol in by_symbol:
            left -= order_margin(position, contracts[symbol], by_symbol[symbol])
    return left


def liquidation_price(account: Account, contracts: Contracts, marks: Marks, symbol: str) -> Decimal:
    """Solve for the mark at which the margin balance equals the maintenance margin; 0 where there is none."""
    position, contract = account.positions[symbol], contracts[symbol]
    if not position.lots:
        return ZERO
    wallet = position.isolated_wallet if position.isolated else _cross_balance(account, contracts, marks, symbol)
    quantity, side = contract.quantity(abs(position.lots)), position.side
    price = marks(symbol)
    for _ in range(LIQUIDATION_ROUNDS):
        row = bracket_of(contract.brackets, quantity * price)
        found = (wallet + row.amount - side * position.cost) / (quantity * row.rate - side * quantity)
        if found <= 0:
            return ZERO
        if bracket_of(contract.brackets, quantity * found) is row:
            return found
        price = found
    return price


def is_under_water(account: Account, contracts: Contracts, marks: Marks, symbol: str) -> bool:
    """Say whether the margin balance has come down to the maintenance margin."""
    position, contract = account.positions[symbol], contracts[symbol]
    if not position.lots:
        return False
    if position.isolated:
        mark = marks(symbol)
        balance = position.isolated_wallet + position.unrealised(contract, mark)
        return balance <= maintenance_margin(position, contract, mark)
    cross = [one for one in account.positions.values() if one.lots and not one.isolated]
    needed = sum((maintenance_margin(one, contracts[one.symbol], marks(one.symbol)) for one in cross), ZERO)
    return account.cross_wallet + cross_unrealised(account, contracts, marks) <= needed


def _cross_balance(account: Account, contracts: Contracts, marks: Marks, symbol: str) -> Decimal:
    balance = account.cross_wallet
    for other in account.positions.values():
        if other.lots and not other.isolated and other.symbol != symbol:
            contract, mark = contracts[other.symbol], marks(other.symbol)
            balance += other.unrealised(contract, mark) - maintenance_margin(other, contract, mark)
    return balance
