"""Old settings against new ones, shown with the question whether to change: the question stands at once, the figures follow."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

from aiogram.types import Message

from engine.control import EngineControl
from engine.model.past import NotMeasured, WhyNot
from handlers.chat import redrawn
from handlers.owner import Owner
from handlers.ui.past import Answer, with_figures
from handlers.ui.screen import Screen

LOOKS: Final = (7, 30)  # days

type Changes = Mapping[str, float]
type Draw = Callable[[Sequence[Answer] | None], Screen]


async def show_measured(
    shown: Callable[[Screen], Awaitable[Message | None]], screen: Screen, changes: Changes, owner: Owner, old: Changes
) -> None:
    """Show a screen, and under it what the changes would have meant, as soon as that is known."""
    await show_with(shown, lambda answers: with_figures(owner.texts, screen, answers), changes, owner, old)


async def show_with(
    shown: Callable[[Screen], Awaitable[Message | None]], draw: Draw, changes: Changes, owner: Owner, old: Changes
) -> None:
    """The same, drawn as the caller likes."""
    message = await shown(draw(None))
    if message is None:
        return
    place = (message.chat.id, message.message_id)
    touches = owner.later.touches(place)

    async def follow() -> None:
        answers = [await measured(owner.engine, changes, days, old) for days in LOOKS]
        if owner.later.touches(place) == touches:
            await redrawn(message, draw(answers))

    if not owner.later.start(follow()):
        await redrawn(message, draw([NotMeasured(WhyNot.BUSY)]))


async def measured(engine: EngineControl, changes: Changes, days: int, old: Changes) -> Answer:
    """What the changes would have meant, or why that is not known."""
    try:
        return await engine.past.what_if(changes, days, old)
    except NotMeasured as error:
        return error
