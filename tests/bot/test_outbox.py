"""Alerts: kept until Telegram took them, the most urgent first, merged where a newer one says more, never lost to a fault."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import cast

import pytest
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest, TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import SendMessage

from bot import outbox
from bot.alerts import Alerts
from bot.outbox import Delivery
from bot.owners import Owners
from bot.queue_of_chat import MANY
from bot.sending import Sender
from engine.adapters.codec import encode_notice
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_outbox import Outbox, Told, put
from engine.adapters.redis_tokens import Tokens
from engine.adapters.redis_users import Users
from engine.model.machine_notices import EngineHalted
from engine.model.notices import LatchLifted, Notice
from engine.ports import StoreDown
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.language import Languages
from handlers.ui.markup import Html
from tests.doubles import FakeFactor
from tests.handlers.samples import a_desk, an_engine

OWNER = 11
OTHER = 12
METHOD = SendMessage(chat_id=OWNER, text="")


class FakePhone:
    """Takes alerts, and refuses the next ones for the reasons given. Whoever blocked the bot is never reached."""

    def __init__(self, *blocked_by: int) -> None:
        self.blocked_by = set(blocked_by)
        self.took: list[Alert] = []
        self.refusals: list[TelegramAPIError] = []
        self.tried = 0

    async def send(self, chat: int, alert: Alert) -> None:
        self.tried += 1
        if chat in self.blocked_by:
            raise TelegramForbiddenError(METHOD, "Forbidden: bot was blocked")
        if self.refusals:
            raise self.refusals.pop(0)
        self.took.append(alert)


class Post:
    """A real outbox, a fake phone, and the delivery between them."""

    def __init__(self, link: RedisLink, phone: FakePhone, *owners: int) -> None:
        self.link, self.phone, self.outbox = link, phone, Outbox(link)
        users, self.owners = Users(link), Owners(owners, Users(link))
        alerts = Alerts(an_engine(a_desk()), Languages("DEMO"), users, Tokens(link, "test"), FakeFactor(), language="en")
        self.delivery = Delivery(self.outbox, alerts, self.owners, cast(Sender, phone), lambda chat: 0.0)

    async def put(self, *notices: Notice) -> None:
        for notice in notices:
            await self.link.client.execute_command(*put(encode_notice(notice)))  # type: ignore[no-untyped-call]

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.owners.load()
        running = asyncio.create_task(self.delivery.run())
        yield
        running.cancel()
        await asyncio.wait([running])

    async def until(self, what: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not what():  # noqa: ASYNC110  # nothing here can be waited for
                await asyncio.sleep(0.001)

    async def noted(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(await self.outbox.told()) != count:  # noqa: ASYNC110  # the store tells nobody
                await asyncio.sleep(0.001)

    async def left(self) -> int:
        return await self.outbox.waiting()

    async def empty(self) -> None:
        async with asyncio.timeout(5):
            while await self.left():  # noqa: ASYNC110  # the store tells nobody
                await asyncio.sleep(0.001)


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


async def test_a_notice_is_forgotten_only_when_telegram_took_it(post: Post) -> None:
    await post.put(halted("one"))
    post.phone.refusals = [TelegramNetworkError(METHOD, "away")]

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


async def test_a_notice_without_words_is_dropped_and_the_next_one_delivered(
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

    assert len(post.phone.took) == 1


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
