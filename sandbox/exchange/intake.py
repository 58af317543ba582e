"""Checks that every new order passes, regular or conditional: the words, the filters, the mode, the margin.

The order of the checks is the venue's own; the codes are documented (reference 3.1, 4, 7).
"""

import re
from decimal import Decimal
from typing import Final

from sandbox.exchange.account import ZERO
from sandbox.exchange.brackets import notional_limit
from sandbox.exchange.contracts import MULTIPLIER_DOWN, MULTIPLIER_UP, Contract
from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.orders import BUY, CONDITIONAL_TYPES, SELL, Order
from sandbox.exchange.params import Params

CLIENT_ID: Final = re.compile(r"^[\.A-Z\:/a-z0-9_-]+$")
CLIENT_ID_TEXT: Final = "^[\\.A-Z\\:/a-z0-9_-]{1,36}$"
CLIENT_ID_LENGTH: Final = 36
TIMES_IN_FORCE: Final = frozenset({"GTC", "IOC", "FOK", "GTX"})
MARKET_BUFFER: Final = Decimal("1.0005")  # reference 9: a market buy is assumed at the best ask x 1.0005
MAX_OPEN_ORDERS: Final = 200
ID_PREFIX: Final = "web_"


def tradable(exchange: Exchange, params: Params) -> Contract:
    """Find a contract that may be traded: -1102, -1121, -4140, -4411."""
    contract = exchange.contract(params.needed("symbol"))
    if contract.status != "TRADING":
        raise Refused(-4140)
    if contract.kind != "PERPETUAL":
        raise Refused(-4411)
    return contract


def side_of(params: Params) -> int:
    """Read the side: -1102, -1117."""
    sides = {"BUY": BUY, "SELL": SELL}
    side = sides.get(params.needed("side"))
    if side is None:
        raise Refused(-1117)
    return side


def check_position_side(exchange: Exchange, params: Params) -> None:
    """In one-way mode only BOTH fits, in hedge mode only LONG and SHORT: -4060, -4061.

    The venue itself trades in one-way mode only and refuses orders in hedge mode with -4088.
    """
    wanted = params.text("positionSide") or "BOTH"
    if wanted not in ("BOTH", "LONG", "SHORT"):
        raise Refused(-4060)
    if exchange.account.dual_side == (wanted == "BOTH"):
        raise Refused(-4061)
    if exchange.account.dual_side:
        raise Refused(-4088)


def client_id(exchange: Exchange, params: Params, name: str, *, is_taken: bool) -> str:
    """Read or make up a client id: -4015, -1100, -4116 (unique among open orders only, reference 3.2)."""
    value = params.text(name)
    if value is None:
        return exchange.ids.next_client(ID_PREFIX)
    if len(value) > CLIENT_ID_LENGTH:
        raise Refused(-4015)
    if not CLIENT_ID.match(value):
        raise Refused(-1100, name, CLIENT_ID_TEXT)
    if is_taken:
        raise Refused(-4116)
    return value


def read_order(exchange: Exchange, params: Params) -> Order:
    """Read and check a regular order up to the point where it would be matched."""
    contract = tradable(exchange, params)
    side = side_of(params)
    kind = params.needed("type")
    if kind in CONDITIONAL_TYPES:
        raise Refused(-4120)  # reference 3.3: moved to the Algo Service in December 2025
    if kind not in ("LIMIT", "MARKET"):
        raise Refused(-1116)
    check_position_side(exchange, params)
    _check_words(params, kind)
    order = Order(
        id=0,
        client_id=client_id(
            exchange,
            params,
            "newClientOrderId",
            is_taken=exchange.orders.is_taken(params.text("newClientOrderId") or ""),
        ),
        symbol=contract.symbol,
        side=side,
        type=kind,
        time_in_force=params.text("timeInForce") or "GTC",
        lots=contract.lots(params.needed("quantity"), is_market=kind == "MARKET"),
        price_ticks=contract.ticks("price", params.needed("price")) if kind == "LIMIT" else 0,
        reduce_only=params.flag("reduceOnly"),
        close_position=False,
        created_ms=exchange.clock.now_ms,
        updated_ms=exchange.clock.now_ms,
    )
    _check_reduction(exchange, order)
    check_notional(exchange, contract, order.lots, order.price_ticks, reduces=order.reduce_only)
    _check_price_band(exchange, contract, order)
    check_margin(exchange, order)
    return order


def check_notional(exchange: Exchange, contract: Contract, lots: int, price_ticks: int, *, reduces: bool) -> None:
    """MIN_NOTIONAL: a market order is judged at the mark price, a reduce-only one not at all: -4164 (reference 3.1)."""
    price = contract.price(price_ticks) if price_ticks else exchange.mark(contract.symbol)
    if not reduces and contract.quantity(lots) * price < contract.min_notional:
        raise Refused(-4164, format(contract.min_notional, "f"))


def check_margin(exchange: Exchange, order: Order) -> None:
    """What opens must be affordable and within the leverage bracket: -2019, -2027; what reduces needs none (reference 9)."""
    contract, position = exchange.contracts[order.symbol], exchange.position(order.symbol)
    free = abs(position.lots) if position.side == -order.side else 0
    opening = order.lots - free
    if order.reduce_only or order.close_position or opening <= 0:
        return
    price = _assumed_price(exchange, contract, order)
    value = contract.quantity(opening) * price
    mark = exchange.mark(order.symbol)
    open_loss = contract.quantity(opening) * max(ZERO, order.side * (price - mark))
    returned = position.notional(contract, mark) / position.leverage if free and not position.isolated else ZERO
    fee = value * exchange.config.taker_rate
    if value / position.leverage + open_loss + fee > exchange.available() + returned:
        raise Refused(-2019)
    held = position.notional(contract, mark) if not free else ZERO
    if held + value > notional_limit(contract.brackets, position.leverage):
        raise Refused(-2027)


def _assumed_price(exchange: Exchange, contract: Contract, order: Order) -> Decimal:
    if order.price_ticks:
        return contract.price(order.price_ticks)
    board = exchange.board(order.symbol)
    return contract.price(board.ask) * MARKET_BUFFER if order.side > 0 else contract.price(board.bid)


def _check_words(params: Params, kind: str) -> None:
    time_in_force = params.text("timeInForce")
    if time_in_force is not None and time_in_force not in TIMES_IN_FORCE:
        raise Refused(-1115)
    if kind == "LIMIT" and time_in_force is None:
        raise Refused(-1102, "timeInForce")
    if kind == "MARKET":
        for name in ("price", "timeInForce"):
            if params.text(name) is not None:
                raise Refused(-1106, name)
    if params.text("stopPrice") is not None:
        raise Refused(-1106, "stopPrice")
    if params.flag("closePosition"):
        raise Refused(-4136, kind, "true")
    if params.text("newOrderRespType") not in (None, "ACK", "RESULT"):
        raise Refused(-1136)
    if params.text("priceMatch") not in (None, "NONE"):
        raise Refused(-1130, "priceMatch")


def _check_reduction(exchange: Exchange, order: Order) -> None:
    """Reduce-only: refused without a position to reduce (-2022), cut down to it otherwise (reference 4)."""
    if not order.reduce_only:
        return
    position = exchange.position(order.symbol)
    if position.side != -order.side:
        raise Refused(-2022)
    order.lots = min(order.lots, abs(position.lots))


def _check_price_band(exchange: Exchange, contract: Contract, order: Order) -> None:
    """PERCENT_PRICE: -4016, -4024 for a limit, -4131 for a market order whose counterparty is too far off."""
    mark = exchange.mark(order.symbol)
    top, bottom = mark * MULTIPLIER_UP, mark * MULTIPLIER_DOWN
    if order.type == "LIMIT":
        price = contract.price(order.price_ticks)
        if order.side > 0 and price > top:
            raise Refused(-4016, contract.price_text(int(top / contract.tick)))
        if order.side < 0 and price < bottom:
            raise Refused(-4024, contract.price_text(int(bottom / contract.tick)))
        if len(exchange.orders.open_on(order.symbol)) >= MAX_OPEN_ORDERS:
            raise Refused(-2025)
        return
    best = contract.price(exchange.board(order.symbol).fill_ticks(order.side))
    if best > top if order.side > 0 else best < bottom:
        raise Refused(-4131)
