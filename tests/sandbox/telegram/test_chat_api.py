"""Tests and played owners act over HTTP; faults come when they are asked for; foreign pages stay outside."""

from typing import Any

import pytest
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramConflictError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)

from tests.sandbox.telegram.builders import OWNER, Line, a_line, keys


async def act(line: Line, deed: str, **body: Any) -> dict[str, Any]:
    async with line.http.post(f"{line.addresses.api_root}/chat/{deed}", json=body) as answer:
        assert answer.status == 200, await answer.text()
        found: dict[str, Any] = await answer.json()
        return found


async def read(line: Line, path: str) -> dict[str, Any]:
    async with line.http.get(f"{line.addresses.api_root}/chat/{path}") as answer:
        found: dict[str, Any] = await answer.json()
        return found


async def test_a_played_owner_writes_presses_and_reads_over_http() -> None:
    async with a_line(is_started=False) as line:
        await act(line, "send", user=OWNER, text="/start")
        sent = await line.bot.send_message(OWNER, "panel", reply_markup=keys("pause", "panic"))
        await act(line, "press", user=OWNER, message_id=sent.message_id, index=1)

        news = await read(line, "transcript?chat=1&since=2&wait_s=5")
        updates = await line.bot.get_updates()
        counts = await read(line, "counts")

        assert [event["kind"] for event in news["events"]] == ["press"]
        assert news["events"][0]["data"] == "panic"
        assert updates[-1].callback_query is not None
        assert counts["counts"] == {"messages": 1, "edits": 0, "callbacks": 1, "texts": 1, "errors": 0}
        assert counts["calls"] == {"sendmessage": 1, "getupdates": 1}


async def test_users_have_chats_of_their_own() -> None:
    async with a_line() as line:
        await act(line, "users", id=77, name="Stranger")
        await act(line, "send", user=77, text="let me in")
        await line.bot.send_message(OWNER, "for the owner")

        stranger = await read(line, "state?user=77")
        events = await read(line, "transcript?chat=77")

        assert stranger["user"]["first_name"] == "Stranger"
        assert [message["text"] for message in stranger["messages"]] == ["let me in"]
        assert [event["kind"] for event in events["events"]] == ["message"]


async def test_a_flood_lasts_as_long_as_it_was_asked_for() -> None:
    async with a_line() as line:
        await act(line, "inject", kind="flood", seconds=30)

        with pytest.raises(TelegramRetryAfter) as refusal:
            await line.bot.send_message(OWNER, "x")
        await line.bot.send_chat_action(OWNER, "typing")
        line.clock.now_s += 30
        await line.bot.send_message(OWNER, "after")

        assert refusal.value.retry_after == 30
        assert line.texts() == ["after"]


async def test_errors_and_lost_answers_work_as_often_as_they_were_asked_for() -> None:
    async with a_line() as line:
        await act(line, "inject", kind="error", code=502, times=1)
        await act(line, "inject", kind="drop_before", method="sendMessage")
        await act(line, "inject", kind="drop_after", method="sendMessage")

        with pytest.raises(TelegramServerError, match="Bad Gateway"):
            await line.bot.send_message(OWNER, "one")
        with pytest.raises(TelegramNetworkError):
            await line.bot.send_message(OWNER, "two")
        with pytest.raises(TelegramNetworkError):
            await line.bot.send_message(OWNER, "three")
        await line.bot.send_message(OWNER, "four")

        assert line.texts() == ["three", "four"]


async def test_a_hanging_call_ends_by_the_clients_own_patience() -> None:
    async with a_line() as line:
        await act(line, "inject", kind="hang", seconds=60)

        with pytest.raises(TelegramNetworkError, match="timeout"):
            await line.bot.send_message(OWNER, "x", request_timeout=1)
        assert line.texts() == []


async def test_a_second_poller_can_be_played_for_a_while() -> None:
    async with a_line() as line:
        await act(line, "inject", kind="conflict", seconds=10)

        with pytest.raises(TelegramConflictError):
            await line.bot.get_updates(timeout=20)
        line.clock.now_s += 10

        assert await line.bot.get_updates() == []


async def test_open_presses_can_be_made_too_old() -> None:
    async with a_line() as line:
        sent = await line.bot.send_message(OWNER, "card", reply_markup=keys("a"))
        press = await act(line, "press", message_id=sent.message_id, data="a")
        await act(line, "inject", kind="expire")

        with pytest.raises(TelegramBadRequest, match="query is too old"):
            await line.bot.answer_callback_query(press["query_id"])


@pytest.mark.parametrize(
    ("deed", "body"),
    [
        ("inject", {"kind": "fire"}),
        ("press", {"message_id": 5, "data": "nothing"}),
        ("send", {"text": "   "}),
        ("send", {}),
    ],
)
async def test_what_cannot_be_done_says_so(deed: str, body: dict[str, Any]) -> None:
    async with a_line() as line, line.http.post(f"{line.addresses.api_root}/chat/{deed}", json=body) as answer:
        assert answer.status == 400
        assert (await answer.json())["error"]


@pytest.mark.parametrize("headers", [{"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}])
async def test_a_foreign_page_cannot_speak_for_the_owner(headers: dict[str, str]) -> None:
    async with a_line() as line:
        url = f"{line.addresses.api_root}/chat/send"

        async with line.http.post(url, json={"text": "/panic"}, headers=headers) as answer:
            assert answer.status == 403

        assert line.texts() == []


async def test_the_page_and_its_parts_are_served_and_nothing_beside_them() -> None:
    async with a_line() as line:
        async with line.http.get(line.addresses.chat_url) as answer:
            html = await answer.text()
        async with line.http.get(f"{line.addresses.api_root}/page/main.js") as script:
            assert script.status == 200
        async with line.http.get(f"{line.addresses.api_root}/page/..%2fserver.py") as outside:
            assert outside.status == 404

        assert "START" in html
        assert "default-src 'self'" in answer.headers["Content-Security-Policy"]


async def test_events_stream_to_the_page_as_they_happen() -> None:
    async with a_line() as line:
        url = f"{line.addresses.api_root}/chat/events?user=1&since=0"
        async with line.http.get(url) as stream:
            await line.bot.send_message(OWNER, "live")

            number = await stream.content.readline()
            data = await stream.content.readline()

        assert number == b"id: 1\n"
        assert b'"text":"live"' in data
