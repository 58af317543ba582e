"""A write without an answer in time: the store is down, and what was written is neither doubled nor lost."""

import asyncio
import time
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_writer import APPLY, LOCK
from engine.model.machine_notices import EngineHalted
from engine.ports import StoreDown
from tests.engine.adapters.redis_servers import told
from tests.engine.adapters.redis_stores import reopened
from tests.engine.adapters.saved_values import a_desk, a_ruling, a_state, a_trade

HALTED = EngineHalted("first", 1)


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
