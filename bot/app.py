"""The composition root: settings become parts. Nothing else picks its own parts."""

import asyncio
import errno
import logging
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.audited import audited
from bot.health import Health, serve
from bot.logs import Redaction
from bot.settings import Settings
from bot.store_watch import WatchedStore
from bot.venue import Venue, open_venue
from engine.adapters.local_files import LatchFile, SequenceFile
from engine.adapters.machine_clock import MachineClock
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import reach
from engine.adapters.redis_store import RedisStore
from engine.control import Control, EngineControl
from engine.model.market import INTERVAL_MS
from engine.model.notices import LatchCause
from engine.runner import Runner
from engine.state.latch import set_by, strictest
from engine.trader import TraderSetup

logger = logging.getLogger(__name__)


class CannotStart(Exception):
    """The process cannot start as it is told to; the text is one line."""


@dataclass(frozen=True, slots=True)
class House:
    """The parts of a running process."""

    settings: Settings
    clock: MachineClock
    redaction: Redaction
    link: RedisLink
    store: RedisStore
    watch: WatchedStore
    venue: Venue
    runner: Runner
    control: EngineControl


async def furnished(settings: Settings, redaction: Redaction, stack: AsyncExitStack) -> House:
    """Open the store and the exchange and put the engine together."""
    clock, folder = MachineClock(), settings.data_folder
    reached = await reach(settings.store_url, folder / "store")
    stack.push_async_callback(reached.close)
    if reached.server is not None:
        keeper = asyncio.create_task(reached.server.keep_running())
        stack.callback(keeper.cancel)
    link, sequence = RedisLink(reached.url), SequenceFile(folder)
    store = RedisStore(link, namespace=settings.namespace, clock=clock, on_intent=sequence.note)
    stack.push_async_callback(store.close)
    for doubt in await store.check():
        logger.warning(doubt)
    await store.take_epoch()
    if sequence.has_lost_tail(store.last_write):
        logger.error("the store knows less than this machine does: entries are latched")
        latch_lost(folder, clock.now_ms())
        sequence.note(store.last_write)
    venue = await open_venue(settings, store, clock)
    stack.push_async_callback(venue.close)
    watch = WatchedStore(store)
    runner = Runner(
        setup=trader_setup(settings),
        interval=settings.interval,
        feed=venue.feed,
        history=venue.rest,
        broker=venue.broker,
        store=watch,
        clock=clock,
        latch_file=LatchFile(folder),
    )
    control = audited(Control(runner, watch, settings.label), folder)
    return House(settings, clock, redaction, link, store, watch, venue, runner, control)


def trader_setup(settings: Settings) -> TraderSetup:
    """What the Trader is told once."""
    return TraderSetup(
        namespace=settings.namespace,
        symbols=settings.symbols,
        interval_ms=INTERVAL_MS[settings.interval],
        warmup_bars=settings.warmup_bars,
        tight_trigger=settings.stop_trigger,
        params=settings.params,
        mode=settings.decisions,
    )


async def open_health_page(house: House) -> Any:
    """Open the page; returns what closes it. Raises `CannotStart`."""
    from bot.metrics import exposition

    runner, started_s = house.runner, time.monotonic()

    def facts() -> dict[str, Any]:
        return {
            "phase": runner.phase,
            "cards_open": runner.cards_open(),
            "label": house.settings.label,
            "store_up": runner.store_is_up,
            "inbox": len(runner.inbox),
            "uptime_s": round(time.monotonic() - started_s, 1),
        }

    health = Health(
        facts=facts,
        is_ready=runner.is_ready,
        is_settled=runner.is_settled,
        newest=house.venue.newest_event_time,
        metrics=lambda: exposition(runner, house.venue),
    )
    try:
        page = await serve(health, house.settings.health_port)
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else "cannot be used"
        raise CannotStart(f"HEALTH_PORT: port {house.settings.health_port} {reason}: choose another one, or 0") from error
    return page.cleanup


def latch_lost(folder: Path, now_ms: int) -> None:
    """No entries after a memory was lost, until the owner looked."""
    latch_file = LatchFile(folder)
    lost = set_by(LatchCause.LOST_STATE, 0.0, 0.0, now_ms)
    latch_file.write(strictest(latch_file.read(), lost))
