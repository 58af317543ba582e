"""A gateway's page in the place of an answer is Telegram's absence, and what Telegram took is not sent again."""

from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.client.session.middlewares.base import NextRequestMiddlewareType
from aiogram.exceptions import ClientDecodeError, TelegramAPIError, TelegramNetworkError
from aiogram.methods import EditMessageText, GetMe, GetUpdates, SendMessage, TelegramMethod

from bot.outbox import PASSING
from bot.pace import Pace
from bot.telegram import make_bot
from bot.unreadable import told_plainly
from tests.bot.conftest import TOKEN, Read

PAGE = "<html>502 Bad Gateway</html>"
SEND = SendMessage(chat_id=11, text="one")
CALLS: list[TelegramMethod[Any]] = [SEND, EditMessageText(chat_id=11, message_id=7, text="two"), GetMe(), GetUpdates()]


def answering(data: object) -> NextRequestMiddlewareType[Any]:
    """A Telegram whose answers the library cannot read."""

    async def request(bot: Bot, method: TelegramMethod[Any]) -> Any:
        raise ClientDecodeError("Failed to decode object", ValueError("?"), data)

    return request


async def refused(method: TelegramMethod[Any], data: object) -> Exception:
    with pytest.raises((TelegramAPIError, ClientDecodeError)) as caught:
        await told_plainly(answering(data), cast(Bot, None), method)
    return caught.value


@pytest.mark.parametrize("data", [PAGE, {"message": "bad gateway"}, ["?"]], ids=["a page", "a gateway's JSON", "a list"])
@pytest.mark.parametrize("method", CALLS, ids=lambda method: type(method).__name__)
async def test_a_gateways_answer_is_telegrams_absence(method: TelegramMethod[Any], data: object) -> None:
    assert isinstance(await refused(method, data), TelegramNetworkError)


@pytest.mark.parametrize("fault", [UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "?"), TypeError("?"), AttributeError("?")])
async def test_a_page_in_another_encoding_and_a_refusal_without_words_are_telegrams_absence(fault: Exception) -> None:
    async def request(bot: Bot, method: TelegramMethod[Any]) -> Any:
        raise fault

    with pytest.raises(TelegramNetworkError):
        await told_plainly(request, cast(Bot, None), SEND)


async def test_what_telegram_took_is_not_sent_again_though_its_answer_cannot_be_read() -> None:
    error = await refused(SEND, {"ok": True, "result": {"message_id": "?"}})

    assert isinstance(error, TelegramAPIError)
    assert not isinstance(error, PASSING)


async def test_updates_that_came_are_left_to_the_ear() -> None:
    assert isinstance(await refused(GetUpdates(), {"ok": True, "result": [{"update_id": 7}]}), ClientDecodeError)


async def test_what_was_in_the_answer_is_in_no_error() -> None:
    error = await refused(SEND, PAGE)

    assert PAGE not in str(error)
    assert error.__suppress_context__


async def test_the_bot_that_is_made_knows_a_gateways_page(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    bot = make_bot(read(TELEGRAM_BOT_TOKEN=TOKEN), Pace())

    async def page(bot: Bot, method: TelegramMethod[Any], timeout: int | None) -> Any:
        raise ClientDecodeError("Failed to decode object", ValueError("?"), PAGE)

    monkeypatch.setattr(bot.session, "make_request", page)

    for method in CALLS:
        with pytest.raises(TelegramNetworkError):
            await bot(method)
