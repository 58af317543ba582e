"""The ear: everything is heard once, and whatever Telegram answers, listening goes on."""

import asyncio
from typing import Any, cast

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.methods import DeleteWebhook, GetUpdates
from aiogram.types import Update

from bot import polling
from bot.polling import Polling

METHOD = GetUpdates()
SAID = "words of a stranger"


class FakeTelegram:
    """Gives out what was scripted, then stays silent; remembers what was asked for."""

    def __init__(self, *answers: list[int] | Exception) -> None:
        self.answers = list(answers)
        self.offsets: list[int | None] = []
        self.is_silent = asyncio.Event()
        self.webhooks_deleted: list[str] = []
        self.refuses_to_delete: list[Exception] = []

    async def get_updates(self, *, offset: int | None, **how: Any) -> list[Update]:
        self.offsets.append(offset)
        if not self.answers:
            self.is_silent.set()
            await asyncio.Event().wait()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return [Update(update_id=number) for number in answer]

    async def delete_webhook(self, *, drop_pending_updates: bool) -> bool:
        self.webhooks_deleted.append("and what waited" if drop_pending_updates else "and nothing else")
        if self.refuses_to_delete:
            raise self.refuses_to_delete.pop(0)
        return True


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


@pytest.mark.parametrize("refusal", [TelegramUnauthorizedError(METHOD, "Unauthorized"), TelegramNotFound(METHOD, "Not Found")])
async def test_it_tells_that_the_token_is_refused(refusal: Exception) -> None:
    telegram, keeper = FakeTelegram(refusal), FakeKeeper()
    listening = asyncio.create_task(Polling(cast(Bot, telegram), cast(Dispatcher, FakeDispatcher()), keeper).run())

    async with asyncio.timeout(5):
        while keeper.chat != "refused":  # noqa: ASYNC110  # the loop turns a few times
            await asyncio.sleep(0)
    listening.cancel()
    await asyncio.wait([listening])


def undecoded(*updates: object) -> ClientDecodeError:
    """What the library raises where it cannot read one update of a batch: the whole batch is lost to it."""
    return ClientDecodeError("Failed to deserialize object", ValueError("a new kind"), {"ok": True, "result": list(updates)})


def a_new_kind(number: int) -> dict[str, Any]:
    chat = {"id": 99, "type": "private"}
    message = {"message_id": 1, "date": 1, "chat": chat, "text": SAID, "forward_origin": {"type": "a_new_kind", "date": 1}}
    return {"update_id": number, "message": message}


@pytest.mark.parametrize("number", [7, 8, 9], ids=["first", "in the middle", "last"])
async def test_an_update_of_an_unknown_kind_is_left_out_and_the_others_are_heard(
    number: int, caplog: pytest.LogCaptureFixture
) -> None:
    batch = [a_new_kind(one) if one == number else {"update_id": one} for one in (7, 8, 9)]
    telegram, dispatcher, keeper = FakeTelegram(undecoded(*batch), [10]), FakeDispatcher(), FakeKeeper()

    await heard(telegram, dispatcher, keeper)

    assert dispatcher.handled == [one for one in (7, 8, 9, 10) if one != number]
    assert telegram.offsets == [None, 10, 11]
    assert keeper.chat == "open"
    assert [f"update {number}" in caplog.text, SAID in caplog.text] == [True, False]


async def test_where_nothing_in_a_batch_can_be_read_the_next_one_is_asked_for() -> None:
    telegram, dispatcher = FakeTelegram(undecoded(a_new_kind(7)), [8]), FakeDispatcher()

    await heard(telegram, dispatcher)

    assert dispatcher.handled == [8]
    assert telegram.offsets == [None, 8, 9]


@pytest.mark.parametrize("data", ["<html>", {"ok": True}, {"result": 7}, {"result": []}, {"result": ["?", {"update_id": "?"}]}])
async def test_an_answer_that_holds_no_updates_counts_as_telegrams_absence(
    data: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_S", 0.0)
    telegram, dispatcher = FakeTelegram(ClientDecodeError("no", ValueError(), data)), FakeDispatcher()
    keeper = FakeKeeper()

    await heard(telegram, dispatcher, keeper)

    assert keeper.chat == "away"
    assert telegram.offsets == [None, None]


def a_webhook() -> TelegramConflictError:
    return TelegramConflictError(
        METHOD, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
    )


@pytest.mark.parametrize("refusals", [0, 1], ids=["at once", "at the second attempt"])
async def test_a_webhook_is_taken_away_and_what_waited_is_heard(refusals: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_S", 0.0)
    telegram, dispatcher, keeper = FakeTelegram(*[a_webhook()] * (1 + refusals), [7]), FakeDispatcher(), FakeKeeper()
    telegram.refuses_to_delete = [TelegramNetworkError(DeleteWebhook(), "away")] * refusals

    await heard(telegram, dispatcher, keeper)

    assert dispatcher.handled == [7]
    assert telegram.webhooks_deleted == ["and nothing else"] * (1 + refusals)


async def test_the_first_webhooks_and_those_that_could_not_be_taken_off_are_no_other_program(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_S", 0.0)
    telegram, keeper = FakeTelegram(*[a_webhook()] * 5, [7]), FakeKeeper()
    telegram.refuses_to_delete = [TelegramNetworkError(DeleteWebhook(), "away")] * 3

    await heard(telegram, FakeDispatcher(), keeper)

    assert not keeper.was_told.is_set()
    assert keeper.chat == "open"


async def test_a_webhook_that_is_set_again_and_again_is_another_program_and_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "FIRST_PAUSE_S", 0.0)
    telegram, dispatcher, keeper = (
        FakeTelegram(a_webhook(), [7], a_webhook(), [8], a_webhook(), [9]),
        FakeDispatcher(),
        FakeKeeper(),
    )
    listening = asyncio.create_task(Polling(cast(Bot, telegram), cast(Dispatcher, dispatcher), keeper).run())

    await asyncio.wait_for(keeper.was_told.wait(), 5)
    listening.cancel()
    await asyncio.wait([listening])

    assert dispatcher.handled == [7, 8]
    assert telegram.answers == [[9]]
    assert len(telegram.webhooks_deleted) == 2
