"""The chat page in a browser, with a small aiogram bot behind it: what a thumb does, and what an eye then sees."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from aiogram import Dispatcher, F
from aiogram.filters import Command, CommandStart
from aiogram.types import BotCommand, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from tests.e2e.chromium import MISSING, a_phone
from tests.sandbox.telegram.builders import Line, a_line

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

CARD_LIFE_S = 90


def card_keys() -> InlineKeyboardMarkup:
    rows = [
        [InlineKeyboardButton(text="✅ Enter", callback_data="enter", style="success")],
        [
            InlineKeyboardButton(text="🔍 Why", callback_data="why"),
            InlineKeyboardButton(text="🛑 Panic", callback_data="panic", style="danger"),
        ],
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def small_bot(now_s: float) -> Dispatcher:
    """A bot with a panel, a card, a toast, an alert and an answer to strange words."""
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def start(message: Message) -> None:
        panel = await message.answer("<b>DEMO</b> panel", parse_mode="HTML", reply_markup=card_keys())
        await panel.pin()

    @dispatcher.message(Command("card"))
    async def card(message: Message) -> None:
        deadline = int(now_s) + CARD_LIFE_S
        details = "\n".join(f"rule {number}" for number in range(9))
        await message.reply(
            f'Enter? <tg-time unix="{deadline}" format="r">soon</tg-time>'
            f"<blockquote expandable>{details}</blockquote><tg-spoiler>hidden</tg-spoiler>",
            parse_mode="HTML",
            reply_markup=card_keys(),
        )

    @dispatcher.callback_query(F.data == "enter")
    async def enter(query: CallbackQuery) -> None:
        await query.answer("Sending…")
        assert isinstance(query.message, Message)
        await query.message.edit_text("✅ <b>Filled</b>", parse_mode="HTML")

    @dispatcher.callback_query(F.data == "panic")
    async def panic(query: CallbackQuery) -> None:
        await query.answer("Really close everything?", show_alert=True)

    return dispatcher


@asynccontextmanager
async def a_chat() -> AsyncIterator[tuple[Line, Any]]:
    """Open the page on a chat that has not begun, with the bot running."""
    async with a_line(is_started=False, strict_limits=False) as line:
        dispatcher = small_bot(line.clock.now_s)
        await line.bot.set_my_commands([BotCommand(command="card", description="Show a card")])
        await line.bot.set_my_description("Trades on paper until you say otherwise.")
        polling = asyncio.create_task(dispatcher.start_polling(line.bot, handle_signals=False, close_bot_session=False))
        try:
            async with a_phone() as page:
                await page.clock.install(time=datetime.fromtimestamp(line.clock.now_s, UTC))
                await page.goto(line.addresses.chat_url)
                yield line, page
        finally:
            await dispatcher.stop_polling()
            await polling


async def test_start_a_press_an_edit_and_a_toast() -> None:
    async with a_chat() as (line, page):
        await page.get_by_text("Trades on paper until you say otherwise.").wait_for()
        await page.get_by_role("button", name="START").tap()

        panel = page.locator(".message", has_text="DEMO panel")
        await panel.get_by_role("button", name="✅ Enter").tap()

        await page.locator(".toast", has_text="Sending…").wait_for()
        await page.locator(".message strong", has_text="Filled").wait_for()
        assert await page.locator(".key").count() == 0
        assert await page.locator(".message").count() == 2
        assert "Filled" in (await page.locator("#pinned-text").text_content() or "")
        assert line.api.counts() == {"messages": 1, "edits": 1, "callbacks": 1, "texts": 1, "errors": 0}


async def test_an_alert_waits_for_its_ok() -> None:
    async with a_chat() as (_, page):
        await page.get_by_role("button", name="START").tap()
        await page.get_by_role("button", name="🛑 Panic").tap()

        alert = page.get_by_role("dialog")
        await alert.get_by_text("Really close everything?").wait_for()
        await page.keyboard.press("Enter")

        await alert.wait_for(state="hidden")


async def test_the_menu_offers_commands_and_a_card_counts_down_without_edits() -> None:
    async with a_chat() as (line, page):
        await page.get_by_role("button", name="START").tap()
        await page.locator("#text").fill("/ca")
        await page.get_by_role("option", name="Show a card").tap()

        card = page.locator(".message", has_text="Enter?")
        await card.get_by_text("in 1 minute").wait_for()
        await page.clock.fast_forward(40_000)
        await card.get_by_text(re.compile(r"in [45]\d seconds")).wait_for()
        await page.clock.fast_forward(120_000)
        await card.get_by_text("1 minute ago").wait_for()

        assert await card.locator("button.quote").text_content() == "Owner/card"
        assert line.api.counts()["edits"] == 0


async def test_a_fold_opens_on_a_tap_and_a_spoiler_shows_itself() -> None:
    async with a_chat() as (_, page):
        await page.get_by_role("button", name="START").tap()
        await page.locator("#text").fill("/card")
        await page.get_by_role("button", name="Send").tap()

        fold = page.locator(".fold")
        low = (await fold.bounding_box())["height"]
        await fold.tap()
        high = (await fold.bounding_box())["height"]
        await page.locator(".spoiler").tap()

        assert high > low * 2
        assert await fold.get_attribute("aria-expanded") == "true"
        assert await page.locator(".spoiler.open").text_content() == "hidden"
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= 390
