"""The process: started once, ended by a signal, by a newer process, or by a fault.

Light on purpose: from its start to the first word to the exchange nothing is imported that this word does not need. The
rest (`bot.living`) is imported while the exchange thinks about its answer.
"""

import asyncio
import errno
import importlib
import logging
import os
import resource
import signal
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack
from types import ModuleType
from typing import Final

from bot.ending import BAD_SETTINGS, FAILED, STOPPED, TAKEN, CannotStart, refused
from bot.logs import Redaction, said, start_logging
from bot.settings import Settings, misspelt
from bot.starts import Starts
from bot.venue import open_rest
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.local_files import FolderInUse, InstanceLock
from engine.adapters.machine_clock import MachineClock
from engine.adapters.redis_process import NoServer
from engine.ports import StateUnreadable, StoreDown

STOPPING: Final = (signal.SIGTERM, signal.SIGINT)
DISK_FAULTS: Final = (errno.EROFS, errno.EIO, errno.ENOSPC)
STOPPED_WITHIN_S: Final = 5.0
FIRST_ANSWER_WITHIN_S: Final = 1.0  # then the start goes on, and recovery asks again

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> int:
    """Trade until a signal; return the exit code."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold every secret
    folder = settings.data_folder
    redaction = Redaction(settings.secrets(), pin=settings.owner_pin.get_secret_value())
    if not settings.telegram_bot_token.get_secret_value():
        return refused("TELEGRAM_BOT_TOKEN is missing: ask @BotFather in Telegram for one", BAD_SETTINGS)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        start_logging(settings.log_level, folder / "logs", redaction)
        lock = InstanceLock(folder)
        lock.take()
    except FolderInUse as error:
        return refused(f"{error}: another autobot trades from there", TAKEN)
    except OSError as error:
        code = FAILED if error.errno in DISK_FAULTS else BAD_SETTINGS  # a disk may come back: whoever supervises us tries on
        return refused(f"DATA_FOLDER: {folder} cannot be used ({error.strerror})", code)
    logger.info("starting: %s, %s, bars of %s", settings.label, ", ".join(settings.symbols), settings.interval)
    clock, starts = MachineClock(), Starts(folder, settings.guard_after_starts)
    stop = stop_signal(starts.ran_well)  # an end that was asked for is no fault, however it comes about
    starts.begin(clock.now_ms())
    try:
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            rest = open_rest(settings, clock)
            stack.push_async_callback(rest.close)
            living = await first_word(rest)
            for problem in misspelt():
                logger.warning(problem)
            return int(await living.live(settings, redaction, stack, rest, starts, stop))
    except (NoServer, StoreDown, StateUnreadable, CannotStart) as error:
        return refused(redaction(str(error)), FAILED)
    except OSError as error:
        logger.critical("the start failed", exc_info=error)
        return refused(redaction(f"the start failed: {error}"), FAILED)


async def first_word(rest: BinanceRest) -> ModuleType:
    """Ask the exchange for its clock, which opens the connection too; import meanwhile what comes next."""
    asking = asyncio.create_task(rest.try_sync_time())
    await asyncio.sleep(0)  # the question is on its way before the import takes the processor
    living = await asyncio.to_thread(importlib.import_module, "bot.living")
    await asyncio.wait({asking}, timeout=FIRST_ANSWER_WITHIN_S)
    return living


def stop_signal(noted: Callable[[], None]) -> asyncio.Event:
    """Set, and noted, when the process is asked to end. Whoever asks twice, or for longer than a few seconds, does not wait."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def asked() -> None:
        stop.set()
        late = threading.Timer(STOPPED_WITHIN_S, leave)
        late.daemon = True
        late.start()
        for number in STOPPING:
            loop.remove_signal_handler(number)
            signal.signal(number, lambda *_: leave())
        noted()  # last: a disk that hangs holds no end up

    for number in STOPPING:
        loop.add_signal_handler(number, asked)
    return stop


def leave() -> None:
    """End at once: what is open is guarded at the exchange, and what was saved is saved."""
    logger.warning("the end is not waited for any longer; stops and targets stay at the exchange")
    said()
    os._exit(STOPPED)
