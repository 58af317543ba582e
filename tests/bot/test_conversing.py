"""Telegram stops nothing: whatever breaks in the conversation, it comes back, and nothing is heard twice."""

import asyncio
import importlib
import sys
import threading
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramConflictError, TelegramNetworkError, TelegramUnauthorizedError
from aiogram.methods import GetUpdates
from aiogram.types import Update

from bot import conversing, polling
from bot.conversing import converse
from bot.ending import IMPORTING
from bot.polling import Polling

NOTHING = cast(Any, None)
METHOD = GetUpdates()


async def test_a_conversation_that_breaks_off_starts_again(monkeypatch: pytest.MonkeyPatch) -> None:
    tries, talking = list[str](), asyncio.Event()

    async def talk(*parts: object) -> None:
        tries.append("talk")
        if len(tries) < 4:
            raise ValueError("broken")
        talking.set()
        await asyncio.Event().wait()

    def imported(name: str) -> SimpleNamespace:
        tries.append("import")
        if len(tries) == 1:
            raise ImportError("half a module")
        return SimpleNamespace(talk=talk)

    monkeypatch.setattr(importlib, "import_module", imported)
    monkeypatch.setattr(conversing, "FIRST_PAUSE_S", 0.0)
    conversation = asyncio.create_task(converse(NOTHING, NOTHING, NOTHING))

    await asyncio.wait_for(talking.wait(), 5)
    conversation.cancel()
    await asyncio.wait([conversation])

    assert tries == ["import", "import", "talk", "import", "talk"]


class FakeTelegram:
    """Gives out what was scripted, then stays silent; remembers what was asked for."""

    def __init__(self, *answers: list[int] | Exception) -> None:
        self.answers = list(answers)
        self.offsets: list[int | None] = []
        self.is_silent = asyncio.Event()

    async def get_updates(self, *, offset: int | None, **how: Any) -> list[Update]:
        self.offsets.append(offset)
        if not self.answers:
            self.is_silent.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [Update(update_id=number) for number in answer]


class FakeDispatcher:
    """Handles updates, and stumbles over some."""

    def __init__(self, *stumbles: int) -> None:
        self.handled: list[int] = []
        self.stumbles = stumbles

    async def feed_update(self, bot: Bot, update: Update) -> None:
        self.handled.append(update.update_id)
        if update.update_id in self.stumbles:
            raise ValueError("no answer")


class FakeKeeper:
    """Remembers how the chat stood, and who else listened."""

    def __init__(self) -> None:
        self.chat = "closed"
        self.was_told = asyncio.Event()

    async def other_poller(self, conflicts: int) -> None:
        self.was_told.set()


async def heard(telegram: FakeTelegram, dispatcher: FakeDispatcher, keeper: FakeKeeper | None = None) -> None:
    listening = asyncio.create_task(Polling(cast(Bot, telegram), cast(Dispatcher, dispatcher), keeper or FakeKeeper()).run())
    await asyncio.wait_for(telegram.is_silent.wait(), 5)
    listening.cancel()
    await asyncio.wait([listening])


async def test_each_update_is_handled_once_and_confirmed_afterwards() -> None:
    telegram, dispatcher = FakeTelegram([7, 8], [9]), FakeDispatcher(7)

    await heard(telegram, dispatcher)

    assert dispatcher.handled == [7, 8, 9]
    assert telegram.offsets == [None, 9, 10]


@pytest.mark.parametrize(
    "trouble",
    [
        TelegramNetworkError(METHOD, "away"),
        TelegramConflictError(METHOD, "terminated by other getUpdates request"),
        TelegramUnauthorizedError(METHOD, "Unauthorized"),
    ],
    ids=["the network", "another program with the token", "a revoked token"],
)
async def test_after_trouble_it_goes_on_where_it_was(monkeypatch: pytest.MonkeyPatch, trouble: Exception) -> None:
    for pause in ("FIRST_PAUSE_S", "CONFLICT_PAUSE_S", "REFUSED_PAUSE_S"):
        monkeypatch.setattr(polling, pause, 0.0)
    telegram, dispatcher = FakeTelegram([7], trouble, [8]), FakeDispatcher()

    await heard(telegram, dispatcher)

    assert dispatcher.handled == [7, 8]
    assert telegram.offsets == [None, 8, 8, 9]


async def test_three_conflicts_in_a_row_end_the_listening_and_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "CONFLICT_PAUSE_S", 0.0)
    conflict = TelegramConflictError(METHOD, "terminated by other getUpdates request")
    telegram, keeper = FakeTelegram(conflict, conflict, [7], conflict, conflict, conflict, [8]), FakeKeeper()
    dispatcher = FakeDispatcher()
    listening = asyncio.create_task(Polling(cast(Bot, telegram), cast(Dispatcher, dispatcher), keeper).run())

    await asyncio.wait_for(keeper.was_told.wait(), 5)
    listening.cancel()
    await asyncio.wait([listening])

    assert dispatcher.handled == [7]
    assert telegram.answers == [[8]]


async def test_it_tells_that_the_token_is_refused() -> None:
    telegram, keeper = FakeTelegram(TelegramUnauthorizedError(METHOD, "Unauthorized")), FakeKeeper()
    listening = asyncio.create_task(Polling(cast(Bot, telegram), cast(Dispatcher, FakeDispatcher()), keeper).run())

    async with asyncio.timeout(5):
        while keeper.chat != "refused":  # noqa: ASYNC110  # the loop turns a few times
            await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait([listening])


async def test_the_end_waits_for_no_import(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, before_s = threading.Event(), threading.Event(), sys.getswitchinterval()

    def imported(name: str) -> SimpleNamespace:
        begun.set()
        go_on.wait(10)
        return SimpleNamespace()

    monkeypatch.setattr(importlib, "import_module", imported)
    conversation = asyncio.create_task(converse(NOTHING, NOTHING, NOTHING))
    await asyncio.to_thread(begun.wait, 5)
    importing = next(thread for thread in threading.enumerate() if thread.name.startswith(IMPORTING))

    conversation.cancel()
    await asyncio.wait_for(asyncio.wait([conversation]), 5)

    assert importing.is_alive()
    assert importing.daemon  # the interpreter's end waits for the others
    assert sys.getswitchinterval() == pytest.approx(before_s)
    go_on.set()
    await asyncio.to_thread(importing.join, 5)
    assert not importing.is_alive()
