"""Sends one alert: as a new message, an answer to an earlier one, or an edit of it; as plain text where HTML is refused."""

import logging
from typing import Final

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import InlineKeyboardMarkup, LinkPreviewOptions, Message, ReplyParameters

from bot.kept_messages import KeptMessages
from bot.logs import Redaction
from engine.ports import StoreDown
from handlers.ui.alerts import Alert
from handlers.ui.keyboards import markup
from handlers.ui.markup import Html, plain

HTML: Final = "HTML"
NO_PREVIEW: Final = LinkPreviewOptions(is_disabled=True)
UNCHANGED: Final = "message is not modified"
BAD_HTML: Final = "can't parse entities"
LONGEST: Final = 4_096

logger = logging.getLogger(__name__)


class Sender:
    """The way to the phone."""

    def __init__(self, bot: Bot, kept: KeptMessages, redaction: Redaction) -> None:
        self._bot = bot
        self._redaction = redaction
        self._kept = kept

    async def send(self, chat: int, alert: Alert) -> None:
        """Send or edit. Raises `TelegramAPIError` and `StoreDown`."""
        # An exchange's own words may repeat what we sent.
        alert = alert._replace(text=Html(self._redaction.in_chat(alert.text)))
        buttons = markup(alert.screen)
        message = await self._kept.find(chat, alert.edits)
        if message is None or not await self._edited(chat, message, alert, buttons):
            message = await self._new(chat, alert, buttons)
        try:
            await self._kept.keep(chat, alert.name, message)
        except StoreDown as error:  # it was said, and must not be said again
            logger.warning("the name of a message was not kept: %s", error)

    async def _edited(self, chat: int, message: int, alert: Alert, buttons: InlineKeyboardMarkup | None) -> bool:
        """Edit a message; False where that is no longer possible."""
        try:
            await self._edit(chat, message, alert.text, HTML, buttons)
        except TelegramBadRequest as error:
            if UNCHANGED in error.message:
                return True
            if BAD_HTML not in error.message:
                return False
            await self._edit(chat, message, plain(alert.text)[:LONGEST], None, buttons)
        return True

    async def _edit(self, chat: int, message: int, text: str, form: str | None, buttons: InlineKeyboardMarkup | None) -> None:
        await self._bot.edit_message_text(
            text, chat_id=chat, message_id=message, parse_mode=form, reply_markup=buttons, link_preview_options=NO_PREVIEW
        )

    async def _new(self, chat: int, alert: Alert, buttons: InlineKeyboardMarkup | None) -> int:
        earlier = await self._kept.find(chat, alert.follows)
        answered = ReplyParameters(message_id=earlier, allow_sending_without_reply=True) if earlier is not None else None
        try:
            return (await self._say(chat, alert, alert.text, HTML, buttons, answered)).message_id
        except TelegramBadRequest as error:
            if BAD_HTML not in error.message and "too long" not in error.message:
                raise
        return (await self._say(chat, alert, plain(alert.text)[:LONGEST], None, buttons, answered)).message_id

    async def _say(
        self,
        chat: int,
        alert: Alert,
        text: str,
        form: str | None,
        buttons: InlineKeyboardMarkup | None,
        answered: ReplyParameters | None,
    ) -> Message:
        return await self._bot.send_message(
            chat,
            text,
            parse_mode=form,
            reply_markup=buttons,
            reply_parameters=answered,
            disable_notification=alert.loudness.is_silent,
            link_preview_options=NO_PREVIEW,
        )
