"""Keeps the panel on the screen fresh: redrawn every few seconds while it is the panel, somebody looked lately, and nothing
else waits to be said.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram import BaseMiddleware, Bot
from aiogram.exceptions import TelegramAPIError, TelegramBadRequest
from aiogram.types import CallbackQuery, Message, TelegramObject, Update

from engine.adapters.redis_users import Users
from engine.control import EngineControl
from engine.ports import Clock, StoreDown
from handlers.menu import PANEL
from handlers.ui.callbacks import Go, Tell, View
from handlers.ui.keyboards import markup
from handlers.ui.language import Texts
from handlers.ui.panel import panel

LOOK_S: Final = 10.0
WATCHED_MS: Final = 1_800_000  # after the owner's last word
STANDS_MS: Final = 60_000  # a panel on which nothing changed is redrawn this seldom, for its clock
OPENING: Final = ("/start", "/panel")
SHOWS_PANEL: Final = tuple(kind(view=View.PANEL).pack() for kind in (Go, Tell))

type Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

logger = logging.getLogger(__name__)


class PanelRefresh(BaseMiddleware):
    """Watches what owners do with the panel, and redraws it meanwhile."""

    def __init__(
        self,
        bot: Bot,
        engine: EngineControl,
        users: Users,
        *,
        texts: Callable[[int], Awaitable[Texts]],
        is_free: Callable[[int], bool],
        clock: Clock,
    ) -> None:
        self._bot = bot
        self._engine = engine
        self._users = users
        self._texts = texts
        self._is_free = is_free
        self._clock = clock
        self._shown: dict[int, int] = {}  # user -> the message that shows the panel
        self._heard_ms: dict[int, int] = {}
        self._drawn: dict[int, tuple[str, int]] = {}  # user -> what was drawn, and when

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """After the answer, see whether the panel is still on the screen."""
        answer = await handler(event, data)
        if isinstance(event, Update):
            await self._look(event.message or event.callback_query)
        return answer

    async def run(self) -> None:
        """Redraw until cancelled."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.redraw_all()

    async def redraw_all(self) -> None:
        """Redraw every panel that is on a screen, where there is reason to."""
        for user, message in list(self._shown.items()):
            await self._redraw(user, message)

    async def _look(self, spoken: Message | CallbackQuery | None) -> None:
        if spoken is None or spoken.from_user is None:
            return
        user = spoken.from_user.id
        self._heard_ms[user] = self._clock.now_ms()
        if shows_panel(spoken):
            message = await self._users.get_value(user, PANEL)
            if message:
                self._shown[user] = int(message)
        elif isinstance(spoken, CallbackQuery) and spoken.message and spoken.message.message_id == self._shown.get(user):
            del self._shown[user]  # another screen was drawn over it

    async def _redraw(self, user: int, message: int) -> None:
        now = self._clock.now_ms()
        if now - self._heard_ms.get(user, 0) > WATCHED_MS or not self._is_free(user):
            return
        try:
            screen = panel(await self._texts(user), self._engine.view(), self._engine.params(), now)
            words = screen.text.rsplit("\n", 1)[0]  # the last line is the clock
            before, drawn_ms = self._drawn.get(user, ("", 0))
            if words == before and now - drawn_ms < STANDS_MS:
                return
            await self._bot.edit_message_text(
                screen.text, chat_id=user, message_id=message, parse_mode="HTML", reply_markup=markup(screen)
            )
            self._drawn[user] = words, now
        except TelegramBadRequest as error:
            if "message is not modified" not in error.message:
                self._shown.pop(user, None)
        except (TelegramAPIError, StoreDown) as error:
            logger.debug("the panel was not redrawn: %s", type(error).__name__)


def shows_panel(spoken: Message | CallbackQuery) -> bool:
    """Whether the answer to this is the panel."""
    if isinstance(spoken, Message):
        return (spoken.text or "").split("@")[0].split(" ")[0].lower() in OPENING
    return (spoken.data or "") in SHOWS_PANEL
