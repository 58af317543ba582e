"""What takes long: one message that tells how far it is, with a button to stop it, and that becomes the result.

It is one message, edited: the preview that Telegram draws for drafts vanishes after half a minute and has no button.
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from aiogram.exceptions import TelegramAPIError
from aiogram.types import Message

from engine.model.past import NotMeasured, Phase, Progress
from handlers.chat import File, redrawn, send_file, show
from handlers.owner import Owner
from handlers.ui import long_jobs as ui
from handlers.ui.markup import Html
from handlers.ui.screen import Screen

TELL_EACH_S: Final = 3.0  # an edit counts against what a chat may get
FILE_AGAIN_S: Final = 3.0  # until a file that Telegram did not take is sent once more
NAME_BYTES: Final = 6
BEGINNING: Final = Progress(Phase.PREPARING)

type Told = Callable[[Progress], None]
type Work = Callable[[str, Told], Awaitable[Result]]

logger = logging.getLogger(__name__)


class Result(NamedTuple):
    """What the message becomes, and a file that is sent below it."""

    screen: Screen
    file: File | None = None


async def begin(message: Message, title: Html, work: Work, owner: Owner) -> None:
    """Begin it behind the answer; `work` gets the job's name and whom to tell."""
    job = secrets.token_urlsafe(NAME_BYTES)
    shown = await show(message, ui.at_work(owner.texts, title, BEGINNING, job))
    if not owner.later.start(_done(shown, title, job, work, owner)):
        await redrawn(shown, ui.too_much(owner.texts, title))


async def _done(shown: Message, title: Html, job: str, work: Work, owner: Owner) -> None:
    newest = [BEGINNING]
    telling = asyncio.create_task(_tell(shown, title, job, newest, owner))
    try:
        result = await work(job, lambda progress: newest.__setitem__(0, progress))
    except NotMeasured as error:
        result = Result(ui.not_done(owner.texts, title, error))
    finally:
        telling.cancel()
        await asyncio.wait({telling})
    message = await redrawn(shown, result.screen)
    if result.file is not None:
        await _hand_over(message, result.file, owner)


async def _hand_over(message: Message, file: File, owner: Owner) -> None:
    """Send the file, if need be once more; its loss is told, for nothing else would show it."""
    try:
        await send_file(message, file)
    except TelegramAPIError:
        await asyncio.sleep(FILE_AGAIN_S)
        try:
            await send_file(message, file)
        except TelegramAPIError as error:
            logger.warning("a file could not be sent: %s", type(error).__name__)
            await show(message, ui.no_file(owner.texts))


async def _tell(shown: Message, title: Html, job: str, newest: list[Progress], owner: Owner) -> None:
    """Edit the message now and then; a chat that takes no edit now takes the next one."""
    told = BEGINNING
    while True:
        await asyncio.sleep(TELL_EACH_S)
        if newest[0] != told:
            told = newest[0]
            try:
                await redrawn(shown, ui.at_work(owner.texts, title, told, job))
            except TelegramAPIError:
                continue
