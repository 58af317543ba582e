"""The composition root: settings become parts. Nothing else picks its own parts."""

import asyncio
import errno
import logging
import os
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from bot.audited import audited
from bot.ending import CannotStart
from bot.health import Health, serve
from bot.logs import Redaction
from bot.past_desk import PastDesk
from bot.settings import Settings
from bot.shadow import ShadowRoom
from bot.store_watch import WatchedStore
from bot.supervised import supervised
from bot.tap import TappedFeed
from bot.venue import Venue, open_venue
from bot.workshop import Workshop
from engine.adapters.binance_past import BinancePast
from engine.adapters.binance_rest import BinanceRest
from engine.adapters.local_files import BrakesFile, SequenceFile
from engine.adapters.machine_clock import MachineClock
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_process import server_binary
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_shadow import RedisShadow
from engine.adapters.redis_store import RedisStore
from engine.control import Control, EngineControl
from engine.model.market import INTERVAL_MS
from engine.runner import Runner
from engine.trader import TraderSetup

STORE_WITHIN_S: Final = 1.0

logger = logging.getLogger(__name__)


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
    shadow: ShadowRoom


async def furnished(settings: Settings, redaction: Redaction, stack: AsyncExitStack, rest: BinanceRest) -> House:
    """Open the exchange (which `rest` asked for its clock already) and the store, and put the engine together.

    A store that is away is looked for by the engine, while it guards what is open. Raises `NoServer` where there is
    nothing that could ever be one.
    """
    clock, folder = MachineClock(), settings.data_folder
    url, place = await reached(settings.store_url, folder, stack)
    link, sequence = RedisLink(url), SequenceFile(folder)
    store = RedisStore(link, namespace=settings.namespace, clock=clock, on_intent=sequence.note, place=place)
    stack.push_async_callback(store.close)
    watch = WatchedStore(store, folder, clock)
    venue = await open_venue(settings, watch, clock, rest)
    stack.push_async_callback(venue.close)
    feed = TappedFeed(venue.feed)
    runner = Runner(
        setup=trader_setup(settings),
        interval=settings.interval,
        feed=feed,
        history=venue.history,
        broker=venue.broker,
        store=watch,
        clock=clock,
        brakes_file=BrakesFile(folder),
    )
    watch.met_another = runner.hold_entries
    pulse = asyncio.create_task(supervised("the watch over the store", lambda: watch.watch(runner.store_failed)))
    stack.callback(pulse.cancel)
    past = PastDesk(runner, venue.rest, BinancePast(venue.rest), Workshop(), folder=past_folder(settings), label=settings.label)
    stack.push_async_callback(past.close)
    shadow = ShadowRoom(runner, feed, watch, RedisShadow(link, settings.namespace), clock)
    control = audited(Control(runner, watch, settings.label, past, shadow), folder)
    return House(settings, clock, redaction, link, store, watch, venue, runner, control, shadow)


def past_folder(settings: Settings) -> Path:
    """Where bars are kept that were read: play money's prices are not the real ones."""
    root = urlsplit(settings.binance_rest_root)
    return settings.data_folder / "history" / f"{root.hostname or 'exchange'}{f'-{root.port}' if root.port else ''}"


async def reached(store_url: str, folder: Path, stack: AsyncExitStack) -> tuple[str, str]:
    """The store's address, and a name for whoever has its lock: on our own server nobody else can be alive.

    Our own server is started beside everything else and waited for a moment only.
    """
    if store_url:
        return store_url, place(folder)
    server_binary()
    server = EmbeddedServer(folder / "store")
    stack.push_async_callback(server.stop)
    keeper = asyncio.create_task(supervised("the store's keeper", server.keep_running))
    stack.push_async_callback(ended, keeper)
    if not await server.answers_within(STORE_WITHIN_S):
        logger.error("the store's server does not answer yet: the start goes on without it")
    return server.url, "embedded"


def place(folder: Path) -> str:
    """This machine's folder: its lock proves that nobody else works from it."""
    return f"{os.uname().nodename}:{folder.absolute()}"


async def ended(task: asyncio.Task[None]) -> None:
    """Cancel a task and see it end."""
    task.cancel()
    await asyncio.wait({task})


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


async def open_health_page(house: House, more_facts: Callable[[], dict[str, Any]]) -> Any:
    """Open the page; returns what closes it. Raises `CannotStart`."""
    from bot.metrics import exposition

    runner, started_s = house.runner, time.monotonic()

    def facts() -> dict[str, Any]:
        return {
            "phase": runner.phase,
            "cards_open": runner.cards_open(),
            "label": house.settings.label,
            "store_up": runner.store_is_up,
            "memory": "apart" if runner.is_apart else "joined",
            "inbox": len(runner.inbox),
            **more_facts(),
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
