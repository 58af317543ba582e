"""A whole conversation without a network: updates go in through a real dispatcher, what the bot would send is kept."""

import asyncio
import html
import re
from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

from aiogram import Bot, Dispatcher
from aiogram.client.session.base import BaseSession
from aiogram.methods import (
    AnswerCallbackQuery,
    DeleteMessage,
    EditMessageCaption,
    EditMessageMedia,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import CallbackQuery, Chat, InlineKeyboardButton, Message, PhotoSize, TelegramObject, Update, User

from handlers import build_router
from handlers.later import Later
from handlers.ui.language import Languages
from handlers.ui.markup import Html, plain
from tests.doubles import FakeEngine, FakeFactor, FakeTokens, FakeUsers
from tests.handlers.samples import NOW_MS, an_engine

OWNER: Final = 7
GROUP: Final = -9
SCREENS: Final = (SendMessage, EditMessageText, SendPhoto, EditMessageMedia, EditMessageCaption)
TAGS: Final = re.compile(r"<(/?)([a-z-]+)[^>]*>")
ALLOWED_TAGS: Final = {"b", "i", "code", "blockquote", "tg-time"}


class Recorder(BaseSession):
    """Answers every request at once, and keeps it."""

    def __init__(self) -> None:
        super().__init__()
        self.requests: list[TelegramMethod[Any]] = []
        self.newest_id = 100
        self.pictures = set[int]()  # the messages that are pictures

    async def make_request(self, bot: Bot, method: TelegramMethod[Any], timeout: int | None = None) -> Any:
        self.requests.append(method)
        if isinstance(method, SendMessage):
            self.newest_id += 1
            return a_message(bot, self.newest_id, method.text)
        if isinstance(method, SendPhoto):
            self.newest_id += 1
            self.pictures.add(self.newest_id)
            return a_message(bot, self.newest_id, "", has_picture=True)
        if isinstance(method, EditMessageText):
            return a_message(bot, method.message_id or 0, method.text)
        if isinstance(method, EditMessageMedia | EditMessageCaption):
            return a_message(bot, method.message_id or 0, "", has_picture=True)
        return True

    async def close(self) -> None:
        return None

    async def stream_content(self, *_: Any, **__: Any) -> AsyncGenerator[bytes]:
        yield b""


class Conversation:
    """The owner's side of the chat. `texts` come from here as the gate in front of the handlers would give them."""

    def __init__(self, engine: FakeEngine | None = None, *, language: str = "en", code: str = "", user: int = OWNER) -> None:
        self.engine = engine or an_engine()
        self.users, self.tokens, self.factor = FakeUsers(), FakeTokens(), FakeFactor(code)
        self.languages, self.later = languages(self.engine.label), Later()
        self.language, self.user = language, user
        self.recorder = Recorder()
        self.bot = Bot("42:TEST", session=self.recorder)
        self.waits = True  # after each update until nothing goes on behind it any more
        self._updates = 0
        self._dispatcher = Dispatcher(
            engine=self.engine,
            users=self.users,
            tokens=self.tokens,
            factor=self.factor,
            languages=self.languages,
            later=self.later,
        )
        self._dispatcher.update.outer_middleware(self._with_texts)
        self._dispatcher.include_router(build_router())

    async def say(self, text: str, *, sent_ms: int = NOW_MS) -> list[TelegramMethod[Any]]:
        """Write a message; give what the bot did about it."""
        return await self._feed(self.words(text, sent_ms))

    async def press(self, data: str, *, message_id: int = 100, user: int | None = None) -> list[TelegramMethod[Any]]:
        """Press a button by what it sends."""
        return await self._feed(self.tap(data, message_id=message_id, who=user))

    def words(self, text: str, sent_ms: int, *, who: int | None = None, is_in_group: bool = False) -> Update:
        """What arrives when somebody writes."""
        person = self._person(who)
        message = Message(
            message_id=self._next(),
            date=datetime.fromtimestamp(sent_ms / 1_000, UTC),
            chat=Chat(id=GROUP, type="group") if is_in_group else Chat(id=person.id, type="private"),
            from_user=person,
            text=text,
        )
        return Update(update_id=self._next(), message=message)

    def tap(self, data: str, *, message_id: int = 100, who: int | None = None) -> Update:
        """What arrives when somebody presses a button."""
        person, has_picture = self._person(who), message_id in self.recorder.pictures
        query = CallbackQuery(
            id=str(self._next()),
            from_user=person,
            chat_instance="1",
            message=a_message(self.bot, message_id, "card", chat=person.id, has_picture=has_picture),
            data=data,
        )
        return Update(update_id=self._next(), callback_query=query)

    def _person(self, who: int | None) -> User:
        return User(id=who or self.user, is_bot=False, first_name="Owner")

    async def press_labelled(self, words: str) -> list[TelegramMethod[Any]]:
        """Press the button of the newest screen whose label holds these words."""
        found = [button for button in self.buttons if words in button.text]
        assert found, f"no button says {words!r}: {[button.text for button in self.buttons]}"
        return await self.press(found[0].callback_data or "", message_id=self.recorder.newest_id)

    @property
    def shown(self) -> str:
        """The newest screen as words."""
        return plain(Html(self.html))

    @property
    def html(self) -> str:
        """The newest screen as it is sent."""
        return text_of(self.newest)

    @property
    def buttons(self) -> list[InlineKeyboardButton]:
        """The buttons of the newest screen."""
        keyboard = self.newest.reply_markup
        rows = getattr(keyboard, "inline_keyboard", [])
        return [button for row in rows for button in row]

    @property
    def toasts(self) -> list[str]:
        """What taps were answered with."""
        return [method.text or "" for method in self.recorder.requests if isinstance(method, AnswerCallbackQuery)]

    @property
    def deleted(self) -> int:
        return sum(isinstance(method, DeleteMessage) for method in self.recorder.requests)

    @property
    def bared(self) -> list[int | None]:
        """Messages that lost their buttons."""
        return [method.message_id for method in self.recorder.requests if isinstance(method, EditMessageReplyMarkup)]

    @property
    def newest(self) -> SendMessage | EditMessageText | SendPhoto | EditMessageMedia | EditMessageCaption:
        screens = [method for method in self.recorder.requests if isinstance(method, SCREENS)]
        return screens[-1]

    async def _feed(self, update: Update) -> list[TelegramMethod[Any]]:
        before = len(self.recorder.requests)
        await self._dispatcher.feed_update(self.bot, update)
        if self.waits:
            await self.later.settled()
        return self.recorder.requests[before:]

    async def _with_texts(
        self, handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]], event: TelegramObject, data: dict[str, Any]
    ) -> Any:
        data["texts"] = self.languages.texts(self.users.languages.get(self.user), self.language)
        return await handler(event, data)

    def _next(self) -> int:
        self._updates += 1
        return self._updates


@cache
def languages(environment: str) -> Languages:
    """The catalogues, compiled once for all tests."""
    return Languages(environment)


def a_message(bot: Bot, message_id: int, text: str, chat: int = OWNER, *, has_picture: bool = False) -> Message:
    """A message of the bot."""
    photo = [PhotoSize(file_id="1", file_unique_id="1", width=10, height=10)] if has_picture else None
    moment, where = datetime.fromtimestamp(NOW_MS / 1_000, UTC), Chat(id=chat, type="private")
    return Message(message_id=message_id, date=moment, chat=where, text=text, photo=photo).as_(bot)


def text_of(method: TelegramMethod[Any]) -> str:
    """What a screen says, also under a picture."""
    if isinstance(method, EditMessageMedia):
        return method.media.caption or ""
    return (method.caption if isinstance(method, SendPhoto | EditMessageCaption) else getattr(method, "text", "")) or ""


def assert_fits_telegram(text: str, buttons: list[InlineKeyboardButton]) -> None:
    """Short enough, balanced, of allowed tags only, and every button under 64 bytes."""
    assert len(plain(Html(text))) < 4_096
    opened: list[str] = []
    for closes, tag in TAGS.findall(text):
        assert tag in ALLOWED_TAGS, tag
        if closes:
            assert opened.pop() == tag
        else:
            opened.append(tag)
    assert not opened
    assert "<" not in html.unescape(TAGS.sub("", text)).replace("<b>odd", "").replace("<x>", "")
    for button in buttons:
        assert 0 < len(button.text) <= 40
        assert len((button.callback_data or "").encode()) <= 64


async def at_once(*taps: Awaitable[Any]) -> None:
    """Let taps happen at the same time."""
    await asyncio.gather(*taps)
