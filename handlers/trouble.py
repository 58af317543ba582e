"""When an update fails: the owner is told what it means for the money, the log what happened. Trading does not notice."""

import logging

from aiogram import Router
from aiogram.types import ErrorEvent

from engine.ports import StoreDown
from handlers.chat import show, show_below, toast
from handlers.owner import NotShown
from handlers.ui.language import Texts
from handlers.ui.markup import Html
from handlers.ui.screen import Screen

logger = logging.getLogger(__name__)


def apologise_on(router: Router) -> None:
    """Answer for every update that failed below this router."""
    router.errors.register(apologise)


async def apologise(event: ErrorEvent, texts: Texts | None = None) -> None:
    """Say what could not be done, or not be shown. Nothing is repeated. Without a language it is only logged."""
    logger.error("an update of the chat failed", exc_info=event.exception)
    if texts is None:
        return
    screen = Screen(_words(texts, event.exception))
    update = event.update
    if update.message is not None:
        await show(update.message, screen)
    elif update.callback_query is not None:
        await toast(update.callback_query)
        await show_below(update.callback_query, screen)


def _words(texts: Texts, error: Exception) -> Html:
    if isinstance(error, NotShown):
        return texts.say(
            "⚠ The engine has answered, but its answer could not be shown. Do not repeat it: look at /positions first."
        )
    if isinstance(error, StoreDown):
        return texts.say("⚠ The memory store is unreachable: this cannot be done now. Entries are held; exits and stops go on.")
    return texts.say("⚠ This could not be done: a fault in the conversation. Trading is not touched; the log knows more.")
