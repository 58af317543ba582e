"""The exchange's refusals: every rule with its own code, and what is right passes."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from sandbox.exchange import rest_algo, rest_batch, rest_orders, rest_setup
from sandbox.exchange.endpoints import Desk
from sandbox.exchange.errors import Refused
from tests.sandbox.exchange.builders import a_desk, a_market_of, params

CALM = (100.0, 101.0, 99.0, 100.0)  # ETHUSDT at 100: tick 0.01, step 0.001, notional from 20, market orders up to 2,000
BUY: dict[str, Any] = {"symbol": "ETHUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"}
LIMIT = BUY | {"type": "LIMIT", "timeInForce": "GTC", "price": "99"}
STOP: dict[str, Any] = {
    "algoType": "CONDITIONAL",
    "symbol": "ETHUSDT",
    "side": "SELL",
    "type": "STOP_MARKET",
    "triggerPrice": "95",
    "quantity": "1",
    "reduceOnly": "true",
}
CLOSING = {name: value for name, value in STOP.items() if name not in ("quantity", "reduceOnly")} | {"closePosition": "true"}


def a_desk_at_100(**changes: Any) -> Desk:
    return a_desk(a_market_of(CALM, CALM), **changes)


def refusal(act: Callable[..., Any], desk: Desk, **values: Any) -> int:
    """The code that an act is refused with, 0 where it is not."""
    try:
        act(desk, params(**values))
    except Refused as refused:
        return refused.code
    return 0


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (BUY, 0),
        (LIMIT, 0),
        (BUY | {"symbol": "NOPEUSDT"}, -1121),
        (BUY | {"symbol": "OLDUSDT"}, -4140),
        (BUY | {"symbol": "XAUUSDT"}, -4411),
        (BUY | {"side": "HOLD"}, -1117),
        (BUY | {"type": "ICEBERG"}, -1116),
        (BUY | {"type": "STOP_MARKET", "stopPrice": "95"}, -4120),
        (BUY | {"quantity": ""}, -1102),
        (BUY | {"quantity": "1e3"}, -1100),
        (BUY | {"quantity": "0"}, -4003),
        (BUY | {"quantity": "1.0005"}, -1111),
        (BUY | {"quantity": "2000.001"}, -4005),
        (BUY | {"quantity": "0.199"}, -4164),
        (BUY | {"quantity": "1999"}, -2019),
        (BUY | {"price": "100"}, -1106),
        (BUY | {"timeInForce": "GTC"}, -1106),
        (BUY | {"reduceOnly": "true"}, -2022),
        (BUY | {"reduceOnly": "True"}, -1130),
        (BUY | {"positionSide": "LONG"}, -4061),
        (BUY | {"positionSide": "UP"}, -4060),
        (BUY | {"newClientOrderId": "x" * 37}, -4015),
        (BUY | {"newClientOrderId": "a b"}, -1100),
        (BUY | {"newOrderRespType": "FULL"}, -1136),
        (LIMIT | {"timeInForce": ""}, -1102),
        (LIMIT | {"timeInForce": "DAY"}, -1115),
        (LIMIT | {"price": "99.001"}, -1111),
        (LIMIT | {"price": "0"}, -4001),
        (LIMIT | {"price": "0.01"}, -4013),
        (LIMIT | {"price": "99999"}, -4002),
        (LIMIT | {"price": "106"}, -4016),
        (LIMIT | {"side": "SELL", "price": "94"}, -4024),
        (LIMIT | {"timeInForce": "FOK"}, -5021),
        (LIMIT | {"timeInForce": "GTX", "price": "101"}, -5022),
    ],
)
def test_a_new_order_is_refused_with_the_documented_code(order: dict[str, Any], code: int) -> None:
    tested = refusal(rest_orders.test_order, a_desk_at_100(), **order)
    placed = refusal(rest_orders.new_order, a_desk_at_100(), **order)

    assert (tested, placed) == (code, code)


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (STOP, 0),
        (CLOSING, 0),
        (STOP | {"algoType": "VP"}, -1130),
        (STOP | {"type": "MARKET"}, -1116),
        (STOP | {"stopPrice": "95"}, -1106),
        (STOP | {"triggerPrice": ""}, -1102),
        (STOP | {"triggerPrice": "100"}, -2021),
        (STOP | {"type": "TAKE_PROFIT_MARKET", "triggerPrice": "99"}, -2021),
        (STOP | {"workingType": "INDEX"}, -1130),
        (CLOSING | {"quantity": "1"}, -4137),
        (CLOSING | {"reduceOnly": "true"}, -1106),
        (CLOSING | {"side": "BUY", "triggerPrice": "105"}, -4509),
        (CLOSING | {"type": "STOP", "price": "95"}, -4136),
        (STOP | {"clientAlgoId": "taken"}, -4116),
        (STOP | {"type": "TRAILING_STOP_MARKET", "callbackRate": "30"}, -1130),
    ],
)
def test_a_conditional_order_is_refused_with_the_documented_code(order: dict[str, Any], code: int) -> None:
    desk = a_desk_at_100()
    rest_orders.new_order(desk, params(**BUY))
    rest_algo.new_algo(desk, params(**(STOP | {"clientAlgoId": "taken"})))

    assert refusal(rest_algo.new_algo, desk, **order) == code


def test_one_closing_stop_a_side_and_200_conditional_orders_in_all() -> None:
    desk = a_desk_at_100()
    rest_orders.new_order(desk, params(**BUY))
    rest_algo.new_algo(desk, params(**CLOSING))

    second = refusal(rest_algo.new_algo, desk, **CLOSING)
    target = refusal(rest_algo.new_algo, desk, **(CLOSING | {"type": "TAKE_PROFIT_MARKET", "triggerPrice": "105"}))
    others = [refusal(rest_algo.new_algo, desk, **STOP) for _ in range(199)]

    assert (second, target) == (-4130, 0)
    assert (others.count(0), others[-1]) == (198, -4045)


def test_no_margin_is_looked_at_before_the_trigger() -> None:
    desk = a_desk_at_100()

    code = refusal(rest_algo.new_algo, desk, **(STOP | {"quantity": "1999", "reduceOnly": "false"}))

    assert code == 0


def test_a_client_id_is_taken_only_while_its_order_is_open() -> None:
    desk = a_desk_at_100()
    named = LIMIT | {"newClientOrderId": "mine"}
    rest_orders.new_order(desk, params(**named))

    while_open = refusal(rest_orders.new_order, desk, **named)
    rest_orders.cancel_order(desk, params(symbol="ETHUSDT", origClientOrderId="mine"))
    afterwards = refusal(rest_orders.new_order, desk, **named)

    assert (while_open, afterwards) == (-4116, 0)


def test_the_two_books_know_nothing_of_each_other() -> None:
    desk = a_desk_at_100()
    rest_orders.new_order(desk, params(**BUY))
    rest_algo.new_algo(desk, params(**(STOP | {"clientAlgoId": "mine"})))

    codes = [
        refusal(rest_orders.query_order, desk, symbol="ETHUSDT", origClientOrderId="mine"),
        refusal(rest_orders.cancel_order, desk, symbol="ETHUSDT", origClientOrderId="mine"),
        refusal(rest_orders.cancel_all, desk, symbol="ETHUSDT"),
    ]

    assert codes == [-2013, -2011, 0]
    assert len(desk.exchange.algos.all_open()) == 1


def test_a_reduce_only_order_is_cut_down_to_the_position() -> None:
    desk = a_desk_at_100()
    rest_orders.new_order(desk, params(**BUY))

    answer = rest_orders.new_order(
        desk, params(**(BUY | {"side": "SELL", "quantity": "7", "reduceOnly": "true", "newOrderRespType": "RESULT"}))
    )

    assert isinstance(answer, dict)
    assert (answer["origQty"], answer["executedQty"], answer["status"]) == ("1.000", "1.000", "FILLED")
    assert not desk.exchange.position("ETHUSDT").lots


def test_a_thin_book_leaves_a_market_order_expired_with_a_part_of_it_filled() -> None:
    desk = a_desk_at_100(fills_per_order=2)
    desk.exchange.thin_fills = 1

    answer = rest_orders.new_order(desk, params(**(BUY | {"newOrderRespType": "RESULT"})))

    assert isinstance(answer, dict)
    assert (answer["status"], answer["executedQty"]) == ("EXPIRED", "0.500")
    assert len(desk.exchange.ledger.fills) == 2
    assert [one["o"]["er"] for one in desk.exchange.news if one["e"] == "ORDER_TRADE_UPDATE"][-1] == "9"


def test_leverage_and_margin_type_are_changed_by_the_documented_rules() -> None:
    desk = a_desk_at_100()
    lever, kind = rest_setup.change_leverage, rest_setup.change_margin_type

    flat = [
        refusal(lever, desk, symbol="ETHUSDT", leverage=10),
        refusal(lever, desk, symbol="ETHUSDT", leverage=10),
        refusal(lever, desk, symbol="ETHUSDT", leverage=126),
        refusal(kind, desk, symbol="ETHUSDT", marginType="ISOLATED"),
        refusal(kind, desk, symbol="ETHUSDT", marginType="ISOLATED"),
    ]
    rest_orders.new_order(desk, params(**LIMIT))
    with_order = refusal(kind, desk, symbol="ETHUSDT", marginType="CROSSED")
    rest_orders.cancel_all(desk, params(symbol="ETHUSDT"))
    rest_orders.new_order(desk, params(**BUY))
    held = [
        refusal(kind, desk, symbol="ETHUSDT", marginType="CROSSED"),
        refusal(lever, desk, symbol="ETHUSDT", leverage=5),
        refusal(lever, desk, symbol="ETHUSDT", leverage=20),
        refusal(rest_setup.change_position_mode, desk, dualSidePosition="true"),
        refusal(rest_setup.change_position_mode, desk, dualSidePosition="false"),
    ]

    assert flat == [0, 0, -4028, 0, -4046]
    assert with_order == -4047
    assert held == [-4048, -4161, 0, -4068, -4059]


def test_a_batch_answers_each_order_for_itself() -> None:
    desk = a_desk_at_100()
    orders = '[{"symbol":"ETHUSDT","side":"BUY","type":"MARKET","quantity":"1"},{"symbol":"ETHUSDT","side":"BUY","type":"NO"}]'

    placed = rest_batch.place_batch(desk, params(batchOrders=orders))
    too_many = refusal(rest_batch.place_batch, desk, batchOrders="[1,2,3,4,5,6]")

    assert isinstance(placed, list)
    assert [one.get("code", one.get("status")) for one in placed] == ["NEW", -1116]
    assert too_many == -1130


def test_a_countdown_that_runs_out_cancels_orders_but_no_stops() -> None:
    desk = a_desk_at_100()
    rest_orders.new_order(desk, params(**BUY))
    rest_orders.new_order(desk, params(**LIMIT))
    rest_algo.new_algo(desk, params(**STOP))
    rest_batch.countdown_cancel(desk, params(symbol="ETHUSDT", countdownTime=5_000))

    rest_batch.end_countdowns(desk.exchange)
    before = len(desk.exchange.orders.all_open())
    desk.exchange.wire.ahead_ms = 6_000
    rest_batch.end_countdowns(desk.exchange)

    assert (before, len(desk.exchange.orders.all_open()), len(desk.exchange.algos.all_open())) == (1, 0, 1)


def test_what_ended_unfilled_is_forgotten_after_three_days_and_a_fill_after_ninety() -> None:
    desk = a_desk_at_100()
    for order in (LIMIT, BUY):
        rest_orders.new_order(desk, params(**(order | {"newClientOrderId": order["type"]})))
    rest_orders.cancel_all(desk, params(symbol="ETHUSDT"))

    seen = []
    for days in (3, 4, 91):
        desk.exchange.clock.move_to(desk.exchange.clock.now_ms + days * 86_400_000)
        seen.append(
            [refusal(rest_orders.query_order, desk, symbol="ETHUSDT", origClientOrderId=name) for name in ("LIMIT", "MARKET")]
        )

    assert seen == [[0, 0], [-2013, 0], [-2013, -2013]]


def test_hedge_mode_is_told_and_the_venue_says_that_it_does_not_trade_in_it() -> None:
    desk = a_desk_at_100(hedge_mode=True)

    assert rest_setup.position_mode(desk, params()) == {"dualSidePosition": True}
    assert refusal(rest_orders.new_order, desk, **BUY) == -4061
    assert refusal(rest_orders.new_order, desk, **(BUY | {"positionSide": "LONG"})) == -4088
    assert desk.exchange.account.wallet == Decimal(10_000)
