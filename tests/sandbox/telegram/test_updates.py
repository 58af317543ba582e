"""Updates wait until they are confirmed, one poller gets them, and presses must be answered soon and once."""

import asyncio

import pytest
from aiogram import Dispatcher, F
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.types import CallbackQuery, Message

from sandbox.telegram.person import Impossible
from tests.sandbox.telegram.builders import OWNER, Line, a_line, keys


async def pressed(line: Line, data: str = "a") -> tuple[int, str]:
    """Send a message with a button and press it; give the message's number and the query's."""
    sent = await line.bot.send_message(OWNER, "card", reply_markup=keys(data))
    await line.api.press(sent.message_id, data)
    updates = await line.bot.get_updates()
    assert updates[-1].callback_query is not None
    return sent.message_id, updates[-1].callback_query.id


async def test_an_unconfirmed_update_is_given_again() -> None:
    async with a_line() as line:
        line.api.send("one")
        line.api.send("two")

        first = await line.bot.get_updates(limit=1)
        again = await line.bot.get_updates()
        rest = await line.bot.get_updates(offset=first[0].update_id + 1)

        assert [update.message.text for update in again if update.message] == ["one", "two"]
        assert [update.message.text for update in rest if update.message] == ["two"]
        assert await line.bot.get_updates(offset=rest[0].update_id + 1) == []


async def test_a_waiting_poll_wakes_for_an_update() -> None:
    async with a_line() as line:
        poll = asyncio.create_task(line.bot.get_updates(timeout=20))
        await line.api.desk.updates.is_polled.wait()

        line.api.send("hello")

        updates = await asyncio.wait_for(poll, 5)
        assert [update.message.text for update in updates if update.message] == ["hello"]
        assert line.kinds() == ["message", "read"]


async def test_a_second_poller_ends_the_first_one() -> None:
    async with a_line() as line:
        first = asyncio.create_task(line.bot.get_updates(timeout=20))
        await line.api.desk.updates.is_polled.wait()

        second = await line.bot.get_updates()

        assert second == []
        with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
            await first


async def test_a_poll_that_a_killed_bot_left_behind_costs_nobody_an_error() -> None:
    async with a_line() as line:
        killed = asyncio.create_task(line.bot.get_updates(timeout=20))
        await line.api.desk.updates.is_polled.wait()
        killed.cancel()
        await asyncio.wait({killed})

        restarted = await line.bot.get_updates()

        assert restarted == []
        assert line.api.desk.calls["getupdates"] == 2
        assert line.api.errors() == {}


async def test_only_the_kinds_that_were_asked_for_are_queued() -> None:
    async with a_line() as line:
        await line.bot.get_updates(allowed_updates=["callback_query"])
        line.api.send("not wanted")
        _, query_id = await pressed(line)

        updates = await line.bot.get_updates()
        assert [update.event_type for update in updates] == ["callback_query"]
        assert await line.bot.answer_callback_query(query_id)


async def test_updates_older_than_a_day_are_gone() -> None:
    async with a_line() as line:
        line.api.send("yesterday")
        line.clock.now_s += 86_401
        line.api.send("today")

        updates = await line.bot.get_updates()

        assert [update.message.text for update in updates if update.message] == ["today"]


async def test_a_press_can_be_answered_once() -> None:
    async with a_line() as line:
        _, query_id = await pressed(line)

        assert await line.bot.answer_callback_query(query_id, text="Sending…")

        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await line.bot.answer_callback_query(query_id)
        assert line.api.transcript()[-1]["text"] == "Sending…"


async def test_a_press_that_waited_too_long_cannot_be_answered() -> None:
    async with a_line() as line:
        _, query_id = await pressed(line)
        line.clock.now_s += 16

        with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired or query ID is invalid"):
            await line.bot.answer_callback_query(query_id)


async def test_a_toast_longer_than_200_is_refused_and_the_press_stays_open() -> None:
    async with a_line() as line:
        _, query_id = await pressed(line)

        with pytest.raises(TelegramBadRequest, match="MESSAGE_TOO_LONG"):
            await line.bot.answer_callback_query(query_id, text="x" * 201)
        assert await line.bot.answer_callback_query(query_id, text="x" * 200)


async def test_a_person_presses_only_what_is_there_unless_the_screen_is_old() -> None:
    async with a_line() as line:
        sent = await line.bot.send_message(OWNER, "card", reply_markup=keys("go"))
        await line.bot.edit_message_text("done", chat_id=OWNER, message_id=sent.message_id)

        with pytest.raises(Impossible):
            await line.api.press(sent.message_id, "go")
        await line.api.press(sent.message_id, "go", stale=True)

        updates = await line.bot.get_updates()
        assert updates[-1].callback_query is not None
        assert updates[-1].callback_query.data == "go"


async def test_an_unmodified_aiogram_dispatcher_holds_a_conversation() -> None:
    async with a_line(is_started=False) as line:
        dispatcher = Dispatcher()

        @dispatcher.message(F.text == "/start")
        async def start(message: Message) -> None:
            await message.answer("<b>Panel</b>", parse_mode="HTML", reply_markup=keys("pause"))

        @dispatcher.callback_query(F.data == "pause")
        async def pause(query: CallbackQuery) -> None:
            await query.answer("Paused")
            assert isinstance(query.message, Message)
            await query.message.edit_text("<b>Paused</b>", parse_mode="HTML")

        polling = asyncio.create_task(dispatcher.start_polling(line.bot, handle_signals=False, close_bot_session=False))
        line.api.send("/start")
        panel = await shown(line, "Panel")
        answer = await line.api.press(panel, "pause", wait_s=10)
        await shown(line, "Paused")
        await dispatcher.stop_polling()
        await polling

        assert answer == {"text": "Paused", "show_alert": False, "url": ""}
        assert line.api.counts() == {"messages": 1, "edits": 1, "callbacks": 1, "texts": 1, "errors": 0}


async def shown(line: Line, text: str) -> int:
    """Wait until the screen shows a text; give the message's number."""
    seq = 0
    while events := await line.api.news(seq, OWNER, 10):
        for event in events:
            seq = event["seq"]
            if event.get("message", {}).get("text") == text:
                return int(event["message"]["message_id"])
    raise AssertionError(f"{text!r} was not shown")
