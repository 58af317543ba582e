"""A stop that moved is not told after its position was closed, wherever it was on its way to Telegram meanwhile."""

import asyncio

import pytest
from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError, TelegramNetworkError

from bot import outbox
from bot.alerts import Alerts
from engine.adapters.redis_link import RedisLink
from engine.model.machine_notices import EngineHalted
from engine.model.notices import LatchLifted, Notice
from engine.ports import StoreDown
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.markup import Html
from tests.bot.post import METHOD, OTHER, OWNER, FakePhone, Post

MOVED, CLOSED = LatchLifted("11", 1), EngineHalted("one", 1)


@pytest.fixture(autouse=True)
def _words(monkeypatch: pytest.MonkeyPatch) -> None:
    async def write(self: Alerts, user: int, notice: Notice) -> Alert:
        if isinstance(notice, LatchLifted):
            return Alert(Html("stop moved"), Loudness.NOTICE, name="stop:1")
        return Alert(Html("closed"), Loudness.MONEY, outdates="stop:1")

    monkeypatch.setattr(Alerts, "write", write)


async def test_an_alert_made_stale_on_its_way_to_one_owner_is_kept_for_the_other(
    link: RedisLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, may_send = Post(link, FakePhone(OTHER), OWNER, OTHER), asyncio.Event()
    send, going = post.phone.send, list[str]()

    async def sent(chat: int, alert: Alert) -> None:
        if chat == OWNER:
            going.append(alert.text)
            await may_send.wait()
        await send(chat, alert)

    monkeypatch.setattr(post.phone, "send", sent)

    async with post.running():
        await post.put(MOVED)
        await post.until(lambda: bool(going))
        await post.put(CLOSED)
        await post.until(lambda: post.delivery.waiting(OWNER) == 2)
        may_send.set()
        await post.noted(2)

    assert [alert.text for alert in post.phone.took] == ["stop moved", "closed"]
    assert await post.left() == 2


async def test_an_alert_that_did_not_arrive_may_be_outdated_again(link: RedisLink, monkeypatch: pytest.MonkeyPatch) -> None:
    post = Post(link, FakePhone(), OWNER)
    monkeypatch.setattr(outbox, "FIRST_PAUSE_S", 0.2)
    post.phone.refusals = [TelegramNetworkError(METHOD, "away")]
    await post.put(MOVED)

    async with post.running():
        await post.until(lambda: post.phone.tried == 1)
        await post.put(CLOSED)
        await post.empty()

    assert [alert.text for alert in post.phone.took] == ["closed"]


@pytest.mark.parametrize(
    "failure",
    [
        TelegramNetworkError(METHOD, "away"),
        TelegramForbiddenError(METHOD, "Forbidden: bot was blocked"),
        StoreDown("away"),
    ],
    ids=["the network", "blocked for a while", "the store"],
)
async def test_an_alert_made_stale_on_its_way_is_not_sent_again_where_its_attempt_failed(
    link: RedisLink, monkeypatch: pytest.MonkeyPatch, failure: TelegramAPIError | StoreDown
) -> None:
    post, may_fail = Post(link, FakePhone(), OWNER), asyncio.Event()
    send, tried = post.phone.send, list[str]()

    async def sent(chat: int, alert: Alert) -> None:
        tried.append(alert.text)
        if len(tried) == 1:
            await may_fail.wait()
            raise failure
        await send(chat, alert)

    monkeypatch.setattr(post.phone, "send", sent)
    for pause in ("FIRST_PAUSE_S", "STORE_PAUSE_S", "CHAT_PAUSE_S"):
        monkeypatch.setattr(outbox, pause, 0.0)

    async with post.running():
        await post.put(MOVED)
        await post.until(lambda: tried == ["stop moved"])
        await post.put(CLOSED)
        await post.until(lambda: post.delivery.waiting(OWNER) == 2)
        may_fail.set()
        await post.empty()

    assert tried == ["stop moved", "closed"]
    assert [alert.text for alert in post.phone.took] == ["closed"]


async def test_an_alert_that_changed_and_was_made_stale_on_its_way_is_not_edited_after_it(
    link: RedisLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    post, may_send = Post(link, FakePhone(), OWNER), asyncio.Event()
    send, tried = post.phone.send, list[str]()

    async def write(self: Alerts, user: int, notice: Notice) -> Alert:
        if isinstance(notice, LatchLifted):
            return Alert(Html("stop moved"), Loudness.NOTICE, name="stop:1", edits="stop:1")
        return Alert(Html("closed"), Loudness.MONEY, outdates="stop:1")

    async def sent(chat: int, alert: Alert) -> None:
        tried.append(alert.text)
        await may_send.wait()
        await send(chat, alert)

    monkeypatch.setattr(Alerts, "write", write)
    monkeypatch.setattr(post.phone, "send", sent)

    async with post.running():
        await post.put(MOVED)
        await post.until(lambda: len(tried) == 1)
        await post.put(MOVED, CLOSED)
        await post.until(lambda: post.delivery.waiting(OWNER) == 2)
        may_send.set()
        await post.empty()

    assert tried == ["stop moved", "closed"]
