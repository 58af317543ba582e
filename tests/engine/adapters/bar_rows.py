"""Bars as the exchange lists them, around an hour that is not over."""

from collections.abc import Callable
from typing import Any, Final

from tests.engine.adapters.fake_exchange import Answer, Request

HOUR: Final = 3_600_000
OPEN: Final = 1_795_395_600_000  # a full hour
MARKET: Final = OPEN + 500  # the bar that opened at OPEN is forming


def premium(market_ms: int = MARKET) -> Answer:
    return Answer({"symbol": "BTCUSDT", "markPrice": "60000.1", "time": market_ms, "lastFundingRate": "0.0001"})


def row(opened: int, step: int = HOUR) -> list[Any]:
    return [opened, "10", "12", "9", "11", "5.5", opened + step - 1, "1", 7, "1", "1", "0"]


def an_archive(oldest: int, newest: int = OPEN, step: int = HOUR) -> Callable[[Request], Answer]:
    """Answers klines as the exchange does: from startTime to endTime, at most `limit`."""

    def answer(request: Request) -> Answer:
        asked = {key: int(value) for key, value in request.params.items() if key in ("startTime", "endTime", "limit")}
        first = max(oldest, -(-asked["startTime"] // step) * step)
        rows = [row(opened, step) for opened in range(first, min(newest, asked["endTime"]) + 1, step)]
        return Answer(rows[: asked["limit"]])

    return answer
