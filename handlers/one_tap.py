"""A button that moves money acts once: a second tap of the same drawing is answered, and goes no further."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiogram import BaseMiddleware
from aiogram.types import CallbackQuery, TelegramObject

from handlers.chat import chat_of, toast
from handlers.owner import Owner
from handlers.ui.callbacks import Agree, Card, Change, CloseAll, Hold, OnPosition
from handlers.ui.language import Texts

ONCE: Final = tuple(f"{kind.__prefix__}:" for kind in (Card, Agree, Change, Hold, CloseAll))
OFTEN: Final = (f"{Hold.__prefix__}:{OnPosition.CARD.value}:", f"{CloseAll.__prefix__}:100:0")  # they only show
HARMLESS_TWICE: Final = (
    f"{Hold.__prefix__}:{OnPosition.CLOSE.value}:",
    f"{CloseAll.__prefix__}:100:",
)  # the engine leaves once
REMEMBERED: Final = 1_000


class OneTap(BaseMiddleware):
    """Remembers the taps that acted, in this process; across restarts tokens and the engine's own checks do."""

    def __init__(self) -> None:
        self._taken: dict[tuple[int, str], None] = {}

    async def __call__(
        self,
        handler: Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]],
        event: TelegramObject,
        data: dict[str, Any],
    ) -> Any:
        """Let the first tap through. One that failed before it reached the engine may be repeated."""
        if not isinstance(event, CallbackQuery) or not acts_once(event.data or ""):
            return await handler(event, data)
        tap = (chat_of(event), event.data or "")
        if tap in self._taken:
            texts: Texts = data["texts"]
            return await toast(event, texts.label("Already done; this button is spent."))
        self._taken[tap] = None
        while len(self._taken) > REMEMBERED:
            del self._taken[next(iter(self._taken))]
        try:
            return await handler(event, data)
        except BaseException:
            owner: Owner | None = data.get("owner")
            if owner is None or not owner.wishes or tap[1].startswith(HARMLESS_TWICE):
                self._taken.pop(tap, None)
            raise


def acts_once(data: str) -> bool:
    """Whether a button may act only once."""
    return data.startswith(ONCE) and not data.startswith(OFTEN)
