"""Events of the user stream, in the exchange's words (reference 6). Each carries one key that no document knows.

`T` is market time; the event time `E` is set when the frame leaves.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final

from sandbox.exchange.account import Position
from sandbox.exchange.exchange import Exchange, News
from sandbox.exchange.ledger import Fill
from sandbox.exchange.orders import SIDE_TEXT, AlgoOrder, Order

UNKNOWN_KEY: Final = "zz"  # reference 11 #18: a client must not choke on keys it has never seen
MARGIN_TYPE_TEXT: Final = {True: "isolated", False: "cross"}


def order_update(exchange: Exchange, order: Order, execution: str, fill: Fill | None = None) -> News:
    """ORDER_TRADE_UPDATE."""
    contract = exchange.contracts[order.symbol]
    time_ms = exchange.clock.now_ms if fill is None else fill.time_ms
    body: dict[str, Any] = {
        "s": order.symbol,
        "c": order.client_id,
        "S": SIDE_TEXT[order.side],
        "o": order.type,
        "f": order.time_in_force,
        "q": contract.quantity_text(order.lots),
        "p": contract.price_text(order.price_ticks) if order.price_ticks else "0",
        "ap": average_text(exchange, order),
        "sp": order.stop_text,
        "x": execution,
        "X": order.status,
        "i": order.id,
        "l": "0",
        "z": contract.quantity_text(order.filled_lots),
        "L": "0",
        "T": time_ms,
        "t": 0,
        "b": "0",
        "a": "0",
        "m": False,
        "R": order.reduce_only,
        "wt": order.working_type,
        "ot": order.original_type or order.type,
        "ps": "BOTH",
        "cp": order.close_position,
        "pP": False,
        "si": 0,
        "ss": 0,
        "rp": "0",
        "V": "EXPIRE_MAKER",
        "pm": "NONE",
        "gtd": 0,
        "er": str(order.expiry),
        UNKNOWN_KEY: "",
    }
    if fill is not None:
        body |= _executed(fill)
    return {"e": "ORDER_TRADE_UPDATE", "E": 0, "T": time_ms, "o": body}


def _executed(fill: Fill) -> dict[str, Any]:
    """What an ORDER_TRADE_UPDATE says of one fill."""
    return {
        "l": str(fill.quantity),
        "L": str(fill.price),
        "N": "USDT",
        "n": format(fill.commission, "f"),
        "t": fill.trade_id,
        "m": fill.is_maker,
        "rp": format(fill.realised, "f"),
    }


def trade_lite(exchange: Exchange, order: Order, fill: Fill) -> News:
    """TRADE_LITE: the faster notice of the same fill; it must not be counted twice."""
    contract = exchange.contracts[order.symbol]
    return {
        "e": "TRADE_LITE",
        "E": 0,
        "T": fill.time_ms,
        "s": order.symbol,
        "q": contract.quantity_text(order.lots),
        "p": contract.price_text(order.price_ticks) if order.price_ticks else "0.00",
        "m": fill.is_maker,
        "c": order.client_id,
        "S": SIDE_TEXT[order.side],
        "L": str(fill.price),
        "l": str(fill.quantity),
        "t": fill.trade_id,
        "i": order.id,
    }


def account_update(
    exchange: Exchange, reason: str, symbols: Iterable[str], change: Decimal = Decimal(0), *, funding_symbol: str = ""
) -> News:
    """ACCOUNT_UPDATE: only what changed; `bc` is the change without results and fees."""
    account = exchange.account
    balance = {
        "a": "USDT",
        "wb": format(account.wallet, "f"),
        "cw": format(account.cross_wallet, "f"),
        "bc": format(change, "f"),
    }
    body: dict[str, Any] = {
        "m": reason,
        "B": [balance],
        "P": [position_news(exchange, account.positions[symbol]) for symbol in symbols],
        UNKNOWN_KEY: "",
    }
    if funding_symbol:
        body["S"] = funding_symbol
    return {"e": "ACCOUNT_UPDATE", "E": 0, "T": max(exchange.clock.now_ms, account.updated_ms), "a": body}


def position_news(exchange: Exchange, position: Position) -> dict[str, Any]:
    """One position inside an ACCOUNT_UPDATE."""
    contract = exchange.contracts[position.symbol]
    return {
        "s": position.symbol,
        "pa": contract.quantity_text(position.lots),
        "ep": number_text(position.entry_price(contract)),
        "bep": number_text(position.break_even(contract)),
        "cr": number_text(position.realised),
        "up": money_text(position.unrealised(contract, exchange.mark(position.symbol))),
        "mt": MARGIN_TYPE_TEXT[position.isolated],
        "iw": number_text(position.isolated_wallet),
        "ps": "BOTH",
        "ma": "USDT",
    }


def algo_update(exchange: Exchange, algo: AlgoOrder) -> News:
    """ALGO_UPDATE (recorded life cycle: NEW, TRIGGERING, TRIGGERED, FINISHED)."""
    contract = exchange.contracts[algo.symbol]
    body: dict[str, Any] = {
        "caid": algo.client_id,
        "aid": algo.id,
        "at": "CONDITIONAL",
        "o": algo.type,
        "s": algo.symbol,
        "S": SIDE_TEXT[algo.side],
        "ps": "BOTH",
        "f": algo.time_in_force,
        "q": contract.quantity_text(algo.lots),
        "X": algo.status,
        "ai": "" if algo.child_id is None else str(algo.child_id),
        "tp": contract.price_text(algo.trigger_ticks) if algo.trigger_ticks else "0",
        "p": contract.price_text(algo.price_ticks) if algo.price_ticks else "0",
        "V": "EXPIRE_MAKER",
        "wt": algo.working_type,
        "pm": "NONE",
        "cp": algo.close_position,
        "pP": algo.price_protect,
        "R": algo.reduce_only,
        "tt": algo.triggered_ms,
        "gtd": 0,
        "rm": algo.reason,
        "ia": algo.is_active,
        UNKNOWN_KEY: "",
    }
    if algo.child_id is not None:
        body |= {"ap": algo.child_price, "aq": algo.child_quantity, "act": child_type(algo)}
    if algo.type == "TRAILING_STOP_MARKET":
        body |= {"cr": number_text(algo.callback), "AP": contract.price_text(algo.activate_ticks)}
    return {"e": "ALGO_UPDATE", "E": 0, "T": exchange.clock.now_ms, "o": body}


def leverage_update(exchange: Exchange, position: Position) -> News:
    """ACCOUNT_CONFIG_UPDATE after a change of leverage."""
    body = {"s": position.symbol, "l": position.leverage}
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": 0, "T": exchange.clock.now_ms, "ac": body}


def multi_assets_update(exchange: Exchange) -> News:
    """ACCOUNT_CONFIG_UPDATE after a change of the multi-assets mode."""
    return {"e": "ACCOUNT_CONFIG_UPDATE", "E": 0, "T": exchange.clock.now_ms, "ai": {"j": exchange.account.multi_assets}}


def margin_call(exchange: Exchange, position: Position, maintenance: Decimal) -> News:
    """MARGIN_CALL: late guidance only."""
    contract, mark = exchange.contracts[position.symbol], exchange.mark(position.symbol)
    row = {
        "s": position.symbol,
        "ps": "BOTH",
        "pa": contract.quantity_text(position.lots),
        "mt": "ISOLATED" if position.isolated else "CROSSED",
        "iw": number_text(position.isolated_wallet),
        "mp": format(mark, "f"),
        "up": money_text(position.unrealised(contract, mark)),
        "mm": money_text(maintenance),
    }
    return {"e": "MARGIN_CALL", "E": 0, "cw": format(exchange.account.cross_wallet, "f"), "p": [row]}


def child_type(algo: AlgoOrder) -> str:
    """The type of the order that a trigger sends."""
    return "MARKET" if algo.type.endswith("_MARKET") else "LIMIT"


def average_text(exchange: Exchange, order: Order) -> str:
    """Write an order's average fill price, `0` without a fill."""
    if not order.filled_lots:
        return "0"
    contract = exchange.contracts[order.symbol]
    average = order.quote / contract.quantity(order.filled_lots)
    return format(average.quantize(contract.tick.scaleb(-4)), "f")


def number_text(value: Decimal) -> str:
    """Write a number without needless zeros or exponents."""
    return format(value.quantize(Decimal("1e-11")).normalize(), "f") if value else "0"


def money_text(value: Decimal) -> str:
    """Write an amount with eight decimals."""
    return f"{value:.8f}"
