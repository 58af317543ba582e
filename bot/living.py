"""What the process does once the exchange answers: recover and guard positions, then trade, then talk.

Positions are recovered and guarded before anything heavy is imported; the conversation comes last and stops nothing by
its absence.
"""

import asyncio
import logging
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from bot.app import House, furnished, open_health_page
from bot.conversing import converse
from bot.ending import FAILED, STOPPED, TAKEN, CannotStart, refused
from bot.first_look import is_refused
from bot.keeping import Keeping
from bot.line import Line
from bot.logs import Redaction
from bot.settings import Mode, Settings
from bot.starts import Starts
from bot.store_watch import latch_lost
from bot.supervised import supervised
from bot.venue import Venue
from engine.adapters.binance_messages import BadMessage
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.local_files import BrakesFile
from engine.adapters.redis_process import NoServer
from engine.model.events import FeedRestored, Route
from engine.ports import StateUnreadable, StoreDown
from engine.runner import Runner
from engine.trader.viewing import holds_anything

if TYPE_CHECKING:
    from bot.schedule import Schedule

PAGE_AFTER_S: Final = 1.0
STOP_WITHIN_S: Final = 4.0
RIGHTS_WITHIN_S: Final = 3.0  # until then nobody compares the account
HALT_LOOK_S: Final = 1.0
HALTED_REST_S: Final = 60.0  # a fault that comes back at once must not become a storm of starts
FIRST_RETRY_S: Final = 0.5
LONGEST_RETRY_S: Final = 2.0  # a position may be bare: ask again and again; silence that the exchange wishes for is kept

logger = logging.getLogger(__name__)


async def live(
    settings: Settings, redaction: Redaction, stack: AsyncExitStack, rest: BinanceRest, starts: Starts, stop: asyncio.Event
) -> int:
    """Live until told to stop; return the exit code. Raises what the start cannot do without."""
    house = await furnished(settings, redaction, stack, rest)
    line = Line()
    house.runner.alarm = line
    house.shadow.tell = line.tell
    keeping = Keeping(house, line, starts)
    keeping.begin()
    return await _lived(house, keeping, line, stop)


async def _lived(house: House, keeping: Keeping, line: Line, stop: asyncio.Event) -> int:
    """Live until told to stop, until another process takes over, or until something breaks."""
    living, halted = asyncio.create_task(_live(house, keeping, line)), asyncio.create_task(_halted(house.runner))
    ends = [halted, *(asyncio.create_task(event.wait()) for event in (stop, house.watch.was_fenced))]
    try:
        await asyncio.wait((living, *ends), return_when=asyncio.FIRST_COMPLETED)
        if living.done():
            return _broken(living.exception())
        if house.watch.was_fenced.is_set():
            return refused("another autobot took over this store: this one stops", TAKEN)
        if halted.done():
            return refused("the engine halted; the log knows why, and a new start compares everything first", FAILED)
        logger.info("stopping: stops and targets stay at the exchange")
        return STOPPED
    finally:
        for task in (living, *ends):
            task.cancel()
        await asyncio.wait((living, *ends))


async def _live(house: House, keeping: Keeping, line: Line) -> None:
    """Recover, then trade and talk until cancelled."""
    runner, venue = house.runner, house.venue
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_finished, house)
        await _guarded(house, keeping, stack)
        await runner.guarding(_checked(house))
        held = sum(desk.position is not None for desk in runner.trader.view().desks.values())
        logger.info("recovered: %d open position(s), compared with the exchange", held)
        if venue.keep_alive is None:  # the news of an account on paper need no connection
            runner.post(FeedRestored(Route.PRIVATE, 0, runner.trader.time_ms, house.clock.now_ms()))
        from bot.schedule import Schedule  # its library can wait until positions are guarded

        schedule = Schedule(
            runner,
            venue.history,
            clock=house.clock,
            check_interval_s=house.settings.position_check_interval,
            market_ms=venue.feed.market_ms,
            keep_alive=venue.keep_alive,
            note_equity=house.store.equity.note,
        )
        schedule.start()
        stack.push_async_callback(house.shadow.close)
        async with asyncio.TaskGroup() as group:
            group.create_task(_ending(house, schedule))
            group.create_task(schedule.follow_clock())
            group.create_task(runner.run())
            group.create_task(keeping.run())
            group.create_task(supervised("the shadow", house.shadow.run))
            group.create_task(converse(house, keeping, line))


async def _guarded(house: House, keeping: Keeping, stack: AsyncExitStack) -> None:
    """Recover. The page opens when positions are guarded, or after a moment where that takes longer; one that cannot be
    opened ends the process, but not before positions are guarded.
    """
    recovering, fault = asyncio.create_task(_recovered(house)), None
    try:
        await asyncio.wait({recovering}, timeout=PAGE_AFTER_S)
        if house.settings.health_port:
            try:
                stack.push_async_callback(await open_health_page(house, keeping.facts))
            except CannotStart as error:
                fault = error
        await recovering
        if fault is not None:
            raise fault
    finally:
        recovering.cancel()
        await asyncio.wait({recovering})


async def _halted(runner: Runner) -> None:
    """End a while after the engine halted: the owner was told meanwhile, and whoever supervises us starts it anew."""
    while not runner.trader.is_halted:  # noqa: ASYNC110  # the trader knows no events of the loop
        await asyncio.sleep(HALT_LOOK_S)
    await asyncio.sleep(HALTED_REST_S)


async def _ending(house: House, schedule: "Schedule") -> None:
    """Wait for the end, and begin it at once, beside everything else that ends: a connection or a chat that is slow to
    close keeps no stop waiting.
    """
    try:
        await asyncio.Event().wait()
    finally:
        schedule.stop()
        await _finished(house)


async def _finished(house: House) -> None:
    """Let what is on its way end and save once more; stops stay where they are. Who was superseded has nothing left to do."""
    if house.watch.was_fenced.is_set():
        return
    try:
        async with asyncio.timeout(STOP_WITHIN_S):
            await house.runner.close()
            await house.venue.close_orders()
    except TimeoutError:
        logger.warning("requests to the exchange were still open at the end; the next start asks for them")


async def _checked(house: House) -> None:
    """What must be known before anything is entered. Raises `CannotStart`."""
    if house.settings.mode is Mode.LIVE:
        await _key_is_safe(house.venue)
    if not holds_anything(house.runner.trader) and await is_refused(house.settings):
        raise CannotStart("TELEGRAM_BOT_TOKEN: Telegram refuses it (mistyped or revoked): ask @BotFather for the right one")


async def _key_is_safe(venue: Venue) -> None:
    """A key that may move money out is not worked with. Raises `CannotStart`."""
    try:
        async with asyncio.timeout(RIGHTS_WITHIN_S):
            rights = await venue.rest.key_rights()
    except (ConnectionError, BadMessage, TimeoutError) as error:
        logger.warning("the key's rights could not be read: %s", error or "no answer in time")
        return
    if rights.enable_withdrawals or rights.permits_universal_transfer:
        raise CannotStart("BINANCE_API_KEY may move money out: take the rights to withdraw and to transfer away from it")
    if not rights.ip_restrict:
        logger.warning("the key works from every address: bind it to this machine's")


async def _recovered(house: House) -> None:
    """Recover, however long it takes. Raises `CannotStart`."""
    try:
        await recovered(house.runner)
    except LookupError as error:
        raise CannotStart(f"SYMBOLS: {str(error.args[0]) if error.args else error}") from error
    except StateUnreadable:
        latch_lost(BrakesFile(house.settings.data_folder), house.clock.now_ms())
        raise


async def recovered(runner: Runner) -> None:
    """Recover; while the exchange cannot be reached, try again for as long as it takes. Raises what `recover` raises else."""
    pause_s = FIRST_RETRY_S
    while True:
        try:
            await runner.recover()
            return
        except (ConnectionError, TimeoutError) as error:
            logger.warning("not recovered yet, next attempt in %g s: %s", pause_s, error)
        await runner.guarding(asyncio.sleep(pause_s))
        pause_s = min(2 * pause_s, LONGEST_RETRY_S)


def _broken(error: BaseException | None) -> int:
    """The engine ended by itself: known reasons are one line, all others a traceback in the log, blanked."""
    if isinstance(error, NoServer | StoreDown | StateUnreadable | CannotStart):
        raise error
    logger.critical("the engine broke; stops and targets stay at the exchange", exc_info=error)
    return refused("the engine broke; the log knows more", FAILED)
