"""Screens that only look, as a table: each is drawn for its command, its button, and its button under an alert."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final

from aiogram import F, Router
from aiogram.filters import CommandObject
from aiogram.types import CallbackQuery, Message

from engine.control import EngineControl
from engine.model.view import EngineView
from handlers.chat import redraw, show, show_below, toast
from handlers.reading import called, read_symbol
from handlers.ui.callbacks import Go, Tell, View
from handlers.ui.language import Languages, Texts
from handlers.ui.screen import Screen

MOST_ABOUT: Final = 40


@dataclass(frozen=True, slots=True)
class Visit:
    """Who looks at what. `about` is a symbol, a group, a period, or what was typed behind the command."""

    texts: Texts
    engine: EngineControl
    languages: Languages
    about: str

    @property
    def now_ms(self) -> int:
        """Wire time."""
        return self.engine.asked("").seen_ms

    def symbol(self, view: EngineView) -> str | None:
        """The symbol that is meant; the first one where none was named; None where there is no such symbol."""
        return read_symbol(self.about, view.desks) if self.about else next(iter(view.desks), None)


type Draw = Callable[[Visit], Awaitable[Screen]]


def register(router: Router, draws: Mapping[View, Draw], commands: Mapping[str, View]) -> None:
    """Let commands and buttons lead to screens."""
    for name, view in commands.items():
        router.message.register(_on_command(draws[view]), called(name))
    for view, draw in draws.items():
        router.callback_query.register(_on_button(draw), Go.filter(F.view == view))
        router.callback_query.register(_under_alert(draw), Tell.filter(F.view == view))


def _on_command(draw: Draw) -> Callable[..., Awaitable[None]]:
    async def answer(
        message: Message, command: CommandObject, texts: Texts, engine: EngineControl, languages: Languages
    ) -> None:
        await show(message, await draw(Visit(texts, engine, languages, (command.args or "")[:MOST_ABOUT])))

    return answer


def _on_button(draw: Draw) -> Callable[..., Awaitable[None]]:
    async def answer(
        callback: CallbackQuery, callback_data: Go, texts: Texts, engine: EngineControl, languages: Languages
    ) -> None:
        await toast(callback)
        await redraw(callback, await draw(Visit(texts, engine, languages, callback_data.about)))

    return answer


def _under_alert(draw: Draw) -> Callable[..., Awaitable[None]]:
    async def answer(
        callback: CallbackQuery, callback_data: Tell, texts: Texts, engine: EngineControl, languages: Languages
    ) -> None:
        await toast(callback)
        await show_below(callback, await draw(Visit(texts, engine, languages, callback_data.about)))

    return answer
