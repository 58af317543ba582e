"""Who may speak, and what is remembered of them."""

from collections.abc import AsyncIterator, Iterator

import pytest

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_users import USERS, Users
from tests.engine.adapters.redis_servers import a_server, emptied


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with a_server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
async def users(server: EmbeddedServer) -> AsyncIterator[Users]:
    await emptied(server)
    link = RedisLink(server.url)
    yield Users(link)
    await link.close()


async def test_nobody_owns_a_new_bot(users: Users) -> None:
    await users.set_language(7, "en")

    assert await users.owners() == frozenset()


async def test_an_owner_is_made_once(users: Users) -> None:
    assert await users.add_owner(7, 1) is True
    assert await users.add_owner(7, 2) is False
    await users.add_owner(8, 3)

    assert await users.owners() == {7, 8}


async def test_a_language_is_each_users_own(users: Users) -> None:
    await users.set_language(7, "ru")

    assert await users.language(7) == "ru"
    assert await users.language(8) is None


async def test_a_small_value_is_kept_and_forgotten(users: Users) -> None:
    await users.set_value(7, "panel", "4711")
    assert await users.get_value(7, "panel") == "4711"

    await users.set_value(7, "panel", "")
    assert await users.get_value(7, "panel") is None


async def test_a_value_never_makes_an_owner(users: Users) -> None:
    await users.set_value(7, "owner", "yes")

    assert await users.owners() == frozenset()


async def test_a_damaged_field_hides_no_owner_and_a_damaged_value_is_read_as_well_as_may_be(users: Users) -> None:
    await users.add_owner(7, 1)
    client = users._link.client
    await client.hset(USERS, b"8\xb2:owner", "1")
    await client.hset(USERS, b"7:language", b"e\xee")

    assert await users.owners() == {7}
    assert await users.language(7) == "e\N{REPLACEMENT CHARACTER}"
