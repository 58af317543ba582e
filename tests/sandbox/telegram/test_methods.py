"""What an unmodified aiogram bot may do, and where it is refused as the real Bot API refuses it."""

import struct
import zlib

import pytest
from aiogram.exceptions import (
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramUnauthorizedError,
)
from aiogram.methods import SendMessage, StopPoll
from aiogram.types import (
    BotCommand,
    BotCommandScopeChat,
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    ReactionTypeEmoji,
)

from tests.sandbox.telegram.builders import OWNER, a_bot, a_line, keys


def a_png(width: int, height: int) -> BufferedInputFile:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = zlib.compress((b"\0" + b"\x20\x40\x60" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    return BufferedInputFile(png, "chart.png")


async def test_a_message_comes_back_as_it_was_sent_and_edits_keep_its_number() -> None:
    async with a_line() as line:
        sent = await line.bot.send_message(OWNER, "<b>Stop</b> 2,395.0 /why", parse_mode="HTML", reply_markup=keys("a", "b"))
        edited = await line.bot.edit_message_text("Closed", chat_id=OWNER, message_id=sent.message_id)

        assert sent.text == "Stop 2,395.0 /why"
        assert [entity.type for entity in sent.entities or []] == ["bold", "bot_command"]
        assert sent.reply_markup is not None
        assert sent.reply_markup.model_dump() == keys("a", "b").model_dump()
        assert edited.message_id == sent.message_id  # type: ignore[union-attr]
        assert edited.reply_markup is None  # type: ignore[union-attr]
        assert line.texts() == ["Closed"]
        assert line.api.counts() == {"messages": 1, "edits": 1, "callbacks": 0, "texts": 0, "errors": 0}


async def test_an_edit_that_changes_nothing_is_refused_and_counted() -> None:
    async with a_line() as line:
        sent = await line.bot.send_message(OWNER, "same", reply_markup=keys("a"))

        with pytest.raises(TelegramBadRequest, match="message is not modified: specified new message content"):
            await line.bot.edit_message_text(" same ", chat_id=OWNER, message_id=sent.message_id, reply_markup=keys("a"))
        with pytest.raises(TelegramBadRequest, match="message is not modified"):
            await line.bot.edit_message_reply_markup(chat_id=OWNER, message_id=sent.message_id, reply_markup=keys("a"))

        assert line.api.errors() == {"editmessagetext": 1, "editmessagereplymarkup": 1}
        assert line.api.counts()["edits"] == 0


async def test_what_is_not_there_cannot_be_edited_deleted_pinned_or_answered() -> None:
    async with a_line() as line:
        bot, mine = line.bot, line.api.send("my own words")["message_id"]

        with pytest.raises(TelegramBadRequest, match="message to edit not found"):
            await bot.edit_message_text("x", chat_id=OWNER, message_id=999)
        with pytest.raises(TelegramBadRequest, match="message can't be edited"):
            await bot.edit_message_text("x", chat_id=OWNER, message_id=mine)
        with pytest.raises(TelegramBadRequest, match="message to delete not found"):
            await bot.delete_message(OWNER, 999)
        with pytest.raises(TelegramBadRequest, match="message to pin not found"):
            await bot.pin_chat_message(OWNER, 999)
        with pytest.raises(TelegramBadRequest, match="message to be replied not found"):
            await bot.send_message(OWNER, "x", reply_to_message_id=999)
        with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired or query ID is invalid"):
            await bot.answer_callback_query("12345")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x" * 4097, "message is too long"),
        (" \n ", "message text is empty"),
        ("<b>x", "can't parse entities: Can't find end tag"),
    ],
)
async def test_a_bad_text_is_refused(text: str, words: str) -> None:
    async with a_line() as line:
        with pytest.raises(TelegramBadRequest, match=words):
            await line.bot.send_message(OWNER, text, parse_mode="HTML")

        assert line.texts() == []


async def test_lengths_count_what_is_seen_and_not_the_tags() -> None:
    async with a_line() as line:
        sent = await line.bot.send_message(OWNER, "<b>" + "x" * 4096 + "</b>", parse_mode="HTML")

        assert len(sent.text or "") == 4096


@pytest.mark.parametrize(
    ("button", "words"),
    [
        ({"text": "x", "callback_data": "ü" * 33}, "BUTTON_DATA_INVALID"),
        ({"text": "x", "callback_data": ""}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "x"}, "Text buttons are unallowed in the inline keyboard"),
        ({"text": "x", "url": "http://localhost/"}, "Wrong HTTP URL"),
        ({"text": "x", "callback_data": "a", "style": "purple"}, "style"),
        ({"text": "x", "copy_text": {"text": "y" * 257}}, "BUTTON_COPY_TEXT_INVALID"),
    ],
)
async def test_a_bad_button_is_refused(button: dict[str, object], words: str) -> None:
    async with a_line() as line:
        markup = InlineKeyboardMarkup.model_construct(inline_keyboard=[[InlineKeyboardButton.model_construct(**button)]])  # type: ignore[arg-type]

        with pytest.raises(TelegramBadRequest, match=words):
            await line.bot.send_message(OWNER, "x", reply_markup=markup)


async def test_sixty_four_bytes_of_data_and_every_style_are_taken() -> None:
    async with a_line() as line:
        rows = [
            [InlineKeyboardButton(text=style, callback_data=style.ljust(64, "."), style=style)]
            for style in ("danger", "success", "primary")
        ]

        sent = await line.bot.send_message(OWNER, "x", reply_markup=InlineKeyboardMarkup(inline_keyboard=rows))

        assert sent.reply_markup is not None
        assert [row[0].style for row in sent.reply_markup.inline_keyboard] == ["danger", "success", "primary"]


async def test_a_bot_cannot_write_first_nor_to_somebody_who_blocked_it() -> None:
    async with a_line(is_started=False) as line:
        with pytest.raises(TelegramBadRequest, match="chat not found"):
            await line.bot.send_message(OWNER, "hello")

        line.api.send("/start")
        await line.bot.send_message(OWNER, "hello")
        line.api.person.block(OWNER, is_blocked=True)

        with pytest.raises(TelegramForbiddenError, match="bot was blocked by the user"):
            await line.bot.send_message(OWNER, "still there?")


async def test_a_wrong_token_and_an_unknown_method_are_refused() -> None:
    async with a_line() as line:
        stranger = a_bot(line.addresses, "7000000001:" + "A" * 35)

        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()
        with pytest.raises(TelegramNotFound):
            await line.bot(StopPoll(chat_id=OWNER, message_id=1))
        await stranger.session.close()


async def test_the_chats_budget_is_shared_by_sends_and_edits_and_comes_back_with_time() -> None:
    async with a_line(burst=3, messages_per_s=1.0, penalty_s=3) as line:
        sent = await line.bot.send_message(OWNER, "one")
        await line.bot.edit_message_text("two", chat_id=OWNER, message_id=sent.message_id)
        await line.bot.send_message(OWNER, "three")

        with pytest.raises(TelegramRetryAfter) as refusal:
            await line.bot.edit_message_text("four", chat_id=OWNER, message_id=sent.message_id)
        await line.bot.send_chat_action(OWNER, "typing")
        line.clock.now_s += refusal.value.retry_after
        await line.bot.send_message(OWNER, "five")

        assert refusal.value.retry_after == 3
        assert line.texts() == ["two", "three", "five"]


async def test_without_strict_limits_nothing_is_slowed_down() -> None:
    async with a_line(strict_limits=False) as line:
        for number in range(20):
            await line.bot.send_message(OWNER, str(number))

        assert line.api.counts()["messages"] == 20


async def test_pictures_and_files_travel_and_can_be_fetched_by_the_page() -> None:
    async with a_line() as line:
        sent = await line.bot.send_photo(OWNER, a_png(64, 32), caption="1h")
        text = await line.bot.send_message(OWNER, "soon a picture")
        await line.bot.edit_message_media(
            InputMediaPhoto(media=a_png(20, 10), caption="4h"), chat_id=OWNER, message_id=text.message_id
        )
        paper = await line.bot.send_document(OWNER, BufferedInputFile(b"a,b\n1,2\n", "trades.csv"))

        assert sent.photo is not None
        assert paper.document is not None
        assert (sent.photo[-1].width, sent.photo[-1].height) == (64, 32)
        assert line.texts() == ["1h", "4h", ""]
        async with line.http.get(f"{line.addresses.api_root}/chat/file/{paper.document.file_id}") as answer:
            assert await answer.read() == b"a,b\n1,2\n"
        with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
            await line.bot.edit_message_text("x", chat_id=OWNER, message_id=sent.message_id)


@pytest.mark.parametrize(("width", "height"), [(9_000, 1_001), (210, 10)])
async def test_a_picture_of_impossible_shape_is_refused(width: int, height: int) -> None:
    async with a_line() as line:
        with pytest.raises(TelegramBadRequest, match="PHOTO_INVALID_DIMENSIONS"):
            await line.bot.send_photo(OWNER, a_png(width, height))


async def test_a_caption_longer_than_1024_is_refused() -> None:
    async with a_line() as line:
        with pytest.raises(TelegramBadRequest, match="message caption is too long"):
            await line.bot.send_photo(OWNER, a_png(8, 8), caption="x" * 1025)


async def test_menu_pins_and_reactions_reach_the_screen() -> None:
    async with a_line() as line:
        mine = line.api.send("/run")["message_id"]
        sent = await line.bot.send_message(OWNER, "panel", disable_notification=True)

        await line.bot.set_my_commands(
            [BotCommand(command="run", description="Start trading")], BotCommandScopeChat(chat_id=OWNER)
        )
        await line.bot.pin_chat_message(OWNER, sent.message_id)
        await line.bot.set_message_reaction(OWNER, mine, [ReactionTypeEmoji(emoji="👀")])

        async with line.http.get(f"{line.addresses.api_root}/chat/state?user=1") as answer:
            state = await answer.json()
        assert state["commands"] == [{"command": "run", "description": "Start trading"}]
        assert state["pinned"] == [sent.message_id]
        assert line.kinds() == ["message", "message", "commands", "pin", "reaction"]
        assert line.api.transcript()[1]["is_silent"] is True


async def test_plain_json_is_as_good_as_a_form() -> None:
    async with a_line() as line:
        method = SendMessage(chat_id=OWNER, text="json").model_dump(exclude_none=True, exclude_defaults=True, warnings=False)
        url = f"{line.addresses.api_root}/bot{line.addresses.token}/SendMessage"

        async with line.http.post(url, json={"chat_id": method["chat_id"], "text": method["text"]}) as answer:
            body = await answer.json()

        assert body["ok"] is True
        assert line.texts() == ["json"]
