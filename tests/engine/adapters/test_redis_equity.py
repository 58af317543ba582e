"""The equity curve is kept as it was noted, oldest first."""

from collections.abc import AsyncIterator, Iterator
from decimal import Decimal

import pytest

from engine.adapters.redis_equity import EquityCurve, EquitySnapshot
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from tests.engine.adapters.redis_servers import a_server, emptied


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


async def test_snapshots_come_back_to_the_last_digit_and_oldest_first(link: RedisLink) -> None:
    curve = EquityCurve(link)
    taken = [EquitySnapshot(hour, Decimal("10000.12345678") + hour, Decimal("9999.00000001")) for hour in range(3)]

    for snapshot in taken:
        await curve.note(snapshot)

    assert list(await curve.snapshots()) == taken


async def test_a_store_without_snapshots_has_an_empty_curve(link: RedisLink) -> None:
    assert await EquityCurve(link).snapshots() == ()
