"""A write without an answer in time: the store is down, and what was written is neither doubled nor lost."""

import asyncio
import time
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import RedisStore
from engine.adapters.redis_writer import APPLY, LOCK
from engine.model.machine_notices import EngineHalted
from engine.ports import StoreDown
from tests.engine.adapters.redis_servers import told
from tests.engine.adapters.redis_stores import reopened
from tests.engine.adapters.saved_values import a_desk, a_ruling, a_state, a_trade, an_entry

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


def losing(store: RedisStore, monkeypatch: pytest.MonkeyPatch, answers: int) -> None:
    """The next writes go through, and nobody hears of it."""
    carry_out, left = store._link.client.eval, [None] * answers

    async def unheard(*words: Any) -> Any:
        answer = await carry_out(*words)
        if left and words[0] == APPLY:
            left.pop()
            raise OSError("the answer is lost")
        return answer

    monkeypatch.setattr(store._link.client, "eval", unheard)


async def held(store: RedisStore) -> tuple[int, int, int]:
    """How many rulings, notices and trades."""
    return (await store.history.counts()).rulings, await store.outbox.waiting(), len(await store.trades(0))


@pytest.mark.parametrize("between", ["a beat", "the books"])
async def test_a_write_whose_answer_was_lost_is_not_doubled_though_another_write_comes_before_it_is_repeated(
    open_store: Any, monkeypatch: pytest.MonkeyPatch, between: str
) -> None:
    store = await reopened(open_store)
    losing(store, monkeypatch, 1)
    with pytest.raises(StoreDown):
        await store.save(a_state(a_desk()), [a_ruling()], [HALTED], [a_trade()])
    await (store.beat() if between == "a beat" else store.save_books({"x": 1}))

    await store.save(a_state(a_desk()), [a_ruling()], [HALTED], [a_trade()])
    assert await held(store) == (1, 1, 1)

    await store.save(None, [], [HALTED], [])
    assert await held(store) == (1, 2, 1), "what is said again, and not repeated, is new"


async def test_two_lost_answers_in_a_row_double_nothing(open_store: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    store = await reopened(open_store)
    losing(store, monkeypatch, 2)
    second = EngineHalted("second", 2)
    for notices in ([HALTED], [HALTED, second]):
        with pytest.raises(StoreDown):
            await store.save(a_state(a_desk()), [a_ruling()], notices, [])

    await store.save(a_state(a_desk()), [a_ruling()], [HALTED, second], [])

    assert await held(store) == (1, 2, 0)


async def test_a_save_whose_number_could_not_be_kept_is_not_doubled_when_repeated(open_store: Any) -> None:
    full = [OSError("the disk is full")]

    def kept(_: int) -> None:
        if full:
            raise full.pop()

    store = await open_store(on_intent=kept)
    await store.load()
    with pytest.raises(StoreDown, match="could not be kept"):
        await store.save(a_state(a_desk(entry=an_entry())), [a_ruling()], [HALTED], [])

    await store.save(a_state(a_desk(entry=an_entry())), [a_ruling()], [HALTED], [])

    assert await held(store) == (1, 1, 0)


async def test_an_answer_that_came_too_late_is_never_taken_for_the_next_one(server: EmbeddedServer, client: Redis) -> None:
    link = RedisLink(server.url)
    for number in range(20):
        await client.set(f"a{number}", f"A{number}")
        await client.set(f"b{number}", f"B{number}")
        await told(client, "CLIENT PAUSE 30 ALL")
        with pytest.raises(StoreDown):
            await link.run(link.client.get(f"a{number}"), 5)
        assert await link.run(link.client.get(f"b{number}")) == f"B{number}".encode()
    await link.close()


async def test_a_save_that_was_cut_off_is_asked_about_and_neither_lost_nor_doubled(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    store._save_budget_ms = 40
    await told(client, "CLIENT PAUSE 120 ALL")
    with pytest.raises(StoreDown):
        await store.save(a_state(a_desk(last_bar_ms=1)), [a_ruling()], [HALTED], [])
    await client.ping()
    store._save_budget_ms = 2_000

    await store.save(None, [a_ruling()], [HALTED], [])

    assert await store.outbox.waiting() == 1
    loaded = await (await open_store()).load()
    assert loaded.desks["ETHUSDT"].last_bar_ms == 1
