"""Brings the conversation up when the engine already trades, and again whenever it breaks: Telegram stops nothing.

Its library is heavy, so it is imported here, late and beside the loop.
"""

import asyncio
import importlib
import logging
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING, Final

from bot.app import House
from bot.ending import IMPORTING
from bot.keeping import Keeping
from bot.line import Line
from bot.supervised import Pauses

if TYPE_CHECKING:
    from bot.second_factor import CodeCheck

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
SWITCH_S: Final = 0.000_5  # a tenth of the usual: while a thread imports, each turn of the loop waits so long for its own

logger = logging.getLogger(__name__)


async def converse(house: House, keeping: Keeping, line: Line) -> None:
    """Talk until cancelled."""
    pauses = Pauses(FIRST_PAUSE_S, LONGEST_PAUSE_S)
    factor: CodeCheck | None = None  # one for all conversations: its wrong and its used codes must not be forgotten
    while True:
        pauses.begun()
        try:
            telegram = await _imported("bot.telegram")
            if factor is None:
                factor = telegram.code_check(house.settings)
            await telegram.talk(house, keeping, line, factor)
        except Exception:  # the chat's own faults end here: the engine trades on, and the chat comes back
            logger.exception("the conversation broke off and starts again")
        await asyncio.sleep(pauses.broken())


async def _imported(name: str) -> ModuleType:
    """Import beside the loop, which is given the processor often meanwhile; the end of the process does not wait for it."""
    loop = asyncio.get_running_loop()
    found: asyncio.Future[ModuleType] = loop.create_future()

    def settle[T](settled: Callable[[T], None], value: T) -> None:
        if not found.done():
            settled(value)

    def work() -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            try:
                module = importlib.import_module(name)
            except Exception as error:
                loop.call_soon_threadsafe(settle, found.set_exception, error)
            else:
                loop.call_soon_threadsafe(settle, found.set_result, module)

    before_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_S)
    try:
        threading.Thread(target=work, name=IMPORTING + name, daemon=True).start()
        return await found
    finally:
        sys.setswitchinterval(before_s)
