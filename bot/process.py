"""The process: started once, recovered, guarded, then talking; ended by a signal, by a newer process, or by a fault.

Positions are recovered and guarded before anything heavy is imported; the conversation comes last and stops nothing by
its absence.
"""

import asyncio
import logging
import resource
import signal
import sys
from contextlib import AsyncExitStack
from typing import Final

from bot.app import CannotStart, House, furnished, latch_lost, open_health_page
from bot.conversing import converse
from bot.first_look import is_refused
from bot.logs import Redaction, start_logging
from bot.schedule import Schedule
from bot.settings import Mode, Settings, misspelt
from bot.venue import Venue
from engine.adapters.binance_messages import BadMessage
from engine.adapters.local_files import FolderInUse, InstanceLock
from engine.adapters.redis_process import NoServer
from engine.model.events import FeedRestored, Route
from engine.ports import StateUnreadable, StoreDown
from engine.runner import Runner
from engine.trader.viewing import holds_anything

FAILED: Final = 1
BAD_SETTINGS: Final = 2
TAKEN: Final = 75  # another process has this account: EX_TEMPFAIL
STOP_WITHIN_S: Final = 4.0
HALT_LOOK_S: Final = 1.0
HALTED_REST_S: Final = 60.0  # a fault that comes back at once must not become a storm of starts
FIRST_RETRY_S: Final = 1.0
LONGEST_RETRY_S: Final = 30.0

logger = logging.getLogger(__name__)


async def run(settings: Settings) -> int:
    """Trade until a signal; return the exit code."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold every secret
    folder, redaction = settings.data_folder, Redaction(settings.secrets())
    if not settings.telegram_bot_token.get_secret_value():
        return _refused("TELEGRAM_BOT_TOKEN is missing: ask @BotFather in Telegram for one", BAD_SETTINGS)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        start_logging(settings.log_level, folder / "logs", redaction)
        lock = InstanceLock(folder)
        lock.take()
    except FolderInUse as error:
        return _refused(f"{error}: another autobot trades from there", TAKEN)
    except OSError as error:
        return _refused(f"DATA_FOLDER: {folder} cannot be used ({error.strerror})", BAD_SETTINGS)
    logger.info("starting: %s, %s, bars of %s", settings.label, ", ".join(settings.symbols), settings.interval)
    for problem in misspelt():
        logger.warning(problem)
    stop = _stop_signal()
    try:
        async with AsyncExitStack() as stack:
            stack.callback(lock.release)
            house = await furnished(settings, redaction, stack)
            return await _lived(house, stop)
    except (NoServer, StoreDown, StateUnreadable, CannotStart) as error:
        return _refused(redaction(str(error)), FAILED)
    except OSError as error:
        logger.critical("the start failed", exc_info=error)
        return _refused(redaction(f"the start failed: {error}"), FAILED)


async def _lived(house: House, stop: asyncio.Event) -> int:
    """Live until told to stop, until another process takes over, or until something breaks."""
    living, halted = asyncio.create_task(_live(house)), asyncio.create_task(_halted(house.runner))
    ends = [halted, *(asyncio.create_task(event.wait()) for event in (stop, house.watch.was_fenced))]
    try:
        await asyncio.wait((living, *ends), return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            return _broken(living.exception())
        if house.watch.was_fenced.is_set():
            return _refused("another autobot took over this store: this one stops", TAKEN)
        if halted.done():
            return _refused("the engine halted; the log knows why, and a new start compares everything first", FAILED)
        logger.info("stopping: stops and targets stay at the exchange")
        return 0
    finally:
        for task in (living, *ends):
            task.cancel()
        await asyncio.wait((living, *ends))


async def _live(house: House) -> None:
    """Recover, then trade and talk until cancelled."""
    runner, venue = house.runner, house.venue
    async with AsyncExitStack() as stack:
        if house.settings.health_port:
            stack.push_async_callback(await open_health_page(house))
        if house.settings.mode is Mode.LIVE:
            await _key_is_safe(house.venue)
        await _recovered(house)
        held = sum(desk.position is not None for desk in runner.trader.view().desks.values())
        logger.info("recovered: %d open position(s), compared with the exchange", held)
        if not holds_anything(runner.trader) and await is_refused(house.settings):
            raise CannotStart("TELEGRAM_BOT_TOKEN: Telegram refuses it (mistyped or revoked): ask @BotFather for the right one")
        if venue.keep_alive is None:  # the news of an account on paper need no connection
            runner.post(FeedRestored(Route.PRIVATE, 0, runner.trader.time_ms, house.clock.now_ms()))
        schedule = Schedule(
            runner,
            venue.rest,
            clock=house.clock,
            check_interval_s=house.settings.position_check_interval,
            market_ms=venue.feed.market_ms,
            keep_alive=venue.keep_alive,
            note_equity=house.store.equity.note,
        )
        schedule.start()
        stack.push_async_callback(_finished, house)
        stack.callback(schedule.stop)
        async with asyncio.TaskGroup() as group:
            group.create_task(runner.run())
            group.create_task(converse(house.settings, house.control, house.store, house.link, house.clock, house.redaction))


async def _halted(runner: Runner) -> None:
    """End a while after the engine halted: the owner was told meanwhile, and whoever supervises us starts it anew."""
    while not runner.trader.is_halted:  # noqa: ASYNC110  # the trader knows no events of the loop
        await asyncio.sleep(HALT_LOOK_S)
    await asyncio.sleep(HALTED_REST_S)


async def _finished(house: House) -> None:
    """Let what is on its way end and save once more; stops stay where they are."""
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await house.runner.close()
            await house.venue.close_orders()
    except TimeoutError:
        logger.warning("requests to the exchange were still open at the end; the next start asks for them")


async def _key_is_safe(venue: Venue) -> None:
    """A key that may move money out is not worked with. Raises `CannotStart`."""
    try:
        rights = await venue.rest.key_rights()
    except (ConnectionError, BadMessage) as error:
        logger.warning("the key's rights could not be read: %s", error)
        return
    if rights.enable_withdrawals or rights.permits_universal_transfer:
        raise CannotStart("BINANCE_API_KEY may move money out: take the rights to withdraw and to transfer away from it")
    if not rights.ip_restrict:
        logger.warning("the key works from every address: bind it to this machine's")


async def _recovered(house: House) -> None:
    """Recover; while the exchange cannot be reached, try again for as long as it takes. Raises `CannotStart`."""
    pause_s = FIRST_RETRY_S
    while True:
        try:
            await house.runner.recover()
            return
        except LookupError as error:
            raise CannotStart(f"SYMBOLS: {str(error.args[0]) if error.args else error}") from error
        except StateUnreadable:
            latch_lost(house.settings.data_folder, house.clock.now_ms())
            raise
        except (ConnectionError, TimeoutError) as error:
            logger.warning("not recovered yet, next attempt in %g s: %s", pause_s, error)
        await asyncio.sleep(pause_s)
        pause_s = min(2 * pause_s, LONGEST_RETRY_S)


def _broken(error: BaseException | None) -> int:
    """The engine ended by itself: known reasons are one line, all others a traceback in the log, blanked."""
    if isinstance(error, NoServer | StoreDown | StateUnreadable | CannotStart):
        raise error
    logger.critical("the engine broke; stops and targets stay at the exchange", exc_info=error)
    return _refused("the engine broke; the log knows more", FAILED)


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _refused(text: str, code: int) -> int:
    """Say why in one line."""
    print(f"Error: {text}", file=sys.stderr, flush=True)
    return code
