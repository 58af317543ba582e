"""What comes over the line reaches every owner without the store, waits for Telegram, and is said once.

No chat waits for another one, and a notice that cannot be put into words holds up none.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

import pytest
from aiogram.exceptions import TelegramForbiddenError, TelegramNetworkError
from aiogram.methods import GetMe

from bot import past_store
from bot.line import Line
from bot.owners import Owners, OwnersFile
from bot.past_store import PastStore
from bot.sending import Sender
from engine.adapters.redis_users import Users
from engine.model.machine_notices import EngineHalted, StoreWentAway
from engine.model.notices import Notice
from engine.ports import StoreDown
from handlers.ui.alerts import Alert, Loudness
from handlers.ui.markup import Html

GONE = StoreWentAway("away", 1)
HALTED = EngineHalted("naked", 1)

type Writing = Callable[[int, Notice], Awaitable[Alert]]


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


def unworded(notice: Notice) -> Alert:
    return Alert(Html(type(notice).__name__), Loudness.CRITICAL)


@asynccontextmanager
async def speaking(line: Line, sender: FakeSender, *owners: int, writing: Writing = write) -> AsyncIterator[None]:
    named = Owners(owners, cast(Users, FakeUsers()))
    await named.load()
    task = asyncio.create_task(PastStore(line, named, cast(Sender, sender), writing, unworded).run())
    yield
    task.cancel()
    await asyncio.wait([task])


async def until(what: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not what():  # noqa: ASYNC110  # the loop turns a few times
            await asyncio.sleep(0)


async def said(sender: FakeSender, *owners: int) -> list[int]:
    line = Line()
    line.tell(GONE)
    async with speaking(line, sender, *owners):
        await until(lambda: not len(line))
    assert all(not alert.name for _, alert in sender.sent)
    return [chat for chat, _ in sender.sent]


async def test_every_named_owner_is_told_while_the_store_is_away() -> None:
    assert await said(FakeSender(), 2, 1) == [1, 2]


async def test_an_owner_who_cannot_be_written_to_keeps_it_from_nobody() -> None:
    assert await said(FakeSender(TelegramForbiddenError(GetMe(), "blocked")), 1, 2) == [2]


async def test_it_waits_for_telegram(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_store, "FIRST_PAUSE_S", 0.0)

    assert await said(FakeSender(TelegramNetworkError(GetMe(), "away")), 1) == [1]


class MutedSender(FakeSender):
    """One chat is under a long silence until it is let go."""

    def __init__(self, muted: int) -> None:
        super().__init__()
        self.muted = muted
        self.is_over = asyncio.Event()

    async def send(self, chat: int, alert: Alert) -> None:
        if chat == self.muted:
            await self.is_over.wait()
        await super().send(chat, alert)


async def test_a_chat_that_must_be_silent_keeps_nothing_from_the_others() -> None:
    line, sender = Line(), MutedSender(1)
    line.tell(GONE)
    line.tell(HALTED)

    async with speaking(line, sender, 1, 2):
        await until(lambda: len(sender.sent) == 2)
        assert [chat for chat, _ in sender.sent] == [2, 2]
        assert len(line) == 2
        sender.is_over.set()
        await until(lambda: not len(line))

    assert [chat for chat, _ in sender.sent] == [2, 2, 1, 1]


async def test_after_the_conversation_broke_off_only_those_are_told_who_do_not_know() -> None:
    line, before, after = Line(), MutedSender(1), FakeSender()
    line.tell(HALTED)

    async with speaking(line, before, 1, 2):
        await until(lambda: len(before.sent) == 1)
    async with speaking(line, after, 1, 2):
        await until(lambda: not len(line))

    assert [[chat for chat, _ in sender.sent] for sender in (before, after)] == [[2], [1]]


async def test_of_a_notice_without_words_it_is_said_that_something_happened_and_the_next_one_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    line, sender = Line(), FakeSender()
    line.tell(GONE)
    line.tell(HALTED)

    async def stumbling(user: int, notice: Notice) -> Alert:
        if notice is GONE:
            raise ValueError("no words")
        return await write(user, notice)

    async with speaking(line, sender, 1, 2, writing=stumbling):
        await until(lambda: not len(line))

    assert sorted(chat for chat, _ in sender.sent) == [1, 1, 2, 2]
    assert [alert.text for _, alert in sender.sent].count(Html("StoreWentAway")) == 2
    assert "StoreWentAway" in caplog.text


async def test_where_nobody_is_named_the_store_is_waited_for() -> None:
    with pytest.raises(StoreDown):
        await Owners((), cast(Users, FakeUsers())).load()


async def test_what_the_store_took_back_is_not_said_past_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(past_store, "FIRST_PAUSE_S", 0.0)
    line, sender = Line(), FakeSender(*(TelegramNetworkError(GetMe(), "away") for _ in range(3)))
    line.tell(HALTED)

    async with speaking(line, sender, 1):
        await asyncio.sleep(0)
        assert line.take_back() == [HALTED]
        line.tell(GONE)
        await until(lambda: not len(line))

    assert line.take_back() == []
    assert len(sender.sent) == 1


async def test_who_claimed_the_bot_is_known_while_the_store_is_away(tmp_path: Path) -> None:
    file = OwnersFile(tmp_path)
    file.write(frozenset({7}))
    owners = Owners((), cast(Users, FakeUsers()), file)

    await owners.load()

    assert owners.ids == {7}
    assert (tmp_path / "owners.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("damaged", [b"", b"[7,", b'["7"]', b"\xff", b"7"])
async def test_a_file_of_owners_that_cannot_be_read_makes_nobody_an_owner(tmp_path: Path, damaged: bytes) -> None:
    (tmp_path / "owners.json").write_bytes(damaged)

    with pytest.raises(StoreDown):
        await Owners((), cast(Users, FakeUsers()), OwnersFile(tmp_path)).load()
