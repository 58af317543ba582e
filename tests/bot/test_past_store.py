"""What comes over the line reaches every owner without the store, waits for Telegram, and is said once."""

import asyncio
from typing import cast

import pytest
from aiogram.exceptions import TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import GetMe

from bot import past_store
from bot.line import Line
from bot.owners import Owners
from bot.past_store import PastStore
from bot.sending import Sender
from engine.adapters.redis_users import Users
from engine.model.machine_notices import StoreWentAway
from engine.model.notices import Notice
from engine.ports import StoreDown
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.markup import Html

GONE = StoreWentAway("away", 1)


class FakeUsers:
    """A store that is away."""

    async def owners(self) -> set[int]:
        raise StoreDown("away")


class FakeSender:
    """Fails as it was told to, then remembers."""

    def __init__(self, *faults: Exception) -> None:
        self.faults = list(faults)
        self.sent: list[tuple[int, Alert]] = []

    async def send(self, chat: int, alert: Alert) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self.sent.append((chat, alert))


async def write(user: int, notice: Notice) -> Alert:
    return Alert(Html("away"), Loudness.CRITICAL, name="a name that only the store knows")


async def said(sender: FakeSender, *owners: int) -> list[int]:
    line, named = Line(), Owners(owners, cast(Users, FakeUsers()))
    await named.load()
    line.tell(GONE)
    speaking = asyncio.create_task(PastStore(line, named, cast(Sender, sender), write).run())
    async with asyncio.timeout(5):
        while len(line):  # noqa: ASYNC110  # the loop turns a few times
            await asyncio.sleep(0)
    speaking.cancel()
    await asyncio.wait([speaking])
    assert all(not alert.name for _, alert in sender.sent)
    return [chat for chat, _ in sender.sent]


async def test_every_named_owner_is_told_while_the_store_is_away() -> None:
    assert await said(FakeSender(), 2, 1) == [1, 2]


async def test_an_owner_who_cannot_be_written_to_keeps_it_from_nobody() -> None:
    assert await said(FakeSender(TelegramForbiddenError(GetMe(), "blocked")), 1, 2) == [2]


async def test_it_waits_for_telegram(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_store, "FIRST_PAUSE_S", 0.0)

    assert await said(FakeSender(TelegramNetworkError(GetMe(), "away")), 1) == [1]


async def test_where_nobody_is_named_the_store_is_waited_for() -> None:
    with pytest.raises(StoreDown):
        await Owners((), cast(Users, FakeUsers())).load()
