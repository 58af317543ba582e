"""The health page: answers at once where nothing is waited for, waits for what was asked, and never beyond its time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from bot.health import Health, serve
from engine.model.events import Route


class Standing:
    """How things stand; tests change it."""

    def __init__(self) -> None:
        self.ready = True
        self.settled = True
        self.newest = dict.fromkeys(Route, 0)
        self.page = Health(
            facts=lambda: {"phase": "running", "cards_open": 2},
            is_ready=lambda: self.ready,
            is_settled=lambda: self.settled,
            newest=self.newest.__getitem__,
            metrics=lambda: b"autobot_ready 1.0\n",
        )


@pytest.fixture
async def page() -> AsyncIterator[tuple[Standing, str]]:
    standing = Standing()
    runner = await serve(standing.page, 0)
    port = runner.addresses[0][1]
    yield standing, f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def asked(url: str) -> tuple[int, Any]:
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.json()


async def test_it_says_how_things_stand(page: tuple[Standing, str]) -> None:
    _, url = page

    assert await asked(f"{url}/healthz") == (200, {"ready": True, "settled": True, "phase": "running", "cards_open": 2})


async def test_what_is_not_ready_is_unavailable(page: tuple[Standing, str]) -> None:
    standing, url = page
    standing.ready = False

    status, body = await asked(f"{url}/healthz")

    assert (status, body["ready"]) == (503, False)


async def test_it_waits_until_every_route_reached_its_mark_and_all_has_settled(page: tuple[Standing, str]) -> None:
    standing, url = page
    standing.settled = False
    waiting = asyncio.create_task(asked(f"{url}/healthz?wait_ms=10000&public=5&market=7&private=9"))
    await until_it_looks()

    standing.newest.update({Route.PUBLIC: 5, Route.MARKET: 7, Route.PRIVATE: 8})
    standing.settled = True
    await until_it_looks()
    assert not waiting.done()

    standing.newest[Route.PRIVATE] = 9
    assert (await waiting)[1]["settled"] is True


async def test_it_does_not_wait_longer_than_asked(page: tuple[Standing, str]) -> None:
    _, url = page

    _, body = await asked(f"{url}/healthz?wait_ms=20&market=7")

    assert body["settled"] is False


async def test_a_mark_of_zero_asks_for_nothing(page: tuple[Standing, str]) -> None:
    _, url = page

    assert (await asked(f"{url}/healthz?wait_ms=1000&public=0&market=0&private=0"))[1]["settled"] is True


async def test_words_for_numbers_are_refused(page: tuple[Standing, str]) -> None:
    _, url = page

    assert (await asked(f"{url}/healthz?wait_ms=soon"))[0] == 400


async def test_a_port_that_is_taken_is_told(page: tuple[Standing, str]) -> None:
    standing, url = page

    with pytest.raises(OSError, match="address already in use"):
        await serve(standing.page, int(url.rsplit(":", 1)[1]))


async def until_it_looks() -> None:
    """Let the page's own waiting come round a few times."""
    for _ in range(50):
        await asyncio.sleep(0)
