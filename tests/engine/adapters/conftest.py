"""What the adapters' tests share: a scripted exchange and a client of it, a store server and a link to it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from engine.adapters.binance_rest import BinanceRest
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from tests.engine.adapters.fake_exchange import API_KEY, API_SECRET, FakeExchange, ManualClock, running_exchange
from tests.engine.adapters.redis_servers import a_server, emptied


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


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with a_server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
async def link(server: EmbeddedServer) -> AsyncIterator[RedisLink]:
    await emptied(server)
    link = RedisLink(server.url)
    yield link
    await link.close()
