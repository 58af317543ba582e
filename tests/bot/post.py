"""A real outbox, a phone that remembers, and the delivery between them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

from aiogram.exceptions import TelegramAPIError, TelegramForbiddenError
from aiogram.methods import SendMessage

from bot.alerts import Alerts
from bot.outbox import Delivery
from bot.owners import Owners
from bot.sending import Sender
from engine.adapters.codec import encode_notice
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_outbox import Outbox, put
from engine.adapters.redis_tokens import Tokens
from engine.adapters.redis_users import Users
from engine.model.notices import Notice
from handlers.ui.alerts import Alert
from handlers.ui.language import Languages
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
