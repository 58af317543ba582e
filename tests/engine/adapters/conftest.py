"""What the Binance adapters' tests share: a scripted exchange and a client of it."""

from collections.abc import AsyncIterator

import pytest

from engine.adapters.binance_rest import BinanceRest
from tests.engine.adapters.fake_exchange import API_KEY, API_SECRET, FakeExchange, ManualClock, running_exchange


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def exchange() -> AsyncIterator[FakeExchange]:
    async with running_exchange() as running:
        yield running


@pytest.fixture
async def rest(exchange: FakeExchange, clock: ManualClock) -> AsyncIterator[BinanceRest]:
    client = BinanceRest(
        rest_url=exchange.url, sapi_url=exchange.url, api_key=API_KEY, api_secret=API_SECRET, timeout_s=1.0, clock=clock
    )
    yield client
    await client.close()
