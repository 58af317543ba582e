"""The store: a save is all or nothing, durable, by the newest writer only, in time or refused."""

import asyncio
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import RedisStore
from engine.adapters.redis_writer import APPLY, LOCK, Fenced
from engine.model.notices import EngineHalted
from engine.model.saved import SavedAccount
from engine.model.signals import Code, Verdict
from engine.ports import StateUnreadable, StoreDown
from tests.engine.adapters.redis_servers import HandClock, a_server, emptied, told
from tests.engine.adapters.saved_values import HOUR_MS, NAMESPACE, a_desk, a_ruling, a_state, a_trade, an_entry

HALTED = EngineHalted("first", 1)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    with a_server(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture
async def client(server: EmbeddedServer) -> AsyncIterator[Redis]:
    await emptied(server)
    async with Redis.from_url(server.url, protocol=2, decode_responses=True) as client:
        yield client


@pytest.fixture
async def open_store(server: EmbeddedServer, client: Redis) -> AsyncIterator[Any]:
    """Makes stores on the emptied server, and closes them."""
    stores = []

    async def opened(namespace: str = NAMESPACE, **options: Any) -> RedisStore:
        store = RedisStore(RedisLink(server.url), namespace=namespace, clock=HandClock(), **options)
        stores.append(store)
        await store.take_epoch()
        return store

    yield opened
    for store in stores:
        await store.close()


async def reopened(open_store: Any, namespace: str = NAMESPACE) -> RedisStore:
    """A store as the next process sees it, already read."""
    store: RedisStore = await open_store(namespace)
    await store.load()
    return store


async def test_a_new_store_holds_no_state(open_store: Any) -> None:
    store = await open_store()

    assert await store.load() is None
    assert await store.trades(0) == []
    assert (await store.history.counts()).rulings == 0


async def test_a_saved_state_is_read_back_by_the_next_process(open_store: Any) -> None:
    state = a_state(a_desk("ETHUSDT", entry=an_entry()), a_desk("BTCUSDT", last_bar_ms=7))
    store = await reopened(open_store)

    await store.save(state, [], [], [])

    assert repr(await (await open_store()).load()) == repr(replace(state, desks=dict(sorted(state.desks.items()))))


async def test_everything_lies_under_the_promised_keys(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)

    await store.save(a_state(a_desk(entry=an_entry())), [a_ruling()], [HALTED], [a_trade()])

    state, history = {"state", "positions", "orders", "params", "signals"}, {"rulings", "counts", "trades", "trades:ids"}
    assert set(await client.keys("*")) == {f"autobot:{name}" for name in state | history | {"outbox", "lock"}}
    assert await client.hkeys("autobot:positions") == await client.hkeys("autobot:orders") == ["ETHUSDT"]


async def test_only_what_changed_is_written(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    desk = a_desk()
    await store.save(a_state(desk, a_desk("BTCUSDT", entry=an_entry("BTCUSDT"))), [], [], [])
    before = await client.info("commandstats")

    await store.save(a_state(replace(desk, last_bar_ms=9), a_desk("BTCUSDT", entry=an_entry("BTCUSDT"))), [], [], [])

    after = await client.info("commandstats")
    assert after["cmdstat_hset"]["calls"] - before["cmdstat_hset"]["calls"] == 2  # the desk and the write's number
    assert after["cmdstat_set"] == before["cmdstat_set"]


async def test_an_entry_that_is_over_and_a_desk_that_is_gone_leave_the_store(open_store: Any) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk(entry=an_entry()), a_desk("BTCUSDT")), [], [], [])

    await store.save(a_state(a_desk()), [], [], [])

    loaded = await (await open_store()).load()
    assert loaded.desks == {"ETHUSDT": a_desk()}


async def test_a_save_without_a_state_leaves_the_saved_one(open_store: Any) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk()), [], [], [])

    await store.save(None, [a_ruling()], [], [])

    assert await (await open_store()).load() == a_state(a_desk())


async def test_a_store_that_was_not_read_is_not_overwritten(open_store: Any) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    hasty = await open_store()

    with pytest.raises(StoreDown, match="was not read yet"):
        await hasty.save(a_state(), [], [], [])
    await hasty.save(None, [], [HALTED], [])

    assert await (await open_store()).load() == a_state(a_desk())
    assert await hasty.outbox.waiting() == 1


async def test_an_older_writer_is_fenced_off(open_store: Any) -> None:
    older = await reopened(open_store)
    await older.save(a_state(a_desk()), [], [], [])
    newer = await reopened(open_store)

    with pytest.raises(Fenced, match="took over"):
        await older.save(a_state(), [a_ruling()], [HALTED], [a_trade()])

    assert await newer.load() == a_state(a_desk())
    assert await newer.trades(0) == []
    assert await newer.outbox.waiting() == 0


async def test_epochs_rise_even_when_the_store_was_emptied_and_time_stands_still(open_store: Any, client: Redis) -> None:
    store = await open_store()
    first, second = (await store.take_epoch()).epoch, (await store.take_epoch()).epoch
    await client.flushall()

    assert first < second
    assert (await store.take_epoch()).epoch >= HandClock().now_ms()


async def test_trades_are_kept_once_newest_first_and_found_by_when_they_ended(open_store: Any) -> None:
    store = await reopened(open_store)

    await store.save(None, [], [], [a_trade(1, exit_hour=5)])
    await store.save(None, [], [], [a_trade(1, exit_hour=5), a_trade(2, exit_hour=8)])

    assert await store.trades(0) == [a_trade(2, exit_hour=8), a_trade(1, exit_hour=5)]
    assert await store.trades(6 * HOUR_MS) == [a_trade(2, exit_hour=8)]


async def test_more_trades_than_fit_a_page_are_all_read(open_store: Any) -> None:
    store = await reopened(open_store)
    trades = [a_trade(number, exit_hour=number) for number in range(1, 1_101)]

    for at in range(0, 1_100, 100):
        await store.save(None, [], [], trades[at : at + 100])

    assert await store.trades(0) == trades[::-1]


async def test_rulings_are_read_newest_first_and_counted_for_ever(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    rulings = [a_ruling(hour=hour, refused=(Code.ADX_LOW, Code.PAUSED)) for hour in range(1, 6)]
    await store.save(None, [*rulings, a_ruling("BTCUSDT", 9, refused=())], [], [])

    read = await store.history.rulings("ETHUSDT", 3 * HOUR_MS, 2)
    await client.xtrim("autobot:rulings", maxlen=0)
    counts = await store.history.counts()

    assert [repr(ruling) for ruling in read] == [repr(rulings[4]), repr(rulings[3])]
    assert counts.rulings == 6
    assert counts.refusals == {Code.ADX_LOW: 5, Code.PAUSED: 5}
    assert counts.verdicts == {Verdict.REFUSED: 5, Verdict.ENTERED: 1}


async def test_rulings_before_the_asked_moment_are_left_out(open_store: Any) -> None:
    store = await reopened(open_store)
    await store.save(None, [a_ruling(hour=hour) for hour in (1, 2, 3)], [], [])

    read = await store.history.rulings("ETHUSDT", 2 * HOUR_MS, 100)

    assert [ruling.close_time_ms for ruling in read] == [3 * HOUR_MS, 2 * HOUR_MS]


async def test_the_mirror_hears_of_entries_only(open_store: Any) -> None:
    heard: list[int] = []
    store = await open_store(on_intent=heard.append)
    await store.load()

    await store.save(a_state(a_desk()), [a_ruling()], [], [])
    await store.save(a_state(a_desk(entry=an_entry())), [], [], [])
    written = store.last_write
    await store.save(a_state(a_desk()), [], [], [])

    assert heard == [written]


async def test_a_lost_tail_shows_in_the_number_of_the_last_write(open_store: Any, client: Redis) -> None:
    heard: list[int] = []
    store = await open_store(on_intent=heard.append)
    await store.load()
    await store.save(a_state(a_desk(entry=an_entry())), [], [], [])
    intact = await open_store()
    await client.flushall()
    wiped = await open_store()

    assert intact.last_write >= heard[0]
    assert wiped.last_write < heard[0]


async def test_an_entry_whose_number_cannot_be_kept_is_not_called_saved(open_store: Any) -> None:
    def full(number: int) -> None:
        raise OSError(28, "No space left on device")

    store = await open_store(on_intent=full)
    await store.load()

    with pytest.raises(StoreDown, match="No space left"):
        await store.save(a_state(a_desk(entry=an_entry())), [], [], [])


# --- when the store is slow, gone, emptied, forbidden ----------------------------------------------------------------


async def test_a_slow_store_is_down_within_the_budget(open_store: Any, client: Redis) -> None:
    store = await open_store(save_budget_ms=100)
    await store.load()
    await told(client, "CLIENT PAUSE 400 ALL")
    began = time.monotonic()

    with pytest.raises(StoreDown, match="did not answer within"):
        await store.save(a_state(a_desk()), [], [], [])

    assert time.monotonic() - began < 0.3
    await told(client, "CLIENT UNPAUSE")


async def test_a_save_that_went_through_unanswered_is_not_doubled_when_repeated(open_store: Any, client: Redis) -> None:
    store = await open_store(save_budget_ms=50)
    await store.load()
    await told(client, "CLIENT PAUSE 150 ALL")
    with pytest.raises(StoreDown):
        await store.save(a_state(a_desk()), [a_ruling()], [HALTED], [a_trade()])
    await client.ping()  # answered when the pause is over: the given-up write was carried out before

    await store.save(a_state(a_desk()), [a_ruling(), a_ruling(hour=2)], [HALTED, HALTED], [a_trade()])

    assert (await store.history.counts()).rulings == 2
    assert await store.outbox.waiting() == 2
    assert len(await store.trades(0)) == 1


async def test_a_write_whose_answer_was_lost_is_not_doubled_when_repeated(
    open_store: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await reopened(open_store)
    carry_out = store._link.client.eval

    async def unheard(*words: Any) -> None:
        await carry_out(*words)
        raise OSError("the answer is lost")

    with monkeypatch.context() as cut:
        cut.setattr(store._link.client, "eval", unheard)
        with pytest.raises(StoreDown, match="answer is lost"):
            await store.save(a_state(a_desk()), [a_ruling()], [HALTED], [a_trade()])
    assert await store.outbox.waiting() == 1, "it went through"

    await store.save(a_state(a_desk()), [a_ruling(), a_ruling(hour=2)], [HALTED, HALTED], [a_trade()])

    assert (await store.history.counts()).rulings == 2
    assert await store.outbox.waiting() == 2
    assert len(await store.trades(0)) == 1


async def test_a_write_that_never_arrived_is_made_up_for(
    open_store: Any, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await reopened(open_store)
    with monkeypatch.context() as cut:
        cut.setattr(store._link.client, "eval", unreachable)
        with pytest.raises(StoreDown, match="line is cut"):
            await store.save(a_state(a_desk()), [a_ruling()], [HALTED], [])

    await store.save(None, [a_ruling()], [HALTED], [])

    assert await (await open_store()).load() == a_state(a_desk())  # the state that was owed
    assert await store.outbox.waiting() == 1
    assert (await store.history.counts()).rulings == 1


async def unreachable(*_: Any) -> None:
    raise OSError("the line is cut")


async def test_a_write_that_arrives_after_it_was_given_up_changes_nothing(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    late = store._writer.seq + 1
    await store.save(a_state(a_desk()), [], [], [])
    await store.save(a_state(a_desk(last_bar_ms=5)), [], [], [])

    answer = await client.eval(APPLY, 1, LOCK, str(store._writer.epoch), str(late), str(late - 1), 2, "DEL", "autobot:state")

    assert answer == "LATE"
    assert await (await open_store()).load() == a_state(a_desk(last_bar_ms=5))


async def test_a_cancelled_save_is_carried_out(open_store: Any) -> None:
    store = await reopened(open_store)
    task = asyncio.create_task(store.save(a_state(a_desk()), [], [HALTED], []))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    await store.save(None, [a_ruling()], [], [])  # takes its turn after the first

    assert await (await open_store()).load() == a_state(a_desk())
    assert await store.outbox.waiting() == 1


async def test_an_emptied_store_is_written_anew_with_the_next_save(
    open_store: Any, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk(), a_desk("BTCUSDT", entry=an_entry("BTCUSDT"))), [], [], [])
    await client.flushall()

    with caplog.at_level(logging.ERROR):
        await store.save(None, [a_ruling()], [], [])

    assert "lost its data" in caplog.text
    loaded = await (await open_store()).load()
    assert loaded.desks.keys() == {"BTCUSDT", "ETHUSDT"}
    assert loaded.desks["BTCUSDT"].entry is not None


async def test_writes_survive_a_kill_of_the_server(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path)
    await server.start(0.0)
    store = RedisStore(RedisLink(server.url), namespace=NAMESPACE, clock=HandClock())
    await store.take_epoch()
    await store.load()
    for hour in range(1, 30):
        await store.save(a_state(a_desk(last_bar_ms=hour)), [a_ruling(hour=hour)], [HALTED], [a_trade(hour)])
    os.kill(server.pid, signal.SIGKILL)
    with pytest.raises(StoreDown):
        await store.save(a_state(a_desk(last_bar_ms=99)), [a_ruling(hour=99)], [], [])
    await server.stop()
    await server.start(1.0)

    await store.save(None, [a_ruling(hour=99)], [], [])
    loaded, counts, trades = await store.load(), await store.history.counts(), await store.trades(0)
    await store.close()
    await server.stop()

    assert loaded == a_state(a_desk(last_bar_ms=99))
    assert (counts.rulings, len(trades)) == (30, 29)


async def test_a_wrong_password_is_told_without_the_password(server: EmbeddedServer, client: Redis) -> None:
    await client.config_set("requirepass", "right")
    try:
        for url in (f"unix://:canary@{server.url.removeprefix('unix://')}", server.url):
            store = RedisStore(RedisLink(url), namespace=NAMESPACE, clock=HandClock())
            with pytest.raises(StoreDown, match="refuses the user name or password") as failure:
                await store.load()
            assert "canary" not in str(failure.value)
            await store.close()
    finally:
        await client.config_set("requirepass", "")


async def test_a_store_that_is_not_there_is_down(tmp_path: Path) -> None:
    store = RedisStore(RedisLink(f"unix://{tmp_path}/none.sock"), namespace=NAMESPACE, clock=HandClock())

    with pytest.raises(StoreDown, match=r"none\.sock"):
        await store.load()

    await store.close()


# --- when what is there cannot be used -------------------------------------------------------------------------------


async def test_a_newer_state_is_refused_and_left_alone(open_store: Any, client: Redis) -> None:
    await client.set("autobot:state", '{"version":2,"namespace":"paper:test","account":{"news":1}}')
    store = await open_store()

    with pytest.raises(StateUnreadable, match=r"autobot:state was written by a newer program \(version 2"):
        await store.load()

    assert await client.exists("autobot:state")


async def test_a_damaged_desk_is_set_aside_and_the_rest_is_used(open_store: Any, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk(), a_desk("BTCUSDT")), [], [], [])
    await client.hset("autobot:positions", "ETHUSDT", '{"symbol":"ETHUSDT","sides":9')
    store = await open_store()
    aside = f"autobot:positions:ETHUSDT:damaged:{HandClock().now_ms()}"

    with pytest.raises(StateUnreadable, match=f"autobot:positions ETHUSDT is damaged .* set aside as {aside}"):
        await store.load()

    assert await client.get(aside) == '{"symbol":"ETHUSDT","sides":9'
    assert (await store.load()).desks == {"BTCUSDT": a_desk("BTCUSDT")}


async def test_an_entry_outlives_the_damage_of_its_desk(open_store: Any, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk(entry=an_entry())), [], [], [])
    await client.hset("autobot:positions", "ETHUSDT", "?")
    store = await open_store()
    with pytest.raises(StateUnreadable):
        await store.load()

    loaded = await store.load()

    assert repr(loaded.desks["ETHUSDT"].entry) == repr(an_entry())


async def test_a_damaged_account_is_set_aside_and_begins_anew(open_store: Any, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.set("autobot:state", '{"version":1,"namespace":"paper:test","account":{"wallet":"much"}}')
    store = await open_store()

    with pytest.raises(StateUnreadable, match=r"autobot:state is damaged .* set aside"):
        await store.load()

    loaded = await store.load()
    assert loaded.account == SavedAccount()
    assert loaded.desks == {"ETHUSDT": a_desk()}


async def test_a_reader_sets_nothing_aside(open_store: Any, server: EmbeddedServer, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.hset("autobot:positions", "ETHUSDT", "?")
    reader = RedisStore(RedisLink(server.url), namespace=NAMESPACE, clock=HandClock())

    with pytest.raises(StateUnreadable, match="autobot:positions ETHUSDT is damaged"):
        await reader.load()

    assert await client.hget("autobot:positions", "ETHUSDT") == "?"
    await reader.close()


async def test_switching_mode_and_back_keeps_each_ones_own(open_store: Any) -> None:
    paper = await reopened(open_store)
    token = await paper.tokens.issue({"act": "enter"}, 60)
    await paper.users.set_language(7, "ru")
    await paper.save(a_state(a_desk()), [a_ruling()], [HALTED], [a_trade()])

    live = await open_store("live:main")
    assert await live.load() is None
    assert await live.trades(0) == []
    assert await live.outbox.waiting() == 0
    assert await live.tokens.claim(token) is None
    assert await live.users.language(7) == "ru"
    await live.save(a_state(a_desk("BTCUSDT"), namespace="live:main"), [], [], [])

    again = await open_store()
    assert await again.load() == a_state(a_desk())
    assert await again.trades(0) == [a_trade()]
    assert (await (await open_store("live:main")).load()).desks == {"BTCUSDT": a_desk("BTCUSDT")}


async def test_a_reader_of_another_mode_is_told_whose_state_it_is(open_store: Any, server: EmbeddedServer) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    reader = RedisStore(RedisLink(server.url), namespace="live:main", clock=HandClock())

    with pytest.raises(StateUnreadable, match="belongs to 'paper:test'"):
        await reader.load()

    await reader.close()


async def test_one_damaged_trade_does_not_hide_the_others(
    open_store: Any, client: Redis, caplog: pytest.LogCaptureFixture
) -> None:
    store = await reopened(open_store)
    await store.save(None, [], [], [a_trade()])
    await client.xadd("autobot:trades", {"exit_ms": 1, "trade": "?"})

    assert await store.trades(0) == [a_trade()]
    assert "cannot be read" in caplog.text


async def test_the_paper_books_are_kept_beside_the_state(open_store: Any) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk()), [], [], [])

    await store.save_books({"wallet": "1000"})
    await store.save(a_state(a_desk(last_bar_ms=3)), [], [], [])

    later = await open_store()
    assert await later.load() == a_state(a_desk(last_bar_ms=3))
    assert await later.load_books() == {"wallet": "1000"}


async def test_damaged_paper_books_are_named(open_store: Any, client: Redis) -> None:
    await client.set("autobot:paper", "[")
    store = await open_store()

    with pytest.raises(StateUnreadable, match="autobot:paper is damaged"):
        await store.load_books()
