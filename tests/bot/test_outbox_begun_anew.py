"""An outbox that was emptied or lost its tail, with a clock behind: its new notices have smaller ids and are heard too."""

import pytest

from bot import outbox
from engine.adapters.codec import encode_notice
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_outbox import OUTBOX
from engine.model.machine_notices import EngineHalted
from tests.bot.post import OTHER, OWNER, FakePhone, Post

AHEAD_MS = 4_000_000_000_000  # of any clock: what comes after it by the server's own clock is smaller


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "BLOCK_MS", 10)


async def put_ahead(post: Post, detail: str) -> None:
    notice = encode_notice(EngineHalted(detail, 1))
    await post.link.client.xadd(OUTBOX, {"notice": notice}, id=f"{AHEAD_MS}-0")


async def test_a_notice_of_an_outbox_that_was_begun_anew_is_heard(link: RedisLink) -> None:
    post = Post(link, FakePhone(), OWNER)
    await put_ahead(post, "before")

    async with post.running():
        await post.empty()
        await post.link.client.delete(OUTBOX)
        await post.put(EngineHalted("position is bare", 2))
        await post.until(lambda: len(post.phone.took) == 2)

    assert "position is bare" in post.phone.took[1].text


async def test_what_waits_for_a_chat_already_is_not_queued_again(link: RedisLink) -> None:
    """One owner cannot be reached, so the notice stays open; the stream's newest id is lost meanwhile."""
    post = Post(link, FakePhone(OTHER), OWNER, OTHER)
    await post.put(EngineHalted("open", 1))
    await link.client.copy(OUTBOX, "replica")
    await put_ahead(post, "lost")

    async with post.running():
        await post.until(lambda: len(post.phone.took) == 2)
        await link.client.copy("replica", OUTBOX, replace=True)
        await post.put(EngineHalted("new", 2))
        await post.until(lambda: len(post.phone.took) == 3)

        assert post.delivery.waiting(OTHER) == 3
    assert [word in alert.text for word, alert in zip(("open", "lost", "new"), post.phone.took, strict=True)] == [True] * 3
