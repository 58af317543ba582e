"""What the adapters' tests share: a scripted exchange and a client of it, a store server and a link to it."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.binance_rest import BinanceRest
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import RedisStore
from tests.engine.adapters.fake_exchange import API_KEY, API_SECRET, FakeExchange, ManualClock, running_exchange
from tests.engine.adapters.redis_servers import HandClock, a_server, emptied
from tests.engine.adapters.saved_values import NAMESPACE


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


@pytest.fixture
async def client(server: EmbeddedServer) -> AsyncIterator[Redis]:
    await emptied(server)
    async with Redis.from_url(server.url, protocol=2, decode_responses=True) as client:
        yield client


@pytest.fixture
async def open_store(server: EmbeddedServer, client: Redis) -> AsyncIterator[Any]:
    """Makes stores on the emptied server, and closes them."""
    stores = []

    async def opened(namespace: str = NAMESPACE, **options: Any) -> RedisStore:
        store = RedisStore(RedisLink(server.url), namespace=namespace, clock=HandClock(), **options)
        stores.append(store)
        await store.take_epoch()
        return store

    yield opened
    for store in stores:
        await store.close()
