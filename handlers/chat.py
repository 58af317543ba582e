"""Showing a screen: in a new message, or in the one whose button was pressed. What can no longer be edited is sent anew.

A message with a picture cannot become one without, nor the other way round: then the old one goes, and a new one comes.
"""

import asyncio
import logging
from typing import Final, NamedTuple

from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import BufferedInputFile, CallbackQuery, InputMediaPhoto, LinkPreviewOptions, Message

from handlers.ui.keyboards import markup
from handlers.ui.markup import plain
from handlers.ui.screen import Screen

HTML: Final = "HTML"
NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
UNCHANGED: Final = "message is not modified"
PICTURE: Final = "picture.png"
CAPTION_LENGTH: Final = 1_024
TOAST_S: Final = 2.0  # so long a screen waits until its tap is answered

logger = logging.getLogger(__name__)


class File(NamedTuple):
    """A file for the owner to keep."""

    name: str
    content: bytes


async def show(message: Message, screen: Screen) -> Message:
    """Answer in a new message."""
    screen = _fitting(screen)
    if screen.picture:
        photo = BufferedInputFile(screen.picture, PICTURE)
        return await message.answer_photo(photo, caption=screen.text, reply_markup=markup(screen), parse_mode=HTML)
    return await message.answer(screen.text, reply_markup=markup(screen), parse_mode=HTML, link_preview_options=NO_PREVIEW)


async def send_file(message: Message, file: File) -> None:
    """Send a file below a message, without a sound."""
    await message.answer_document(BufferedInputFile(file.content, file.name), disable_notification=True)


async def redraw(callback: CallbackQuery, screen: Screen) -> Message | None:
    """Draw over the message with the button; give the message that now shows the screen."""
    message = callback.message
    if not isinstance(message, Message):
        return await show_below(callback, screen)
    return await redrawn(message, screen)


async def redrawn(message: Message, screen: Screen) -> Message:
    """Draw over a message of ours; give the message that now shows the screen."""
    screen, is_kept = _fitting(screen), bool(message.photo) and screen.keeps_picture
    if bool(message.photo) != bool(screen.picture) and not is_kept:
        await delete(message)
        return await show(message, screen)
    try:
        if screen.picture:
            media = InputMediaPhoto(media=BufferedInputFile(screen.picture, PICTURE), caption=screen.text, parse_mode=HTML)
            await message.edit_media(media, reply_markup=markup(screen))
        elif message.photo:
            await message.edit_caption(caption=screen.text, reply_markup=markup(screen), parse_mode=HTML)
        else:
            await message.edit_text(screen.text, reply_markup=markup(screen), parse_mode=HTML, link_preview_options=NO_PREVIEW)
    except TelegramBadRequest as error:
        if UNCHANGED in error.message:
            return message
        return await show(message, screen)
    return message


async def toast(callback: CallbackQuery, words: str = "") -> None:
    """Answer a tap where that is still possible: for what lowers risk or only looks, and so must not hang on it."""
    try:
        async with asyncio.timeout(TOAST_S):
            await callback.answer(words)
    except (TelegramAPIError, TimeoutError) as error:
        logger.info("a tap could not be answered: %s", type(error).__name__)


def _fitting(screen: Screen) -> Screen:
    """What is too long to stand under a picture stands alone."""
    is_long = len(plain(screen.text)) > CAPTION_LENGTH
    return screen._replace(picture=b"", keeps_picture=False) if is_long else screen


async def show_below(callback: CallbackQuery, screen: Screen) -> Message | None:
    """Show a screen in a message of its own; the one with the button stays."""
    if callback.message is None or callback.bot is None:
        return None
    if isinstance(callback.message, Message) and screen.picture:
        return await show(callback.message, screen)
    return await callback.bot.send_message(
        callback.message.chat.id,
        screen.text,
        reply_markup=markup(screen),
        parse_mode=HTML,
        link_preview_options=NO_PREVIEW,
    )


async def bare(message: Message, message_id: int) -> None:
    """Take the buttons off an old message of ours; one that is gone is no loss."""
    assert message.bot is not None, "a message that came in has its bot"
    try:
        await message.bot.edit_message_reply_markup(chat_id=message.chat.id, message_id=message_id, reply_markup=None)
    except TelegramBadRequest:
        return


async def delete(message: Message) -> None:
    """Delete a message, where that is still possible."""
    try:
        await message.delete()
    except TelegramBadRequest:
        return


def chat_of(callback: CallbackQuery) -> int:
    """The chat of a button; 0 where Telegram does not say."""
    return callback.message.chat.id if callback.message is not None else 0
