"""The pace: a small burst, then about a message a second in each chat, and silence while Telegram asks for it."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError, TelegramRetryAfter
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMessage,
    TelegramMethod,
)
from aiogram.types import Chat, Message

from bot.pace import BURST, PER_S, Bucket, Pace

CHAT = 11
BOT = cast(Bot, None)


class FakeTelegram:
    """Takes calls; asks for silence as often as told."""

    def __init__(self) -> None:
        self.calls: list[TelegramMethod[Any]] = []
        self.silences = 0
        self.lost_answers = 0

    async def __call__(self, bot: Bot, method: TelegramMethod[Any]) -> Any:
        self.calls.append(method)
        if self.silences:
            self.silences -= 1
            raise TelegramRetryAfter(method, "Too Many Requests", 0)
        if self.lost_answers:
            self.lost_answers -= 1
            raise TelegramNetworkError(method, "Request timeout error")
        return Message(message_id=7, date=datetime.now(UTC), chat=Chat(id=CHAT, type="private"))


async def test_a_call_that_comes_too_fast_is_repeated_and_not_lost() -> None:
    telegram, pace = FakeTelegram(), Pace()
    telegram.silences = 2

    await pace(telegram, BOT, SendMessage(chat_id=CHAT, text="one"))

    assert len(telegram.calls) == 3
    assert pace.waits == 2


async def test_an_edit_that_changes_nothing_is_not_sent() -> None:
    telegram, pace = FakeTelegram(), Pace()

    await pace(telegram, BOT, SendMessage(chat_id=CHAT, text="one"))
    await pace(telegram, BOT, EditMessageText(chat_id=CHAT, message_id=7, text="one"))
    await pace(telegram, BOT, EditMessageText(chat_id=CHAT, message_id=7, text="two"))
    await pace(telegram, BOT, EditMessageText(chat_id=CHAT, message_id=7, text="two"))

    assert [type(call) for call in telegram.calls] == [SendMessage, EditMessageText]


@pytest.mark.parametrize(
    "change",
    [
        EditMessageText(chat_id=CHAT, message_id=7, text="two"),
        EditMessageReplyMarkup(chat_id=CHAT, message_id=7),
        DeleteMessage(chat_id=CHAT, message_id=7),
    ],
    ids=lambda change: type(change).__name__,
)
async def test_where_the_answer_to_a_change_was_lost_nothing_is_believed_to_be_shown(change: TelegramMethod[Any]) -> None:
    telegram, pace = FakeTelegram(), Pace()
    shown = EditMessageText(chat_id=CHAT, message_id=7, text="one")
    await pace(telegram, BOT, shown)

    telegram.lost_answers = 1
    with pytest.raises(TelegramNetworkError):
        await pace(telegram, BOT, change)
    await pace(telegram, BOT, shown)

    assert telegram.calls == [shown, change, shown]


async def test_answers_to_taps_cost_nothing() -> None:
    telegram, pace = FakeTelegram(), Pace()

    await pace(telegram, BOT, AnswerCallbackQuery(callback_query_id="1"))

    assert pace.wait_s(CHAT) == 0.0


def test_a_burst_is_free_and_then_each_message_waits() -> None:
    bucket = Bucket(0.0)
    for _ in range(int(BURST)):
        assert bucket.wait_s(0.0) == 0.0
        bucket.take()

    assert bucket.wait_s(0.0) == pytest.approx(1 / PER_S)
    assert bucket.wait_s(1 / PER_S) == pytest.approx(0.0)


def test_room_grows_back_to_the_burst_and_no_further() -> None:
    bucket = Bucket(0.0)

    bucket.wait_s(1_000.0)

    assert bucket.left == BURST


def test_while_telegram_asks_for_silence_nothing_is_said() -> None:
    bucket = Bucket(0.0)
    bucket.closed_until_s = 7.0

    assert bucket.wait_s(2.0) == 5.0
    assert bucket.wait_s(7.0) == 0.0


async def test_alerts_leave_room_for_an_answer() -> None:
    telegram, pace = FakeTelegram(), Pace(clock=lambda: 0.0)
    for number in range(int(BURST) - 1):
        await pace(telegram, BOT, SendMessage(chat_id=CHAT, text=f"{number}"))

    assert pace.wait_s(CHAT) > 0
    await pace(telegram, BOT, SendMessage(chat_id=CHAT, text="an answer"))
    assert len(telegram.calls) == BURST
