"""Checks of a new conditional order (reference 3.3). No margin is looked at before the trigger: an accepted stop is a wish."""

from decimal import Decimal, InvalidOperation
from typing import Final

from sandbox.exchange.contracts import Contract
from sandbox.exchange.errors import Refused
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.intake import TIMES_IN_FORCE, check_notional, check_position_side, client_id, side_of, tradable
from sandbox.exchange.orders import CONDITIONAL_TYPES, MARKET_CHILD_TYPES, AlgoOrder
from sandbox.exchange.params import Params
from sandbox.exchange.triggers import track_ticks

MAX_ALGO_ORDERS: Final = 200  # reference 0: conditional orders per account over all symbols
CALLBACK_RANGE: Final = (Decimal("0.1"), Decimal("20"))
WORKING_TYPES: Final = frozenset({"CONTRACT_PRICE", "MARK_PRICE"})


def read_algo(exchange: Exchange, params: Params) -> AlgoOrder:
    """Read and check a conditional order."""
    if params.needed("algoType") != "CONDITIONAL":
        raise Refused(-1130, "algoType")
    contract = tradable(exchange, params)
    side = side_of(params)
    kind = params.needed("type")
    if kind not in CONDITIONAL_TYPES:
        raise Refused(-1116)
    check_position_side(exchange, params)
    closes = params.flag("closePosition")
    _check_words(params, kind, closes=closes)
    is_market = kind in MARKET_CHILD_TYPES
    trails = kind == "TRAILING_STOP_MARKET"
    algo = AlgoOrder(
        id=0,
        client_id=client_id(
            exchange, params, "clientAlgoId", is_taken=exchange.algos.is_taken(params.text("clientAlgoId") or "")
        ),
        symbol=contract.symbol,
        side=side,
        type=kind,
        time_in_force="GTE_GTC" if closes else params.text("timeInForce") or "GTC",
        lots=0 if closes else contract.lots(params.needed("quantity"), is_market=is_market),
        price_ticks=0 if is_market else contract.ticks("price", params.needed("price")),
        trigger_ticks=0 if trails else contract.ticks("triggerPrice", params.needed("triggerPrice")),
        working_type=params.text("workingType") or "CONTRACT_PRICE",
        reduce_only=closes or params.flag("reduceOnly"),
        close_position=closes,
        price_protect=_shouted_flag(params, "priceProtect"),
        created_ms=exchange.clock.now_ms,
        updated_ms=exchange.clock.now_ms,
    )
    if trails:
        _read_trail(exchange, contract, params, algo)
    _check_state(exchange, contract, algo)
    return algo


def _check_words(params: Params, kind: str, *, closes: bool) -> None:
    if closes:
        if kind not in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
            raise Refused(-4136, kind, "true")
        if params.text("quantity") is not None:
            raise Refused(-4137)
        if params.text("reduceOnly") is not None:
            raise Refused(-1106, "reduceOnly")
    if params.text("stopPrice") is not None:
        raise Refused(-1106, "stopPrice")  # reference 3.3: it is called triggerPrice here
    if params.text("workingType") not in (None, *WORKING_TYPES):
        raise Refused(-1130, "workingType")
    if params.text("timeInForce") not in (None, "GTE_GTC", *TIMES_IN_FORCE):
        raise Refused(-1115)
    if params.text("newOrderRespType") not in (None, "ACK", "RESULT"):
        raise Refused(-1136)
    if params.text("priceMatch") not in (None, "NONE"):
        raise Refused(-1130, "priceMatch")


def _shouted_flag(params: Params, name: str) -> bool:
    """`priceProtect` is documented in capitals as well."""
    return params.text(name) == "TRUE" or (params.text(name) != "FALSE" and params.flag(name))


def _read_trail(exchange: Exchange, contract: Contract, params: Params, algo: AlgoOrder) -> None:
    """Trailing: BUY waits for low <= activate, then last >= low x (1 + callback); SELL mirrored (reference 3.3)."""
    try:
        algo.callback = Decimal(params.needed("callbackRate"))
    except InvalidOperation:
        raise Refused(-1130, "callbackRate") from None
    if not CALLBACK_RANGE[0] <= algo.callback <= CALLBACK_RANGE[1]:
        raise Refused(-1130, "callbackRate")
    now_ticks = int(track_ticks(exchange, algo))
    text = params.text("activatePrice")
    algo.activate_ticks = contract.ticks("activatePrice", text) if text else now_ticks
    algo.best_ticks = now_ticks
    algo.is_active = text is None
    if text and (algo.activate_ticks - now_ticks) * algo.side > 0:
        raise Refused(-2021)


def _check_state(exchange: Exchange, contract: Contract, algo: AlgoOrder) -> None:
    if len(exchange.algos.all_open()) >= MAX_ALGO_ORDERS:
        raise Refused(-4045)
    if algo.trigger_ticks and is_past(exchange, algo):
        raise Refused(-2021)
    if algo.needs_position:
        if exchange.position(algo.symbol).side != -algo.side:
            raise Refused(-4509)
        for other in exchange.algos.open_on(algo.symbol):
            if algo.close_position and other.close_position and (other.side, other.is_stop) == (algo.side, algo.is_stop):
                raise Refused(-4130)  # one per symbol, direction and kind
    if not algo.close_position:
        price = algo.price_ticks or algo.trigger_ticks or algo.activate_ticks
        check_notional(exchange, contract, algo.lots, price, reduces=algo.reduce_only)


def is_past(exchange: Exchange, algo: AlgoOrder) -> bool:
    """Say whether the price has reached the trigger already."""
    track = track_ticks(exchange, algo)
    return track >= algo.trigger_ticks if algo.fires_upwards else track <= algo.trigger_ticks
