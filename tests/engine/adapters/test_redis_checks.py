"""A server that may forget what it confirmed is refused, with the remedy."""

from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_checks import ServerUnfit, check_server
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.ports import StoreDown
from tests.engine.adapters.redis_servers import a_server, emptied, told


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with a_server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
async def client(server: EmbeddedServer) -> AsyncIterator[Redis]:
    await emptied(server)
    async with Redis.from_url(server.url, protocol=2) as client:
        yield client


@pytest.fixture
async def link(server: EmbeddedServer, client: Redis) -> AsyncIterator[RedisLink]:
    link = RedisLink(server.url)
    yield link
    await link.close()


async def test_our_own_server_is_fit(link: RedisLink) -> None:
    assert await check_server(link) == []


async def test_a_server_that_evicts_is_refused(link: RedisLink, client: Redis) -> None:
    await client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(ServerUnfit, match="set maxmemory-policy to noeviction"):
            await check_server(link)
    finally:
        await client.config_set("maxmemory-policy", "noeviction")


async def test_a_server_without_a_journal_is_refused(link: RedisLink, client: Redis) -> None:
    await client.config_set("appendonly", "no")
    try:
        with pytest.raises(ServerUnfit, match="set appendonly to yes"):
            await check_server(link)
    finally:
        await client.config_set("appendonly", "yes")


async def test_a_server_that_writes_late_is_doubted(link: RedisLink, client: Redis) -> None:
    await client.config_set("appendfsync", "everysec")
    try:
        doubts = await check_server(link)
    finally:
        await client.config_set("appendfsync", "always")

    assert len(doubts) == 1
    assert "everysec" in doubts[0]


@pytest.mark.parametrize(("rights", "doubts"), [("-config", 0), ("-config -info", 1)])
async def test_hidden_settings_are_no_reason_to_refuse(server: EmbeddedServer, client: Redis, rights: str, doubts: int) -> None:
    await told(client, f"ACL SETUSER bot reset on >word ~* +@all {rights}")
    link = RedisLink(f"unix://bot:word@{server.url.removeprefix('unix://')}")
    try:
        assert len(await check_server(link)) == doubts
    finally:
        await link.close()
        await told(client, "ACL DELUSER bot")


async def test_a_server_that_is_away_is_down_not_unfit() -> None:
    link = RedisLink("unix:///nowhere/none.sock")

    with pytest.raises(StoreDown) as failure:
        await check_server(link)

    assert not isinstance(failure.value, ServerUnfit)
    await link.close()


async def test_a_forbidden_command_is_told(server: EmbeddedServer, client: Redis) -> None:
    await told(client, "ACL SETUSER bot reset on >word ~* +@all -get")
    link = RedisLink(f"unix://bot:word@{server.url.removeprefix('unix://')}")
    try:
        with pytest.raises(StoreDown, match="forbids a command"):
            await link.run(link.client.get("autobot:state"))
    finally:
        await link.close()
        await told(client, "ACL DELUSER bot")
