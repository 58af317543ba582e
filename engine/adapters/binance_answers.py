"""Binance's REST answers: their shapes, and what they say in the house's words.

Pure. Unknown keys are ignored; numbers come as text or as numbers. `decoded` raises `NoAnswer` for a body that is not
what was asked for, everything else raises `BadMessage`.
"""

from collections.abc import Sequence
from contextlib import suppress
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from engine.adapters.binance_errors import NoAnswer
from engine.adapters.binance_messages import MAX_TIME_MS, BadMessage, checked_bar
from engine.adapters.binance_values import QUOTE_ASSET, money, side_of
from engine.adapters.codec import UNREADABLE
from engine.model.account import OrderSeen, PositionSeen, StopSeen, SymbolSetup
from engine.model.market import Bar
from engine.model.orders import Fill, TriggerBy


def decoded[T](body: bytes, shape: type[T]) -> T:
    """Read a body. Raises `NoAnswer` where it has another shape: an HTML page with status 200, a body cut short.

    A key that is null is one that is not there: one odd row of somebody's must not hide all others.
    """
    try:
        return msgspec.json.decode(body, type=shape, strict=False)
    except UNREADABLE:
        pass
    with suppress(*UNREADABLE):
        return msgspec.convert(_without_nulls(msgspec.json.decode(body)), shape, strict=False)
    raise NoAnswer(f"an answer of {len(body)} bytes that cannot be read")


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(one) for key, one in value.items() if one is not None}
    return [_without_nulls(one) for one in value] if isinstance(value, list) else value


class Anything(msgspec.Struct):
    """An answer of which only its being an object matters."""


class ServerTime(msgspec.Struct, rename="camel"):
    """The exchange's clock, wire time."""

    server_time: int


class Premium(msgspec.Struct, rename="camel"):
    """Mark price and funding of a symbol. `time` is market time."""

    symbol: str
    mark_price: float
    time: int
    last_funding_rate: float = 0.0
    next_funding_time: int = 0


class ListenKey(msgspec.Struct, rename="camel"):
    """The name of our private stream: as good as a password."""

    listen_key: str


class AccountConfig(msgspec.Struct, rename="camel"):
    """What the account may do."""

    can_trade: bool
    dual_side_position: bool
    multi_assets_margin: bool = False


class Balance(msgspec.Struct, rename="camel"):
    """One asset of the futures wallet."""

    asset: str
    balance: Decimal
    available_balance: Decimal


class SymbolConfig(msgspec.Struct, rename="camel"):
    """Leverage and margin mode of a symbol."""

    symbol: str
    margin_type: str
    leverage: int


class Position(msgspec.Struct, rename="camel"):
    """A row of positionRisk."""

    symbol: str
    position_amt: Decimal
    entry_price: Decimal
    mark_price: Decimal
    un_realized_profit: Decimal
    liquidation_price: Decimal = Decimal(0)
    update_time: int = 0


class Order(msgspec.Struct, rename="camel"):
    """An order of the regular book, as placed, queried or cancelled."""

    symbol: str
    order_id: int
    client_order_id: str
    status: str
    side: str = ""
    executed_qty: Decimal = Decimal(0)
    orig_qty: Decimal = Decimal(0)
    reduce_only: bool = False


class AlgoId(msgspec.Struct, rename="camel"):
    """What a placed or cancelled conditional order is called: the answer may hold no more than this."""

    algo_id: int
    client_algo_id: str = ""
    algo_status: str = "NEW"


class AlgoOrder(msgspec.Struct, rename="camel"):
    """A conditional order. `actual_order_id` is the order that it became, "" until it triggered."""

    algo_id: int
    symbol: str
    side: str
    algo_status: str
    order_type: str
    client_algo_id: str = ""
    trigger_price: str = "0"
    quantity: str | None = "0"
    working_type: str = "CONTRACT_PRICE"
    close_position: bool = False
    reduce_only: bool = False
    actual_order_id: str | int | None = ""


class AccountTrade(msgspec.Struct, rename="camel"):
    """A row of userTrades. The client id of its order is not in it."""

    id: int
    order_id: int
    symbol: str
    side: str
    price: Decimal
    qty: Decimal
    time: int
    commission: Decimal = Decimal(0)
    commission_asset: str = ""
    realized_pnl: Decimal = Decimal(0)


class Income(msgspec.Struct, rename="camel"):
    """A row of the income list."""

    symbol: str
    income: Decimal
    asset: str
    time: int


class KeyRights(msgspec.Struct, rename="camel"):
    """What the API key may do."""

    ip_restrict: bool
    enable_reading: bool = True
    enable_futures: bool = False
    enable_withdrawals: bool = False
    permits_universal_transfer: bool = False


class Kline(msgspec.Struct, array_like=True):
    """A row of klines. REST has no flag for a closed bar: `close_time` before the market's time says so."""

    open_time: int
    open: float
    high: float
    low: float
    close: float
    volume: float
    close_time: int


def bar(row: Kline, interval_ms: int) -> Bar:
    """A bar of history."""
    if row.open_time % interval_ms or row.close_time - row.open_time != interval_ms - 1:
        raise BadMessage(f"a bar from {row.open_time} to {row.close_time}")
    prices = (row.open, row.high, row.low, row.close)
    return checked_bar(open_time_ms=row.open_time, prices=prices, volume=row.volume, close_time_ms=row.close_time)


def quote_balance(rows: Sequence[Balance]) -> tuple[Decimal, Decimal]:
    """The wallet balance and what of it is available."""
    for row in rows:
        if row.asset == QUOTE_ASSET:
            return money(row.balance), money(row.available_balance)
    raise BadMessage(f"no {QUOTE_ASSET} among the balances")


def setup(row: SymbolConfig) -> SymbolSetup:
    """How a symbol is set up."""
    return SymbolSetup(row.symbol, row.leverage, is_isolated=row.margin_type.upper() == "ISOLATED")


def positions(rows: Sequence[Position], latest_ms: int = MAX_TIME_MS) -> tuple[PositionSeen, ...]:
    """The positions that are not flat: a symbol with open orders alone has a row, too.

    What changed after `latest_ms` tells no time: that one would be newer than every execution to come.
    """
    return tuple(
        PositionSeen(
            symbol=row.symbol,
            quantity=money(row.position_amt),
            entry_price=money(row.entry_price),
            mark_price=money(row.mark_price),
            unrealised=money(row.un_realized_profit),
            liquidation_price=money(row.liquidation_price),
            changed_ms=row.update_time if 0 < row.update_time < latest_ms else 0,
        )
        for row in rows
        if money(row.position_amt) != 0
    )


def resting_order(row: Order) -> OrderSeen:
    """An order resting in the regular book."""
    side, quantity = side_of(row.side), money(row.orig_qty)
    return OrderSeen(row.symbol, row.client_order_id, row.order_id, side, quantity, row.reduce_only)


def resting_stop(row: AlgoOrder) -> StopSeen:
    """A conditional order resting in the Algo Service."""
    return StopSeen(
        symbol=row.symbol,
        client_id=row.client_algo_id,
        algo_id=row.algo_id,
        side=side_of(row.side),
        is_target=row.order_type in _TARGETS,
        quantity=None if row.close_position else _number(row.quantity or "0"),
        trigger_price=_number(row.trigger_price or "0"),
        trigger_by=TriggerBy.MARK if row.working_type == TriggerBy.MARK.value else TriggerBy.LAST,
        reduce_only=row.reduce_only or row.close_position,
    )


def fill(row: AccountTrade, client_id: str, latest_ms: int = MAX_TIME_MS) -> Fill:
    """An execution from the account's list. None is of a time after `latest_ms`."""
    quantity, price = money(row.qty), money(row.price)
    if quantity <= 0 or price <= 0 or not 0 < row.time < latest_ms:
        raise BadMessage(f"a fill of {quantity} at {price}, time {row.time}")
    return Fill(
        symbol=row.symbol,
        trade_id=row.id,
        order_id=row.order_id,
        client_id=client_id,
        side=side_of(row.side),
        quantity=quantity,
        price=price,
        fee=money(row.commission),
        fee_asset=row.commission_asset,
        realised=money(row.realized_pnl),
        time_ms=row.time,
    )


def plain(value: Decimal) -> str:
    """A number as the exchange wants it: digits, never an exponent."""
    return format(value, "f")


def _number(text: str) -> Decimal:
    try:
        return money(Decimal(text))
    except InvalidOperation:
        raise BadMessage(f"a number of {text!r}") from None


_TARGETS: Final = frozenset({"TAKE_PROFIT_MARKET", "TAKE_PROFIT"})
