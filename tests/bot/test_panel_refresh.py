"""The panel stays fresh while it is on the screen, somebody looked lately, and nothing else waits to be said."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import EditMessageText
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User

from bot.panel_refresh import STANDS_MS, WATCHED_MS, PanelRefresh
from engine.adapters.redis_users import Users
from engine.model.view import Running
from handlers.menu import PANEL
from handlers.ui.callbacks import Go, Tell, View
from handlers.ui.language import Languages, Texts
from tests.doubles import FakeUsers
from tests.engine.adapters.redis_servers import HandClock
from tests.handlers.samples import a_desk, an_engine

OWNER, PANEL_ID = 11, 70


class FakeBot:
    """Takes edits."""

    def __init__(self) -> None:
        self.edited: list[int] = []
        self.refuses = ""

    async def edit_message_text(self, text: str, *, chat_id: int, message_id: int, **how: Any) -> None:
        if self.refuses:
            raise TelegramBadRequest(EditMessageText(text=text), self.refuses)
        self.edited.append(message_id)


class Screen:
    """A refresher, and what an owner does."""

    def __init__(self) -> None:
        self.bot, self.users, self.clock = FakeBot(), FakeUsers(), HandClock()
        self.engine, self.is_free = an_engine(a_desk()), True
        texts = Languages("DEMO").texts("en")
        self.refresh = PanelRefresh(
            cast(Bot, self.bot),
            self.engine,
            cast(Users, self.users),
            texts=given(texts),
            is_free=lambda chat: self.is_free,
            clock=self.clock,
        )

    async def says(self, text: str) -> None:
        await self.refresh(answered, Update(update_id=1, message=a_message(1, text)), {})

    async def taps(self, data: str, message_id: int = PANEL_ID) -> None:
        tap = CallbackQuery(id="1", from_user=a_user(), chat_instance="1", data=data, message=a_message(message_id, "x"))
        await self.refresh(answered, Update(update_id=2, callback_query=tap), {})

    async def opens(self) -> None:
        await self.users.set_value(OWNER, PANEL, str(PANEL_ID))
        await self.says("/start")

    async def passes(self, ms: int) -> int:
        """Let time pass; give how often the panel was drawn."""
        self.clock.ms += ms
        before = len(self.bot.edited)
        await self.refresh.redraw_all()
        return len(self.bot.edited) - before


def given(texts: Texts) -> Callable[[int], Awaitable[Texts]]:
    async def of(user: int) -> Texts:
        return texts

    return of


async def answered(event: TelegramObject, data: dict[str, Any]) -> None:
    """A handler that has done its work."""


def a_user() -> User:
    return User(id=OWNER, is_bot=False, first_name="A")


def a_message(message_id: int, text: str) -> Message:
    chat = Chat(id=OWNER, type="private")
    return Message(message_id=message_id, date=datetime.now(UTC), chat=chat, from_user=a_user(), text=text)


@pytest.fixture
async def screen() -> Screen:
    screen = Screen()
    await screen.opens()
    return screen


async def test_a_panel_is_redrawn_when_something_changed_and_seldom_otherwise(screen: Screen) -> None:
    assert await screen.passes(10_000) == 1
    assert await screen.passes(10_000) == 0

    screen.engine.seen = replace(screen.engine.seen, running=Running.PAUSED)
    assert await screen.passes(10_000) == 1
    assert await screen.passes(STANDS_MS) == 1
    assert set(screen.bot.edited) == {PANEL_ID}


async def test_another_screen_on_the_same_message_is_left_alone_until_the_panel_is_back(screen: Screen) -> None:
    await screen.taps(Go(view=View.SETTINGS).pack())
    assert await screen.passes(10_000) == 0

    await screen.taps(Go(view=View.PANEL).pack())
    assert await screen.passes(10_000) == 1


@pytest.mark.parametrize("said", ["/panel", "/PANEL", "/Start@autobot now"])
async def test_a_panel_is_kept_fresh_however_its_command_was_written(said: str) -> None:
    screen = Screen()
    await screen.users.set_value(OWNER, PANEL, str(PANEL_ID))

    await screen.says(said)

    assert await screen.passes(10_000) == 1


async def test_a_screen_below_leaves_the_panel_where_it_is(screen: Screen) -> None:
    await screen.taps(Tell(view=View.WHY).pack(), message_id=99)

    assert await screen.passes(10_000) == 1


async def test_nothing_is_drawn_while_alerts_wait_or_nobody_looks(screen: Screen) -> None:
    screen.is_free = False
    assert await screen.passes(10_000) == 0

    screen.is_free = True
    assert await screen.passes(WATCHED_MS) == 0


async def test_a_panel_that_was_deleted_is_given_up(screen: Screen) -> None:
    screen.bot.refuses = "message to edit not found"
    await screen.passes(10_000)
    screen.bot.refuses = ""

    assert await screen.passes(STANDS_MS) == 0
