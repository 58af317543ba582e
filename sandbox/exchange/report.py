"""What the venue says about a run: its own books, and what they add up to. Amounts are text, exact to the last digit."""

import hashlib
import json
from typing import Any

from sandbox.exchange.exchange import Exchange
from sandbox.exchange.ledger import fill_row, income_row
from sandbox.exchange.news import average_text, money_text, number_text
from sandbox.exchange.orders import SIDE_TEXT, AlgoOrder, Order
from sandbox.exchange.round_trips import round_trips, trip_row


def make_report(exchange: Exchange, symbols: tuple[str, ...]) -> dict[str, Any]:
    """Put the report together."""
    ledger, account = exchange.ledger, exchange.account
    orders = [_order_row(exchange, order) for order in exchange.orders.by_id.values()]
    stops = [_algo_row(exchange, algo) for algo in exchange.algos.by_id.values()]
    fills, incomes = [fill_row(one) for one in ledger.fills], [income_row(one) for one in ledger.incomes]
    return {
        "market_ms": exchange.clock.now_ms,
        "wallet_start": str(account.start),
        "wallet_end": str(account.wallet),
        "totals": ledger.totals(symbols),
        "trades": [trip_row(trip) for trip in round_trips(ledger.fills, ledger.incomes)],
        "orders": orders,
        "algo_orders": stops,
        "fills": fills,
        "incomes": incomes,
        "open_positions": open_positions(exchange),
        "open_orders": [row for row in (*orders, *stops) if row["is_open"]],
        **exchange.cover.report(exchange.clock.now_ms),
        "requests": [
            {"method": method, "path": path, "status": status, "count": count}
            for (method, path, status), count in sorted(ledger.requests.items())
        ],
        "ledger_hash": _hash((account.start, orders, stops, fills, incomes)),
    }


def open_positions(exchange: Exchange) -> list[dict[str, Any]]:
    """Give every position that is not flat; the quantity carries its sign."""
    rows = []
    for position in exchange.account.positions.values():
        if position.lots:
            contract = exchange.contracts[position.symbol]
            unrealised = position.unrealised(contract, exchange.mark(position.symbol))
            rows.append(
                {
                    "symbol": position.symbol,
                    "quantity": contract.quantity_text(position.lots),
                    "entry_price": number_text(position.entry_price(contract)),
                    "unrealised": money_text(unrealised),
                }
            )
    return rows


def _order_row(exchange: Exchange, order: Order) -> dict[str, Any]:
    contract = exchange.contracts[order.symbol]
    return {
        "id": order.id,
        "client_id": order.client_id,
        "symbol": order.symbol,
        "side": SIDE_TEXT[order.side],
        "type": order.type,
        "status": order.status,
        "is_open": order.is_open,
        "quantity": contract.quantity_text(order.lots),
        "filled": contract.quantity_text(order.filled_lots),
        "average": average_text(exchange, order),
        "price": contract.price_text(order.price_ticks),
        "reduce_only": order.reduce_only,
        "close_position": order.close_position,
        "expiry": order.expiry,
        "algo_id": order.algo_id,
        "is_forced": order.is_forced,
        "time_ms": order.created_ms,
        "updated_ms": order.updated_ms,
        "wire_ms": exchange.ledger.order_wire_ms.get(order.id),
    }


def _algo_row(exchange: Exchange, algo: AlgoOrder) -> dict[str, Any]:
    contract = exchange.contracts[algo.symbol]
    return {
        "id": algo.id,
        "client_id": algo.client_id,
        "symbol": algo.symbol,
        "side": SIDE_TEXT[algo.side],
        "type": algo.type,
        "status": algo.status,
        "is_open": algo.is_open,
        "quantity": contract.quantity_text(algo.lots),
        "trigger": contract.price_text(algo.trigger_ticks),
        "working_type": algo.working_type,
        "reduce_only": algo.reduce_only,
        "close_position": algo.close_position,
        "order_id": algo.child_id,
        "reason": algo.reason,
        "time_ms": algo.created_ms,
        "updated_ms": algo.updated_ms,
        "triggered_ms": algo.triggered_ms,
        "wire_ms": exchange.ledger.order_wire_ms.get(algo.id),
    }


def _hash(books: object) -> str:
    """A fingerprint of all that happened, without wire times: equal runs have equal ones, however fast the machine was."""
    text = json.dumps(_without_wire(books), default=str, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _without_wire(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_wire(one) for name, one in value.items() if name != "wire_ms"}
    if isinstance(value, list | tuple):
        return [_without_wire(one) for one in value]
    return value
