"""REST answers: numbers that are none raise what the adapters catch, and nothing else."""

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from engine.adapters import binance_answers as answers
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


def a_row(shape: Any, row: dict[str, Any]) -> Any:
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
