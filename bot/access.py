"""The one gate: who may speak, and in which language. It stands before every router; handlers have no checks of their own.

Strangers, groups, forwards and edits are not answered at all. An update acts once, also when Telegram repeats it; only
what lowers risk may act again: done twice it changes nothing, and noted as seen by a process that died it would be lost.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, Chat, Message, TelegramObject, Update, User

from bot.owners import Owners
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_users import Users
from engine.ports import Clock, StoreDown
from handlers.one_tap import HARMLESS_TWICE
from handlers.owner import LATE_MS, waited_ms
from handlers.ui.callbacks import Do, Verb
from handlers.ui.language import Languages

SEEN_KEY: Final = "autobot:updates:"
SEEN_S: Final = 48 * 3_600
HARMLESS: Final = (  # or, like /run, looked at again by their own handler
    "/run",
    "/panic",
    "/pause",
    "/stop",
    "/start",
    "/panel",
    "/positions",
    "/why",
    "/pnl",
    "/help",
    "/cancel",
    "/health",
)
SAFE_AGAIN: Final = frozenset({"/panic", "/pause", "/stop"})
SAFE_TAPS_AGAIN: Final = (
    *(f"{Do.__prefix__}:{verb}:" for verb in (Verb.PANIC, Verb.PAUSE, Verb.STOP_KEEP, Verb.STOP_CLOSE)),
    *HARMLESS_TWICE,
)
LANGUAGE: Final = "telegram_language"

type Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]

logger = logging.getLogger(__name__)


class Access(BaseMiddleware):
    """The gate. `heard` is told of every owner who spoke."""

    def __init__(
        self,
        owners: Owners,
        users: Users,
        link: RedisLink,
        languages: Languages,
        *,
        language: str,
        clock: Clock,
        heard: Callable[[int], None],
    ) -> None:
        self.turned_away = 0
        self._owners = owners
        self._users = users
        self._link = link
        self._languages = languages
        self._language = language
        self._clock = clock
        self._heard = heard
        self._spoken: dict[int, str] = {}

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        """Let an owner's update through, once."""
        assert isinstance(event, Update)
        user = speaker(event)
        is_owner = user is not None and user.id in self._owners.ids
        if user is None or not (is_owner or await self._has_claimed(event, user)):
            self.turned_away += 1
            return None
        if not is_safe_again(event) and not await self._is_first(event.update_id):
            return None
        self._heard(user.id)
        data["texts"] = self._languages.texts(await self._chosen_language(user), user.language_code, self._language)
        return await handler(event if is_owner and self._is_in_time(event) else showing_panel(event), data)

    async def _has_claimed(self, event: Update, user: User) -> bool:
        text = event.message.text if event.message is not None else None
        return bool(text) and await self._owners.claim(user.id, str(text), self._clock.now_ms())

    async def _is_first(self, update: int) -> bool:
        """Whether this update was never seen. Where the store cannot say, it counts as new: stopping must always work."""
        client = self._link.client
        try:
            return bool(await self._link.run(client.set(f"{SEEN_KEY}{update}", "1", nx=True, ex=SEEN_S)))
        except StoreDown:
            return True

    async def _chosen_language(self, user: User) -> str | None:
        """The person's choice. Their Telegram's language is kept for alerts, which are written when nobody speaks."""
        code = user.language_code or ""
        try:
            if code and self._spoken.get(user.id) != code:
                await self._users.set_value(user.id, LANGUAGE, code)
                self._spoken[user.id] = code
            return await self._users.language(user.id)
        except StoreDown:
            return None

    def _is_in_time(self, event: Update) -> bool:
        """A wish that was written long before we could read it is not granted late, unless it lowers risk.

        Plain words are no wish but may be a code: whoever waits for one deletes it, and looks at the time again.
        """
        message = event.message
        words = ((message.text if message is not None else None) or "").strip().lower()
        if message is None or words.startswith(HARMLESS) or (words and not words.startswith("/")):
            return True
        age_ms = waited_ms(message, self._clock.now_ms())
        if age_ms >= LATE_MS:
            logger.info("a message came %d s late; the panel is shown instead", age_ms // 1_000)
        return age_ms < LATE_MS


def is_safe_again(event: Update) -> bool:
    """Whether an update only lowers risk, so that doing it twice does no harm, and not at all does."""
    words = ((event.message.text if event.message is not None else None) or "").split()
    tapped = (event.callback_query.data if event.callback_query is not None else None) or ""
    command = words[0].lower().partition("@")[0] if words else ""
    return command in SAFE_AGAIN or tapped.startswith(SAFE_TAPS_AGAIN)


def showing_panel(event: Update) -> Update:
    """The same update, asking for nothing but the panel."""
    message = event.message
    return event if message is None else event.model_copy(update={"message": message.model_copy(update={"text": "/panel"})})


def speaker(update: Update) -> User | None:
    """Who speaks, where the update is of a kind that may act: a person's own words or tap in a private chat with the bot."""
    spoken = update.message or update.callback_query
    match spoken:
        case Message():
            is_own = not (spoken.sender_chat or spoken.via_bot or spoken.forward_origin)
            return spoken.from_user if is_own and _is_private(spoken.chat, spoken.from_user) else None
        case CallbackQuery(message=shown) if shown is not None and not spoken.inline_message_id:
            return spoken.from_user if _is_private(shown.chat, spoken.from_user) else None
    return None


def _is_private(chat: Chat, user: User | None) -> bool:
    return user is not None and not user.is_bot and chat.type == "private" and chat.id == user.id
