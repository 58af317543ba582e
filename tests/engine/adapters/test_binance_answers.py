"""REST answers: numbers that are none raise what the adapters catch, and nothing else."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.adapters import binance_answers as answers
from engine.adapters.binance_errors import NoAnswer
from engine.adapters.binance_messages import BadMessage

NO_NUMBERS = ["NaN", "sNaN", "-NaN", "Infinity", "1e400"]
TRADE: dict[str, Any] = {
    "id": 1,
    "orderId": 2,
    "symbol": "BTCUSDT",
    "side": "BUY",
    "price": "60000",
    "qty": "0.01",
    "time": 1_795_399_680_000,
}
HELD = {"symbol": "BTCUSDT", "positionAmt": "0.01", "entryPrice": "1", "markPrice": "1", "unRealizedProfit": "0"}


def a_row(shape: Any, row: Any) -> Any:
    return answers.decoded(msgspec.json.encode(row), shape)


@pytest.mark.parametrize("number", NO_NUMBERS)
@pytest.mark.parametrize("key", ["price", "qty"])
def test_a_fill_of_no_number_is_refused(key: str, number: str) -> None:
    with pytest.raises(BadMessage):
        answers.fill(a_row(answers.AccountTrade, {**TRADE, key: number}), "abc")


@pytest.mark.parametrize("time", [0, -1, 10**15])
def test_a_fill_of_no_time_is_refused(time: int) -> None:
    with pytest.raises(BadMessage):
        answers.fill(a_row(answers.AccountTrade, {**TRADE, "time": time}), "abc")


def test_a_fill_is_read() -> None:
    assert answers.fill(a_row(answers.AccountTrade, TRADE), "abc").quantity == Decimal("0.01")


@pytest.mark.parametrize("number", NO_NUMBERS)
def test_a_position_of_no_number_is_refused_and_never_taken_for_flat(number: str) -> None:
    with pytest.raises(BadMessage):
        answers.positions([a_row(answers.Position, {**HELD, "positionAmt": number})])


@pytest.mark.parametrize(("updated", "told"), [(5, 5), (9, 9), (10, 0), (10**15, 0), (0, 0), (-1, 0)])
def test_a_position_that_changed_in_the_far_future_tells_no_time(updated: int, told: int) -> None:
    (held,) = answers.positions([a_row(answers.Position, {**HELD, "updateTime": updated})], latest_ms=10)

    assert held.changed_ms == told


ALGO: dict[str, Any] = {
    "algoId": 1, "clientAlgoId": "x", "symbol": "BTCUSDT", "side": "SELL", "algoStatus": "NEW", "orderType": "STOP_MARKET",
    "triggerPrice": "1", "quantity": "1", "workingType": "MARK_PRICE", "closePosition": False, "reduceOnly": True,
    "actualOrderId": "",
}  # fmt: skip
ORDER = {"symbol": "BTCUSDT", "orderId": 7, "clientOrderId": "x", "status": "NEW", "side": "BUY"}
OPTIONAL: list[tuple[Any, dict[str, Any], list[str]]] = [
    (
        answers.AlgoOrder,
        ALGO,
        ["clientAlgoId", "triggerPrice", "workingType", "closePosition", "reduceOnly"],
    ),
    (answers.Order, ORDER, ["side", "executedQty", "origQty", "reduceOnly"]),
    (answers.Position, HELD, ["liquidationPrice", "updateTime"]),
    (answers.AccountTrade, TRADE, ["commission", "commissionAsset", "realizedPnl"]),
]


@pytest.mark.parametrize(
    ("shape", "row", "key"),
    [(shape, row, key) for shape, row, keys in OPTIONAL for key in keys],
    ids=lambda part: str(part)[:40],
)
def test_a_key_that_is_null_is_one_that_is_not_there(shape: Any, row: dict[str, Any], key: str) -> None:
    """One null in somebody's conditional order kept the whole account from being read."""
    without = {name: value for name, value in row.items() if name != key}

    assert a_row(list[shape], [row, {**row, key: None}])[1] == a_row(shape, without)


@pytest.mark.parametrize(
    ("shape", "row", "key"), [(answers.AlgoOrder, ALGO, "symbol"), (answers.Position, HELD, "positionAmt")]
)
def test_a_null_where_a_value_must_be_is_no_answer(shape: Any, row: dict[str, Any], key: str) -> None:
    with pytest.raises(NoAnswer):
        a_row(shape, {**row, key: None})
