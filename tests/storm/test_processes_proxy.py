"""The failing link: it carries, delays, cuts, goes silent and breaks answers off; and the tap swallows what it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.storm.proxy import HOST, Failing, Link

QUESTION = b"how are you?\n"
ANSWER = b"well: " + QUESTION


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while line := await reader.readline():
        writer.write(b"well: " + line)
    writer.close()


@asynccontextmanager
async def a_link() -> AsyncIterator[Link]:
    """A link to a server that answers every line."""
    server = await asyncio.start_server(_answer, HOST, 0)
    link = Link(server.sockets[0].getsockname()[1], seed=1)
    await link.open()
    try:
        yield link
    finally:
        await link.close()
        server.close()


async def _asked(link: Link) -> bytes:
    """Ask once over a new connection; give what came until its end or until a whole line."""
    try:
        reader, writer = await asyncio.open_connection(HOST, link.port)
        writer.write(QUESTION)
        answer = await reader.readline()
    except OSError:
        return b""
    writer.transport.abort()
    return answer


async def test_what_is_sent_arrives_both_ways() -> None:
    async with a_link() as link:
        assert await _asked(link) == ANSWER


async def test_a_late_link_still_delivers_everything() -> None:
    async with a_link() as link:
        link.strike(Failing.DELAY, 60)

        assert await _asked(link) == ANSWER


async def test_a_cut_link_ends_what_was_open_and_takes_nothing_new() -> None:
    async with a_link() as link:
        reader, writer = await asyncio.open_connection(HOST, link.port)
        writer.write(QUESTION)
        assert await reader.readline() == ANSWER

        link.strike(Failing.CUT, 60)

        assert await _ended(reader)
        assert await _asked(link) == b""
        link.calm()
        assert await _asked(link) == ANSWER
        writer.transport.abort()


async def test_a_half_open_link_takes_a_connection_and_delivers_nothing_on_it_ever() -> None:
    async with a_link() as link:
        link.strike(Failing.HALF_OPEN, 60)
        asking = asyncio.create_task(_asked(link))
        done, _ = await asyncio.wait([asking], timeout=0.1)
        assert not done

        link.calm()

        assert await asking == b""
        assert await _asked(link) == ANSWER


async def test_a_truncated_answer_breaks_off_in_its_midst() -> None:
    async with a_link() as link:
        link.strike(Failing.TRUNCATE, 60)

        answer = await _asked(link)

        assert len(answer) < len(ANSWER)
        assert ANSWER.startswith(answer)


async def test_the_tap_sees_what_is_sent_and_may_swallow_it() -> None:
    async with a_link() as link:
        seen: list[bytes] = []

        def swallow(data: bytes) -> bool:
            seen.append(data)
            return False

        link.tap = swallow

        assert await _asked(link) == b""
        assert b"".join(seen) == QUESTION


async def _ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read(1) == b""
    except OSError:
        return True
