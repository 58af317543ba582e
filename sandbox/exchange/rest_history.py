"""What has happened to the account, over REST: trades and balance changes, three months back (reference 3.4)."""

from typing import Any, Final

from sandbox.exchange.endpoints import Answer, Desk
from sandbox.exchange.errors import Refused
from sandbox.exchange.ledger import Fill, Income
from sandbox.exchange.orders import SIDE_TEXT
from sandbox.exchange.params import Params
from sandbox.exchange.windows import find_rows

USUAL_INCOMES: Final = 100


def user_trades(desk: Desk, params: Params) -> Answer:
    """The account's fills of a symbol, by time, from an id on, or of one order."""
    exchange = desk.exchange
    symbol, order_id = exchange.contract(params.needed("symbol")).symbol, params.integer("orderId")
    kept = (fill for fill in exchange.ledger.fills if fill.symbol == symbol and order_id in (None, fill.order_id))
    found = find_rows(
        exchange, params, kept, time_of=lambda fill: fill.time_ms, id_of=lambda fill: fill.trade_id, id_name="fromId"
    )
    return [_trade_row(fill) for fill in found]


def incomes(desk: Desk, params: Params) -> Answer:
    """Changes of the wallet, of one kind or of all."""
    exchange = desk.exchange
    symbol, kind = params.text("symbol"), params.text("incomeType")
    if symbol is not None:
        exchange.contract(symbol)
    kept = (one for one in exchange.ledger.incomes if symbol in (None, one.symbol) and kind in (None, one.kind))
    page = params.integer("page") or 1
    if page < 1:
        raise Refused(-1130, "page")
    count = params.limit(USUAL_INCOMES, 1000)
    paged = Params({**params.values, "limit": str(count * page)}) if page > 1 else params
    found = find_rows(exchange, paged, kept, time_of=lambda one: one.time_ms, usual_rows=USUAL_INCOMES)
    return [_income_row(one) for one in found[count * (page - 1) :]]


def _trade_row(fill: Fill) -> dict[str, Any]:
    return {
        "id": fill.trade_id,
        "orderId": fill.order_id,
        "symbol": fill.symbol,
        "pair": fill.symbol,
        "side": SIDE_TEXT[fill.side],
        "positionSide": "BOTH",
        "price": format(fill.price, "f"),
        "qty": format(fill.quantity, "f"),
        "quoteQty": format(fill.price * fill.quantity, "f"),
        "baseQty": "0",
        "commission": format(fill.commission, "f"),
        "commissionAsset": "USDT",
        "marginAsset": "USDT",
        "realizedPnl": format(fill.realised, "f"),
        "buyer": fill.side > 0,
        "maker": fill.is_maker,
        "time": fill.time_ms,
        "zz": "",
    }


def _income_row(income: Income) -> dict[str, Any]:
    return {
        "symbol": income.symbol,
        "incomeType": income.kind,
        "income": format(income.amount, "f"),
        "asset": "USDT",
        "info": "" if income.trade_id is None else str(income.trade_id),
        "time": income.time_ms,
        "tranId": income.transfer_id,
        "tradeId": "" if income.trade_id is None else str(income.trade_id),
        "zz": "",
    }
