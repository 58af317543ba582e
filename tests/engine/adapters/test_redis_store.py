"""The store: a save is all or nothing, durable, by the newest writer only, in time or refused."""

import logging
import os
import signal
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import RedisStore
from engine.adapters.redis_writer import Fenced
from engine.model.commands import DecisionMode
from engine.model.machine_notices import EngineHalted
from engine.model.saved import SavedState
from engine.model.signals import Code, Sides, Verdict
from engine.model.view import Running
from engine.ports import StoreDown
from tests.engine.adapters.redis_servers import HandClock
from tests.engine.adapters.redis_stores import reopened
from tests.engine.adapters.saved_values import HOUR_MS, NAMESPACE, a_desk, a_ruling, a_state, a_trade, an_entry

HALTED = EngineHalted("first", 1)


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


CALM = a_state(a_desk())


def of_account(**changed: Any) -> SavedState:
    return replace(CALM, account=replace(CALM.account, **changed))


@pytest.mark.parametrize(
    "weighty",
    [
        a_state(a_desk(entry=an_entry())),
        of_account(running=Running.PAUSED),
        of_account(mode=DecisionMode.CONFIRM),
        replace(CALM, overrides=()),
        a_state(replace(a_desk(), sides=Sides.LONG)),
    ],
    ids=["an entry", "a pause", "another mode", "a setting", "fewer sides"],
)
async def test_the_number_is_kept_of_what_must_not_come_undone_and_of_nothing_else(open_store: Any, weighty: Any) -> None:
    heard: list[int] = []
    store = await open_store(on_intent=heard.append)
    await store.load()
    await store.save(CALM, [a_ruling()], [], [])
    began = store.last_write

    await store.save(replace(CALM, desks={"ETHUSDT": a_desk(last_bar_ms=7)}), [a_ruling(hour=2)], [HALTED], [a_trade()])
    await store.save(of_account(wallet=Decimal(999)), [], [], [])
    await store.save_books({"wallet": "1000"})
    await store.save(CALM, [], [], [])
    assert heard == [began]
    await store.save(weighty, [], [], [])

    assert heard == [began, store.last_write]


async def test_an_entry_that_is_over_needs_no_number(open_store: Any) -> None:
    heard: list[int] = []
    store = await open_store(on_intent=heard.append)
    await store.load()
    await store.save(a_state(a_desk(entry=an_entry())), [], [], [])

    await store.save(CALM, [], [], [])

    assert len(heard) == 1


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


@pytest.mark.parametrize("again", [a_state(a_desk(entry=an_entry())), None], ids=["repeated", "the next one"])
async def test_a_number_that_could_not_be_kept_is_kept_before_anything_is_called_saved(open_store: Any, again: Any) -> None:
    heard: list[int] = []
    is_full = True

    def note(number: int) -> None:
        if is_full:
            raise OSError(28, "No space left on device")
        heard.append(number)

    store = await open_store(on_intent=note)
    await store.load()
    for state in (a_state(a_desk(entry=an_entry())), again):
        with pytest.raises(StoreDown, match="No space left"):
            await store.save(state, [], [], [])
    with pytest.raises(StoreDown, match="No space left"):
        await store.beat()
    written, is_full = store.last_write, False

    await store.save(again, [], [], [])

    assert heard == [written]


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
