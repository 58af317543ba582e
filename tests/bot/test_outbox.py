"""Alerts: kept until Telegram took them, the most urgent first, merged where a newer one says more, never lost to a fault."""

import asyncio
from collections.abc import Sequence

import pytest
from aiogram.exceptions import (
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
)

from bot import outbox
from bot.alerts import Alerts
from bot.queue_of_chat import MANY
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_outbox import Outbox, Told
from engine.model.machine_notices import EngineHalted
from engine.model.notices import LatchLifted, Notice
from engine.ports import StoreDown
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.markup import Html
from tests.bot.post import METHOD, OTHER, OWNER, FakePhone, Post


@pytest.fixture
def post(link: RedisLink) -> Post:
    return Post(link, FakePhone(), OWNER)


@pytest.fixture
def forgotten(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A store that is away the first time that something told is to be forgotten; how much was to be, each time."""
    forget, tries = Outbox.delivered, list[int]()

    async def forgetting(self: Outbox, ids: Sequence[str]) -> None:
        if ids:
            tries.append(len(ids))
            if len(tries) == 1:
                raise StoreDown("away")
        await forget(self, ids)

    monkeypatch.setattr(Outbox, "delivered", forgetting)
    monkeypatch.setattr(outbox, "STORE_PAUSE_S", 0.0)
    return tries


def halted(detail: str) -> EngineHalted:
    return EngineHalted(detail, 1)


@pytest.mark.parametrize(
    "refusal",
    [TelegramNetworkError(METHOD, "away"), TelegramNotFound(METHOD, "Not Found")],
    ids=["the network", "a mistyped token"],
)
async def test_a_notice_is_forgotten_only_when_telegram_took_it(post: Post, refusal: TelegramAPIError) -> None:
    await post.put(halted("one"))
    post.phone.refusals = [refusal]

    async with post.running():
        await post.until(lambda: post.phone.tried == 1)
        assert await post.left() == 1
        await post.empty()

    assert len(post.phone.took) == 1


async def test_notices_from_before_a_restart_are_delivered(post: Post) -> None:
    await post.put(halted("one"), halted("two"))

    async with post.running():
        await post.empty()

    assert ["one" in post.phone.took[0].text, "two" in post.phone.took[1].text] == [True, True]


@pytest.mark.usefixtures("forgotten")
async def test_what_was_told_while_the_store_was_away_is_forgotten_later_and_not_told_twice(post: Post) -> None:
    await post.put(halted("one"), halted("two"))

    async with post.running():
        await post.empty()

    assert len(post.phone.took) == 2


@pytest.mark.usefixtures("forgotten")
async def test_what_was_told_while_the_store_was_away_is_forgotten_though_nothing_else_is_ever_told(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "BLOCK_MS", 10)
    await post.put(halted("one"))

    async with post.running():
        await post.empty()

    assert len(post.phone.took) == 1


async def test_an_alert_is_said_once_though_the_store_went_while_it_was_queued(
    post: Post, forgotten: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The queue is full, so the oldest dull alert is left out, and the store is away when that one is to be forgotten."""
    may_send, send = asyncio.Event(), post.phone.send

    async def write(self: Alerts, user: int, notice: Notice) -> Alert:
        assert isinstance(notice, LatchLifted)
        return Alert(Html(notice.who), Loudness.NOTICE)

    async def sent(chat: int, alert: Alert) -> None:
        await may_send.wait()
        await send(chat, alert)

    monkeypatch.setattr(Alerts, "write", write)
    monkeypatch.setattr(post.phone, "send", sent)
    await post.put(*(LatchLifted(str(number), number) for number in range(MANY + 2)))

    async with post.running():
        await post.until(lambda: len(forgotten) > 1)
        may_send.set()
        await post.empty()

    said = [str(alert.text) for alert in post.phone.took]
    assert len(said) == len(set(said))
    assert str(MANY + 1) in said


async def test_what_telegram_refuses_for_its_form_is_given_up_and_does_not_hold_the_rest(post: Post) -> None:
    await post.put(halted("one"), halted("two"))
    post.phone.refusals = [TelegramBadRequest(METHOD, "Bad Request: message text is empty")]

    async with post.running():
        await post.empty()

    assert len(post.phone.took) == 1


@pytest.mark.parametrize(
    "refusal",
    [TelegramForbiddenError(METHOD, "Forbidden: bot was blocked"), TelegramBadRequest(METHOD, "Bad Request: chat not found")],
)
async def test_an_owner_who_cannot_be_written_to_gets_everything_when_they_speak(post: Post, refusal: TelegramAPIError) -> None:
    await post.put(halted("one"))
    post.phone.refusals = [refusal]

    async with post.running():
        await post.until(lambda: post.phone.tried == 1)
        assert post.phone.took == []
        post.delivery.heard(OWNER)
        await post.empty()

    assert len(post.phone.took) == 1


async def test_of_a_notice_without_words_it_is_said_that_something_happened_and_the_next_one_is_delivered(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Alerts.write

    async def stumbling(self: Alerts, user: int, notice: Notice) -> Alert:
        if isinstance(notice, LatchLifted):
            raise ValueError("no words")
        return await write(self, user, notice)

    monkeypatch.setattr(Alerts, "write", stumbling)
    await post.put(LatchLifted("11", 1), halted("two"))

    async with post.running():
        await post.empty()

    assert len(post.phone.took) == 2
    assert "LatchLifted" in str(post.phone.took[0])


async def test_who_was_told_is_not_told_again_at_the_next_start_though_another_owner_cannot_be_reached(link: RedisLink) -> None:
    first, second = (Post(link, FakePhone(OTHER), OWNER, OTHER) for _ in range(2))
    await first.put(halted("one"), halted("two"))
    async with first.running():
        await first.noted(2)

    async with second.running():
        await second.put(halted("three"))
        await second.noted(3)

    assert len(first.phone.took) == 2
    assert ["three" in alert.text for alert in second.phone.took] == [True]
    assert await second.left() == 3


async def test_an_owner_who_speaks_after_a_restart_is_told_what_the_other_one_knows_and_nothing_stays_noted(
    link: RedisLink,
) -> None:
    first, second = Post(link, FakePhone(OTHER), OWNER, OTHER), Post(link, FakePhone(), OWNER, OTHER)
    await first.put(halted("one"))
    async with first.running():
        await first.noted(1)

    async with second.running():
        await second.empty()

    assert len(second.phone.took) == 1
    assert await second.outbox.told() == frozenset()


async def test_what_only_a_former_owner_was_not_told_is_forgotten(link: RedisLink) -> None:
    first, second = Post(link, FakePhone(OTHER), OWNER, OTHER), Post(link, FakePhone(), OWNER)
    await first.put(halted("one"))
    async with first.running():
        await first.noted(1)

    async with second.running():
        await second.empty()

    assert second.phone.took == []


async def test_who_was_told_while_the_store_was_away_is_noted_later(link: RedisLink, monkeypatch: pytest.MonkeyPatch) -> None:
    post, note, tries = Post(link, FakePhone(OTHER), OWNER, OTHER), Outbox.note, list[int]()

    async def noting(self: Outbox, told: Sequence[Told]) -> None:
        if told:
            tries.append(len(told))
            if len(tries) == 1:
                raise StoreDown("away")
        await note(self, told)

    monkeypatch.setattr(Outbox, "note", noting)
    monkeypatch.setattr(outbox, "STORE_PAUSE_S", 0.0)
    monkeypatch.setattr(outbox, "BLOCK_MS", 10)
    await post.put(halted("one"))

    async with post.running():
        await post.noted(1)

    assert len(post.phone.took) == 1
