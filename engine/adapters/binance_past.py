"""The market's past over requests, a page at a time: the loop is never kept busy by many bars, nor the budget by one wish."""

from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from engine.adapters.binance_answers import Kline, bar
from engine.adapters.binance_budget import Need
from engine.adapters.binance_client import Call
from engine.adapters.binance_rest import BinanceRest
from engine.model.market import INTERVAL_MS, Bar

ROWS_PER_PAGE: Final = 1_000

type FundingRow = tuple[int, float]


class FundingRate(msgspec.Struct, rename="camel"):
    """One settled payment."""

    funding_time: int
    funding_rate: float


class BinancePast:
    """Reads closed bars and settled funding. Everything raises `ExchangeFailed` (a `ConnectionError`)."""

    def __init__(self, rest: BinanceRest) -> None:
        self._rest = rest

    async def bars(self, symbol: str, interval: str, begin_ms: int, end_ms: int) -> AsyncIterator[Sequence[Bar]]:
        """The bars that opened from `begin_ms` to before `end_ms`, page by page, oldest first."""
        step, start = INTERVAL_MS[interval], begin_ms
        while start < end_ms:
            limit = min(ROWS_PER_PAGE, -(-(end_ms - start) // step))
            params = {"symbol": symbol, "interval": interval, "limit": str(limit)}
            params |= {"startTime": str(start), "endTime": str(end_ms - 1)}
            rows = await self._rest.read(Call("GET", "/fapi/v1/klines", Need.HISTORY), params, list[Kline])
            rows = [row for row in rows if start <= row.open_time < end_ms]
            if not rows:
                return
            yield [bar(row, step) for row in rows]
            start = rows[-1].open_time + step

    async def funding(self, symbol: str, begin_ms: int, end_ms: int) -> Sequence[FundingRow]:
        """When funding was settled, and its rate."""
        found, start = list[FundingRow](), begin_ms
        while start < end_ms:
            params = {"symbol": symbol, "startTime": str(start), "endTime": str(end_ms), "limit": str(ROWS_PER_PAGE)}
            page = await self._rest.read(Call("GET", "/fapi/v1/fundingRate", Need.HISTORY), params, list[FundingRate])
            found += [(row.funding_time, row.funding_rate) for row in page if row.funding_time >= start]
            if len(page) < ROWS_PER_PAGE:
                break
            start = page[-1].funding_time + 1
        return found
