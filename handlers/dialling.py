"""The threshold's dial: it stands at once, drawn from what is remembered; history and the picture follow."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from aiogram.types import Message

from engine.model.past import Dial, NotMeasured, WhyNot
from engine.params import BY_NAME
from handlers.chat import redrawn
from handlers.measuring import LOOKS, measured
from handlers.owner import Owner
from handlers.ui.counted import THRESHOLD, rulings_of_all
from handlers.ui.dial import dial
from handlers.ui.markup import Html
from handlers.ui.past import Answer
from handlers.ui.screen import Screen

DAYS: Final = 30


async def show_dial(
    shown: Callable[[Screen], Awaitable[Message | None]],
    wanted: float,
    owner: Owner,
    note: Html | None = None,
    old: float | None = None,
) -> None:
    """Show the dial with a line in mind. `old`: where the line was before it was just now moved."""
    low, high = BY_NAME[THRESHOLD].low, BY_NAME[THRESHOLD].high
    wanted, params = round(min(max(wanted, low), high), 4), owner.engine.params()
    rulings = rulings_of_all(owner.engine)
    message = await shown(dial(owner.texts, params, rulings, wanted, note))
    if message is None:
        return
    place = (message.chat.id, message.message_id)
    touches, now = owner.later.touches(place), params.activation_threshold

    async def follow() -> None:
        walked, picture = await _drawn(owner, now, wanted)
        answers = list[Answer]()
        if wanted != now or old is not None:
            before = {} if old is None else {THRESHOLD: old}
            answers = [await measured(owner.engine, {THRESHOLD: wanted}, days, before) for days in LOOKS]
        if owner.later.touches(place) == touches and (walked is not None or answers):
            await redrawn(message, dial(owner.texts, params, rulings, wanted, note, walked, answers, picture))

    if not owner.later.start(follow()) and wanted != now:
        await redrawn(message, dial(owner.texts, params, rulings, wanted, note, None, [NotMeasured(WhyNot.BUSY)]))


async def _drawn(owner: Owner, now: float, wanted: float) -> tuple[Dial | None, bytes]:
    """What every threshold would have given, and its picture; nothing where that cannot be measured now."""
    walked, picture = None, b""
    with suppress(NotMeasured):
        walked = await owner.engine.past.dial(DAYS)
        picture = await owner.engine.past.dial_picture(walked, now, wanted, owner.texts.language)
    return walked, picture
