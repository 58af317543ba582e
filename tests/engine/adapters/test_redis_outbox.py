"""The outbox keeps a notice until it was delivered, across restarts."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest
from redis.asyncio import Redis

from engine.adapters import redis_outbox
from engine.adapters.codec import encode_notice
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_outbox import FROM_START, OUTBOX, TOLD, Outbox, Told
from engine.adapters.redis_server import EmbeddedServer
from engine.model.machine_notices import EngineHalted
from engine.model.notices import Notice
from tests.engine.adapters.redis_servers import a_server, emptied


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
async def outbox(server: EmbeddedServer, client: Redis) -> AsyncIterator[Outbox]:
    link = RedisLink(server.url)
    yield Outbox(link)
    await link.close()


def halted(detail: str) -> Notice:
    return EngineHalted(detail, 1)


async def put_in(client: Redis, *details: str) -> None:
    for detail in details:
        await client.xadd(OUTBOX, {"notice": encode_notice(halted(detail))})


async def test_notices_come_in_order_and_go_on_from_the_last_id(outbox: Outbox, client: Redis) -> None:
    await put_in(client, "first", "second")
    read = await outbox.next_notices(FROM_START, 10)
    await put_in(client, "third")

    later = await outbox.next_notices(read[-1][0], 10)

    assert [notice for _, notice in read] == [halted("first"), halted("second")]
    assert [notice for _, notice in later] == [halted("third")]


async def test_what_was_not_delivered_is_read_again_after_a_restart(outbox: Outbox, client: Redis) -> None:
    await put_in(client, "first", "second", "third")
    read = await outbox.next_notices(FROM_START, 10)

    await outbox.delivered([read[0][0], read[2][0]])

    assert await outbox.next_notices(FROM_START, 10) == [read[1]]
    assert await outbox.waiting() == 1


async def test_it_waits_for_a_notice_and_wakes_at_once(outbox: Outbox, client: Redis) -> None:
    waiting = asyncio.create_task(outbox.next_notices(FROM_START, 5_000))
    while not (await client.info("clients"))["blocked_clients"]:  # noqa: ASYNC110  # the server's own state is awaited
        await asyncio.sleep(0.001)

    await put_in(client, "first")

    async with asyncio.timeout(1):
        assert [notice for _, notice in await waiting] == [halted("first")]


async def test_an_empty_outbox_answers_nothing_when_the_wait_is_over(outbox: Outbox) -> None:
    assert await outbox.next_notices(FROM_START, 10) == []


async def test_an_unreadable_notice_is_set_aside_and_never_seen_again(
    outbox: Outbox, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    await client.xadd(OUTBOX, {"notice": b'{"type":"FromTomorrow","data":{}}'})
    await put_in(client, "first")

    read = await outbox.next_notices(FROM_START, 10)

    assert [notice for _, notice in read] == [halted("first")]
    assert await outbox.waiting() == 1
    assert await client.xlen("autobot:outbox:damaged") == 1
    assert "FromTomorrow" in caplog.text


async def test_delivering_nothing_is_fine(outbox: Outbox) -> None:
    await outbox.delivered([])

    assert await outbox.waiting() == 0


async def test_who_was_told_is_known_until_the_notice_goes(outbox: Outbox, client: Redis) -> None:
    await put_in(client, "first", "second")
    first, second = [notice for notice, _ in await outbox.next_notices(FROM_START, 10)]
    await outbox.note([Told(first, 11), Told(first, 12), Told(second, 11)])

    noted = await outbox.told()
    await outbox.delivered([first])

    assert noted == {Told(first, 11), Told(first, 12), Told(second, 11)}
    assert await outbox.told() == {Told(second, 11)}


@pytest.mark.parametrize("note", [b"no colon", b"1-0:eleven", b"1-0:11:12", b"1-0:11\xff"])
async def test_a_note_that_cannot_be_read_is_taken_out_and_the_others_hold(
    outbox: Outbox, client: Redis, note: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    await outbox.note([Told("1-0", 11)])
    await client.zadd(TOLD, {note: 0})

    noted = await outbox.told()

    assert noted == {Told("1-0", 11)}
    assert await client.zrange(TOLD, 0, -1) == [b"1-0:11"]
    assert "cannot be read" in caplog.text


async def test_of_too_many_notes_the_oldest_go(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis_outbox, "TOLD_LIMIT", 2)

    for number in (1, 2, 3):
        await outbox.note([Told(f"179587473700{number}-0", 11)])

    assert await outbox.told() == {Told("1795874737002-0", 11), Told("1795874737003-0", 11)}


@pytest.mark.parametrize("how", ["emptied", "begun anew", "without its tail"])
async def test_a_stream_that_lost_its_newest_ids_is_behind_a_reader(outbox: Outbox, client: Redis, how: str) -> None:
    await client.xadd(OUTBOX, {"notice": encode_notice(halted("kept"))}, id="5000-9")
    await client.copy(OUTBOX, "replica")
    await client.xadd(OUTBOX, {"notice": encode_notice(halted("lost"))}, id="5000-10")
    assert not await outbox.is_behind("5000-10")

    await client.delete(OUTBOX)
    if how == "begun anew":
        await client.xadd(OUTBOX, {"notice": encode_notice(halted("new"))}, id="4999-0")
    if how == "without its tail":
        await client.copy("replica", OUTBOX)

    assert await outbox.is_behind("5000-10")
    assert not await outbox.is_behind(FROM_START)


async def test_a_stream_whose_notices_were_all_delivered_is_not_behind(outbox: Outbox, client: Redis) -> None:
    await put_in(client, "first")
    read = await outbox.next_notices(FROM_START, 10)
    await outbox.delivered([read[0][0]])

    assert not await outbox.is_behind(read[0][0])
