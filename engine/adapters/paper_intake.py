"""What the paper exchange refuses, by the real exchange's rules and codes. Pure: looks, and raises `Refused`."""

from decimal import Decimal
from typing import Final

from engine.adapters.binance_errors import DUPLICATE, Refused
from engine.adapters.paper_books import PaperBooks
from engine.adapters.paper_fills import Board, would_trigger
from engine.model.account import StopSeen
from engine.model.market import SymbolRules
from engine.model.orders import ApprovedOrder
from engine.risk.position_size import bracket_for

MOST_STOPS: Final = 200

BAD_PRECISION: Final = (-1111, "Precision is over the maximum defined for this asset.")
TOO_LITTLE: Final = (-4003, "Quantity less than or equal to zero.")
TOO_MUCH: Final = (-4005, "Quantity greater than max quantity.")
BAD_TICK: Final = (-4014, "Price not increased by tick size.")
BELOW_NOTIONAL: Final = (-4164, "Order's notional must be no smaller than the minimum (unless you choose reduce only).")
NOT_TRADING: Final = (-4140, "Invalid symbol status for opening position.")
NO_PRICE: Final = (-4131, "The counterparty's best price does not meet the PERCENT_PRICE filter limit.")
NO_REDUCTION: Final = (-2022, "ReduceOnly Order is rejected.")
NO_MARGIN: Final = (-2019, "Margin is insufficient.")
LEVERAGE_LIMIT: Final = (-2027, "Exceeded the maximum allowable position at current leverage.")
SAME_NAME: Final = (DUPLICATE, "ClientOrderId is duplicated.")
TRIGGERS_NOW: Final = (-2021, "Order would immediately trigger.")
WHOLE_TWICE: Final = (-4130, "An open stop or take profit order with closePosition in the direction is existing.")
WHOLE_OF_NOTHING: Final = (-4509, "Time in Force (TIF) GTE can only be used with open positions.")
TOO_MANY_STOPS: Final = (-4045, "Reach max stop order limit.")


def check_market(
    books: PaperBooks, rules: SymbolRules, order: ApprovedOrder, price: Decimal | None, taker: Decimal, available: Decimal
) -> Decimal:
    """The quantity that a market order may fill: a reduce-only one is cut at the position. Raises `Refused`."""
    assert order.quantity is not None
    _check(order.client_id not in books.orders, SAME_NAME)
    _check_quantity(order.quantity, rules)
    if price is None:
        raise _refused(NO_PRICE)
    if order.reduce_only:
        held = books.positions.get(order.symbol)
        if held is None or held.side is order.side:
            raise _refused(NO_REDUCTION)
        return min(order.quantity, abs(held.quantity))
    _check(rules.is_trading, NOT_TRADING)
    _check(order.quantity <= rules.max_market_quantity, TOO_MUCH)
    notional = order.quantity * price
    _check(notional >= rules.min_notional, BELOW_NOTIONAL)
    held = books.positions.get(order.symbol)
    _check(held is None or held.side is order.side, NO_REDUCTION)  # ours never turns a position round with an entry
    whole = notional + (held.cost if held is not None else 0)
    leverage = books.leverage(order.symbol)
    _check(leverage <= bracket_for(float(whole), rules.brackets).max_leverage, LEVERAGE_LIMIT)
    _check(notional / leverage + notional * taker <= available, NO_MARGIN)
    return order.quantity


def check_stop(books: PaperBooks, rules: SymbolRules, stop: StopSeen, board: Board) -> None:
    """Whether a conditional order may rest. Margin and position are looked at when it fires. Raises `Refused`."""
    resting = [other.seen for other in books.stops.values()]
    _check(stop.client_id not in books.stops, SAME_NAME)
    _check(len(resting) < MOST_STOPS, TOO_MANY_STOPS)
    _check(stop.trigger_price > 0 and stop.trigger_price % rules.tick_size == 0, BAD_TICK)
    if stop.quantity is not None:
        _check_quantity(stop.quantity, rules)
    else:
        held = books.positions.get(stop.symbol)
        _check(held is not None and held.side is not stop.side, WHOLE_OF_NOTHING)
        same = (other for other in resting if other.symbol == stop.symbol and other.quantity is None)
        _check(not any((other.side, other.is_target) == (stop.side, stop.is_target) for other in same), WHOLE_TWICE)
    _check(not would_trigger(stop, board.watched(stop.trigger_by)), TRIGGERS_NOW)


def _check_quantity(quantity: Decimal, rules: SymbolRules) -> None:
    _check(quantity > 0 and quantity >= rules.min_quantity, TOO_LITTLE)
    _check(quantity % rules.step_size == 0, BAD_PRECISION)


def _check(holds: bool, refusal: tuple[int, str]) -> None:
    if not holds:
        raise _refused(refusal)


def _refused(refusal: tuple[int, str]) -> Refused:
    code, text = refusal
    return Refused(status=400, code=code, text=text)
