"""A store that is gone, full, emptied, cut or written to by others, and what its pulse tells; against a real server."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from bot.store_watch import OTHERS_ENTRIES_S, WatchedStore
from engine.adapters.local_files import BrakesFile, SequenceFile
from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import RedisStore
from engine.adapters.redis_writer import Fenced
from engine.model.notices import LatchCause
from engine.model.view import NO_BRAKES, Running
from engine.ports import StateUnreadable, StoreDown
from tests.engine.adapters.redis_servers import HandClock
from tests.engine.adapters.saved_values import NAMESPACE, a_desk, a_ruling, a_state, an_entry

type Watches = Callable[..., WatchedStore]


@pytest.fixture
async def watched(server: EmbeddedServer, client: Redis, tmp_path: Path) -> AsyncIterator[Watches]:
    """Makes stores as the engine sees them: each call is another process."""
    links: list[RedisLink] = []

    def opened(folder: Path = tmp_path, place: str = "here", namespace: str = NAMESPACE, url: str = server.url) -> WatchedStore:
        link = RedisLink(url)
        links.append(link)
        clock, sequence = HandClock(), SequenceFile(folder)
        store = RedisStore(link, namespace=namespace, clock=clock, on_intent=sequence.note, place=place)
        return WatchedStore(store, folder, clock)

    yield opened
    for link in links:
        await link.close()


def latch_in(folder: Path) -> LatchCause | None:
    held = BrakesFile(folder).read().latch
    return held.cause if held is not None else None


# --- the pulse --------------------------------------------------------------------------------------------------------


async def pulse_of(store: WatchedStore, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the watch finds out in a few beats."""
    monkeypatch.setattr("bot.store_watch.BEAT_S", 0)
    monkeypatch.setattr("engine.adapters.redis_store.BEAT_AFTER_S", -1)
    found: list[str] = []
    seen = asyncio.Event()

    def failed(detail: str) -> None:
        found.append(detail)
        seen.set()

    watching = asyncio.create_task(store.watch(failed))
    fenced = asyncio.create_task(store.was_fenced.wait())
    heard = asyncio.create_task(seen.wait())
    await asyncio.wait((watching, fenced, heard), return_when=asyncio.FIRST_COMPLETED, timeout=5)
    for task in (watching, fenced, heard):
        task.cancel()
    await asyncio.wait((watching, fenced, heard))
    return found


async def test_an_idle_process_notices_that_the_store_is_full(
    watched: Watches, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = watched()
    await store.load()
    await client.config_set("maxmemory", "1mb")
    try:
        (found, *_) = await pulse_of(store, monkeypatch)
    finally:
        await client.config_set("maxmemory", "0")

    assert "maxmemory" in found


async def test_an_idle_process_notices_that_the_store_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = EmbeddedServer(tmp_path / "store")
    await own.start(0.0)
    link = RedisLink(own.url)
    store = WatchedStore(RedisStore(link, namespace=NAMESPACE, clock=HandClock()), tmp_path, HandClock())
    await store.load()
    os.kill(own.pid, signal.SIGKILL)

    (found, *_) = await pulse_of(store, monkeypatch)

    assert "cannot be reached" in found
    await link.close()
    await own.stop()


async def test_an_idle_process_notices_that_another_one_took_over(watched: Watches, monkeypatch: pytest.MonkeyPatch) -> None:
    older, newer = watched(), watched()
    await older.load()
    await newer.load()

    await pulse_of(older, monkeypatch)

    assert older.was_fenced.is_set()


async def test_a_process_that_was_superseded_does_not_take_the_store_back(watched: Watches) -> None:
    older, newer = watched(), watched()
    await older.load()
    await newer.load()

    with pytest.raises(Fenced):
        await older.load()

    assert older.was_fenced.is_set()
    await newer.save(a_state(), [], [], [])


async def test_a_pulse_costs_nothing_while_writes_are_confirmed(watched: Watches, client: Redis) -> None:
    store = watched()
    await store.load()
    await store.save(a_state(), [], [], [])
    before = (await client.info("commandstats"))["cmdstat_eval"]["calls"]

    await store._store.beat()

    assert (await client.info("commandstats"))["cmdstat_eval"]["calls"] == before


# --- whose store it was -----------------------------------------------------------------------------------------------


async def test_entries_wait_only_where_the_process_before_worked_elsewhere(watched: Watches, tmp_path: Path) -> None:
    waits: list[float] = []
    for place in ("here", "here", "there"):
        store = watched(place=place)
        store.met_another = waits.append
        await store.load()

    assert waits == [OTHERS_ENTRIES_S]


# --- what was lost ----------------------------------------------------------------------------------------------------


async def test_a_store_that_lost_its_tail_latches_entries_once(watched: Watches, client: Redis, tmp_path: Path) -> None:
    store = watched()
    await store.load()
    await store.save(a_state(a_desk(entry=an_entry())), [], [], [])
    await client.flushall()

    assert await watched().load() is None
    assert latch_in(tmp_path) is LatchCause.LOST_STATE
    BrakesFile(tmp_path).write(NO_BRAKES)
    await watched().load()
    assert latch_in(tmp_path) is None


async def test_a_pause_that_was_confirmed_and_came_undone_latches_entries(
    watched: Watches, client: Redis, tmp_path: Path
) -> None:
    store, running = watched(), a_state(a_desk())
    await store.load()
    await store.save(running, [], [], [])
    await _copied(client)
    await store.save(replace(running, account=replace(running.account, running=Running.PAUSED)), [], [], [])
    await _put_back(client)

    await watched().load()

    assert latch_in(tmp_path) is LatchCause.LOST_STATE


async def test_a_damaged_part_is_set_aside_the_rest_is_used_and_entries_are_latched(
    watched: Watches, client: Redis, tmp_path: Path
) -> None:
    store = watched()
    await store.load()
    await store.save(a_state(a_desk(), a_desk("BTCUSDT")), [], [], [])
    await client.hset("autobot:positions", "ETHUSDT", "?")

    again = watched()
    loaded = await again.load()

    assert loaded is not None
    assert loaded.desks.keys() == {"BTCUSDT"}
    assert latch_in(tmp_path) is LatchCause.LOST_STATE
    await again.save(a_state(a_desk(), a_desk("BTCUSDT")), [], [], [])


async def test_a_newer_memory_is_left_alone_until_a_newer_program_comes(watched: Watches, client: Redis) -> None:
    await client.set("autobot:state", '{"version":99,"namespace":"paper:test","account":{}}')
    store = watched()

    for _ in range(2):
        with pytest.raises(StateUnreadable, match="start the newer program again"):
            await store.load()
    with pytest.raises(StoreDown, match="was not read yet"):
        await store.save(a_state(), [], [], [])

    assert "99" in (await client.get("autobot:state") or "")


async def test_a_server_that_may_forget_is_no_store(watched: Watches, client: Redis) -> None:
    await client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        with pytest.raises(StoreDown, match="set maxmemory-policy to noeviction"):
            await watched().load()
    finally:
        await client.config_set("maxmemory-policy", "noeviction")

    assert await watched().load() is None


# --- writes upon what is not there ------------------------------------------------------------------------------------


async def test_a_tail_that_is_lost_while_we_run_is_written_again_whole(watched: Watches, client: Redis) -> None:
    store = watched()
    await store.load()
    await store.save(a_state(a_desk(last_bar_ms=1)), [], [], [])
    await _copied(client)
    await store.save(a_state(a_desk(last_bar_ms=2), a_desk("BTCUSDT", last_bar_ms=5)), [], [], [])
    await _put_back(client)

    await store.save(a_state(a_desk(last_bar_ms=3), a_desk("BTCUSDT", last_bar_ms=5)), [a_ruling()], [], [])

    loaded = await watched().load()
    assert loaded is not None
    assert {symbol: desk.last_bar_ms for symbol, desk in loaded.desks.items()} == {"ETHUSDT": 3, "BTCUSDT": 5}


async def test_what_somebody_else_wrote_under_our_name_does_not_stay(watched: Watches, client: Redis) -> None:
    store = watched()
    await store.load()
    await store.save(a_state(a_desk(last_bar_ms=1), a_desk("BTCUSDT", last_bar_ms=5)), [], [], [])
    await client.hincrby("autobot:lock", "seq", 1)
    await client.hset("autobot:positions", "BTCUSDT", "foreign")

    await store.save(a_state(a_desk(last_bar_ms=2), a_desk("BTCUSDT", last_bar_ms=5)), [], [], [])

    loaded = await watched().load()
    assert loaded is not None
    assert loaded.desks["BTCUSDT"].last_bar_ms == 5


async def test_an_idle_process_repairs_an_emptied_store(
    watched: Watches, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = watched()
    await store.load()
    await store.save(a_state(a_desk(last_bar_ms=1)), [], [], [])
    await client.flushall()
    monkeypatch.setattr("engine.adapters.redis_store.BEAT_AFTER_S", -1)

    await store._store.beat()

    loaded = await watched().load()
    assert loaded is not None
    assert loaded.desks["ETHUSDT"].last_bar_ms == 1


async def test_numbers_rise_also_after_the_store_lost_some(watched: Watches, client: Redis, tmp_path: Path) -> None:
    store = watched()
    await store.load()
    await store.save(a_state(a_desk(entry=an_entry())), [], [], [])
    await client.flushall()
    await store.save(a_state(a_desk(last_bar_ms=4)), [], [], [])

    await watched().load()

    assert latch_in(tmp_path) is None


KEYS = ("autobot:lock", "autobot:state", "autobot:positions", "autobot:params")


async def _copied(client: Redis) -> None:
    """Keep what is there now."""
    for key in KEYS:
        await client.copy(key, f"copy:{key}", replace=True)


async def _put_back(client: Redis) -> None:
    """Bring back what was kept, as a server does that lost the rest."""
    for key in KEYS:
        await client.copy(f"copy:{key}", key, replace=True)
