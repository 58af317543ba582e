"""A read that failed says nothing of what was asked for: it is neither an empty account nor an order that is not there."""

from typing import Any

import pytest

from engine.adapters.binance_account import AccountReader
from engine.adapters.binance_errors import ExchangeFailed, HeldBack, NoAnswer, NotSent, Refused


class DeadRest:
    """Every request fails in one way."""

    def __init__(self, failure: ExchangeFailed) -> None:
        self.failure = failure

    async def read(self, *_: Any) -> Any:
        raise self.failure


@pytest.mark.parametrize(
    "failure",
    [
        NotSent("no connection: ClientConnectorDNSError"),
        NoAnswer("no answer in time"),
        HeldBack(1_000),
        Refused(status=500, code=-1001, text="Internal error"),
    ],
    ids=lambda failure: type(failure).__name__,
)
async def test_a_question_that_failed_is_not_answered_with_not_found(failure: ExchangeFailed) -> None:
    reader = AccountReader(DeadRest(failure), symbols=("BTCUSDT",), market_ms=lambda: 1)  # type: ignore[arg-type]

    with pytest.raises(type(failure)):
        await reader.order("BTCUSDT", "abE")
    with pytest.raises(type(failure)):
        await reader.stop("abC")
    with pytest.raises(type(failure)):
        await reader.order_names("BTCUSDT", 1)


async def test_only_the_exchange_itself_says_that_there_is_no_such_order() -> None:
    rest = DeadRest(Refused(status=400, code=-2013, text="Order does not exist."))
    reader = AccountReader(rest, symbols=("BTCUSDT",), market_ms=lambda: 1)  # type: ignore[arg-type]

    assert await reader.order("BTCUSDT", "abE") is None
