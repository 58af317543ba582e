"""Binance's user data stream in the house's words: fills, ends of orders, stops, balances, funding.

Pure, and as distrustful as `binance_messages`: raises `BadMessage` and nothing else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import msgspec

from engine.adapters.binance_messages import MAX_TIME_MS, BadMessage
from engine.adapters.binance_values import QUOTE_ASSET, TERMINAL, executed_of, money, side_of, stop_status, whole_number
from engine.adapters.codec import UNREADABLE, all_text
from engine.model.events import BalanceChanged, FundingPaid, OrderAccepted, OrderFilled, OrderGone, StopChanged
from engine.model.market import HOUR_MS
from engine.model.orders import Fill

MODE_CHANGED: Final = "MARGIN_TYPE_CHANGE"
EXECUTIONS: Final = frozenset({"TRADE", "CALCULATED"})  # CALCULATED: a liquidation or ADL
TOLD_WITHIN_MS: Final = 600_000  # of its execution; what is told later is listed, with its true time
# Reasons for which money was moved, not won or lost. What an order or its funding changed has reasons of its own.
MOVED: Final = frozenset(
    {
        "DEPOSIT",
        "WITHDRAW",
        "WITHDRAW_REJECT",
        "ADMIN_DEPOSIT",
        "ADMIN_WITHDRAW",
        "ASSET_TRANSFER",
        "COIN_SWAP_DEPOSIT",
        "COIN_SWAP_WITHDRAW",
        "AUTO_EXCHANGE",
    }
)

type AccountNews = OrderAccepted | OrderFilled | OrderGone | StopChanged | BalanceChanged | FundingPaid


@dataclass(frozen=True, slots=True)
class AccountFrame:
    """What one frame said, and what has to be read because the frame tells only half of it."""

    news: tuple[AccountNews, ...] = ()
    time_ms: int = 0
    is_known: bool = True
    changed_setup: str = ""  # a symbol whose leverage changed: its margin mode is not in the message
    needs_sync: bool = False  # the account changed in a way that the message does not spell out
    is_key_expired: bool = False


def read_account(raw: bytes, seen_ms: int, latest_ms: int = MAX_TIME_MS) -> AccountFrame:
    """Read one frame of the private stream. None is of a time after `latest_ms`. Raises `BadMessage`."""
    try:
        head = _heads.decode(all_text(raw))
        reader = _READERS.get(head.kind)
        data = reader.decode(raw) if reader is not None else None
    except UNREADABLE as error:
        raise BadMessage(f"unreadable frame: {error}") from None
    if data is None:
        return AccountFrame((), head.time_ms, is_known=head.kind in _IGNORED)
    if not 0 < data.time_ms < latest_ms:
        raise BadMessage(f"time {data.time_ms}")
    match data:
        case _OrderUpdate():
            return AccountFrame(_order_news(data, seen_ms), data.time_ms)
        case _AlgoUpdate():
            return AccountFrame((_stop_news(data, seen_ms),), data.time_ms)
        case _AccountUpdate():
            return _account_news(data, seen_ms)
        case _ConfigUpdate():
            symbol = data.leverage.symbol if data.leverage is not None else ""
            return AccountFrame((), data.time_ms, changed_setup=symbol, needs_sync=not symbol)
        case _KeyExpired():
            return AccountFrame((), data.time_ms, is_key_expired=True)


def funding_id(symbol: str, time_ms: int) -> str:
    """The name of a funding payment: the stream and the income list show it a few ms apart, within one hour."""
    return f"{symbol}:{time_ms // HOUR_MS}"


def _order_news(update: "_OrderUpdate", seen_ms: int) -> tuple[AccountNews, ...]:
    order, time_ms, news = update.order, update.time_ms, list[AccountNews]()
    executed, is_final = executed_of(order.status, order.executed), order.status in TERMINAL
    if order.execution == "NEW":
        news.append(OrderAccepted(order.symbol, order.client_id, order.order_id, executed, is_final, time_ms, seen_ms))
    if order.execution in EXECUTIONS and order.trade_id != 0:
        news.append(OrderFilled(_fill(order, time_ms), time_ms, seen_ms))
    if is_final:
        news.append(OrderGone(order.symbol, order.client_id, order.order_id, order.status, executed, time_ms, seen_ms))
    return tuple(news)


def _fill(order: "_Order", time_ms: int) -> Fill:
    quantity, price = money(order.quantity), money(order.price)
    if quantity <= 0 or price <= 0 or abs(time_ms - order.time_ms) > TOLD_WITHIN_MS:
        raise BadMessage(f"a fill of {quantity} at {price}, time {order.time_ms}")
    if order.realised is None:  # a damaged key: what it won or lost is listed
        raise BadMessage("a fill that tells no result")
    return Fill(
        symbol=order.symbol,
        trade_id=order.trade_id,
        order_id=order.order_id,
        client_id=order.client_id,
        side=side_of(order.side),
        quantity=quantity,
        price=price,
        fee=money(order.fee or Decimal(0)),
        fee_asset=order.fee_asset or "",
        realised=money(order.realised),
        time_ms=order.time_ms,
    )


def _stop_news(update: "_AlgoUpdate", seen_ms: int) -> StopChanged:
    stop = update.stop
    return StopChanged(
        symbol=stop.symbol,
        client_id=stop.client_id,
        algo_id=stop.algo_id,
        status=stop_status(stop.status),
        child_order_id=whole_number(stop.child_order_id),
        detail=stop.reason or "",
        time_ms=update.time_ms,
        seen_ms=seen_ms,
    )


def _account_news(update: "_AccountUpdate", seen_ms: int) -> AccountFrame:
    account, time_ms = update.account, update.time_ms
    quote = next((row for row in account.balances if row.asset == QUOTE_ASSET), None)
    if quote is None:
        return AccountFrame((), time_ms, needs_sync=bool(account.positions) or account.reason == MODE_CHANGED)
    moved = money(quote.change) if account.reason in MOVED else Decimal(0)
    held = _quantities(account.positions)
    news: list[AccountNews] = [BalanceChanged(money(quote.wallet), held, time_ms, seen_ms, moved)]
    symbol = account.symbol or (account.positions[0].symbol if len(account.positions) == 1 else "")
    if account.reason == "FUNDING_FEE" and symbol:
        paid_ms = update.transaction_ms or time_ms
        news.append(FundingPaid(symbol, money(quote.change), funding_id(symbol, paid_ms), time_ms, seen_ms))
    return AccountFrame(tuple(news), time_ms, needs_sync=account.reason == MODE_CHANGED)


def _quantities(rows: Sequence["_Position"]) -> tuple[tuple[str, Decimal], ...]:
    held = dict[str, Decimal]()
    for row in rows:
        held[row.symbol] = held.get(row.symbol, Decimal(0)) + money(row.quantity)
    return tuple(held.items())


_ORDER_KEYS: Final = {
    "symbol": "s",
    "client_id": "c",
    "side": "S",
    "execution": "x",
    "status": "X",
    "order_id": "i",
    "quantity": "l",
    "executed": "z",
    "price": "L",
    "fee": "n",
    "fee_asset": "N",
    "trade_id": "t",
    "time_ms": "T",
    "realised": "rp",
}
_STOP_KEYS: Final = {
    "symbol": "s",
    "client_id": "caid",
    "algo_id": "aid",
    "status": "X",
    "child_order_id": "ai",
    "reason": "rm",
}


class _Order(msgspec.Struct, rename=_ORDER_KEYS):
    symbol: str
    client_id: str
    side: str
    execution: str
    status: str
    order_id: int
    quantity: Decimal = Decimal(0)
    executed: Decimal = Decimal(0)
    price: Decimal = Decimal(0)
    fee: Decimal | None = None
    fee_asset: str | None = None
    trade_id: int = 0
    time_ms: int = 0
    realised: Decimal | None = None


class _OrderUpdate(msgspec.Struct, rename={"time_ms": "E", "order": "o"}):
    time_ms: int
    order: _Order


class _Stop(msgspec.Struct, rename=_STOP_KEYS):
    symbol: str
    client_id: str
    algo_id: int
    status: str
    child_order_id: str | int = ""
    reason: str | None = None


class _AlgoUpdate(msgspec.Struct, rename={"time_ms": "E", "stop": "o"}):
    time_ms: int
    stop: _Stop


class _Balance(msgspec.Struct, rename={"asset": "a", "wallet": "wb", "change": "bc"}):
    asset: str
    wallet: Decimal
    change: Decimal = Decimal(0)


class _Position(msgspec.Struct, rename={"symbol": "s", "quantity": "pa"}):
    symbol: str
    quantity: Decimal


class _Account(msgspec.Struct, rename={"reason": "m", "balances": "B", "positions": "P", "symbol": "S"}):
    reason: str = ""
    balances: tuple[_Balance, ...] = ()
    positions: tuple[_Position, ...] = ()
    symbol: str = ""


class _AccountUpdate(msgspec.Struct, rename={"time_ms": "E", "transaction_ms": "T", "account": "a"}):
    time_ms: int
    account: _Account
    transaction_ms: int = 0


class _Leverage(msgspec.Struct, rename={"symbol": "s"}):
    symbol: str


class _ConfigUpdate(msgspec.Struct, rename={"time_ms": "E", "leverage": "ac"}):
    time_ms: int
    leverage: _Leverage | None = None


class _KeyExpired(msgspec.Struct, rename={"time_ms": "E"}):
    time_ms: int


class _Head(msgspec.Struct, rename={"kind": "e", "time_ms": "E"}):
    kind: str = ""
    time_ms: int = 0


type _Update = _OrderUpdate | _AlgoUpdate | _AccountUpdate | _ConfigUpdate | _KeyExpired

_heads: Final = msgspec.json.Decoder(_Head, strict=False)
_READERS: Final[dict[str, "msgspec.json.Decoder[_Update]"]] = {
    "ORDER_TRADE_UPDATE": msgspec.json.Decoder(_OrderUpdate, strict=False),
    "ALGO_UPDATE": msgspec.json.Decoder(_AlgoUpdate, strict=False),
    "ACCOUNT_UPDATE": msgspec.json.Decoder(_AccountUpdate, strict=False),
    "ACCOUNT_CONFIG_UPDATE": msgspec.json.Decoder(_ConfigUpdate, strict=False),
    "listenKeyExpired": msgspec.json.Decoder(_KeyExpired, strict=False),
}
_IGNORED: Final = frozenset({"TRADE_LITE", "MARGIN_CALL", "CONDITIONAL_ORDER_TRIGGER_REJECT", "STRATEGY_UPDATE", "GRID_UPDATE"})
