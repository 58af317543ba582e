"""A key of another kind is named, and costs nothing: no closed trade is lost, nothing is told twice."""

from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_history import TRADE_IDS, TRADES
from engine.adapters.redis_keys import KINDS, OWNED
from engine.adapters.redis_store import RedisStore
from engine.adapters.redis_writer import LOCK
from engine.model.machine_notices import EngineHalted
from engine.ports import StoreDown
from tests.engine.adapters.redis_servers import told
from tests.engine.adapters.redis_stores import reopened
from tests.engine.adapters.saved_values import a_desk, a_ruling, a_state, a_trade, an_entry

HALTED = EngineHalted("first", 1)


async def saved_all(store: RedisStore) -> None:
    await store.save(a_state(a_desk(entry=an_entry())), [a_ruling()], [HALTED], [a_trade()])


async def test_what_we_write_is_of_the_promised_kind(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    await saved_all(store)
    await store.save_books({"wallet": "1"})

    for key in OWNED:
        assert await client.type(key) in (KINDS[key], "none"), key
    await store.check()


@pytest.mark.parametrize("key", [*OWNED, LOCK])
async def test_a_key_of_another_kind_is_named_before_the_store_is_taken(open_store: Any, client: Redis, key: str) -> None:
    store = await open_store()
    await client.delete(key)
    await told(client, f"RPUSH {key} x")

    with pytest.raises(StoreDown, match=rf"{key} in the store is a list, not a .*RENAME {key} "):
        await store.check()


@pytest.mark.parametrize("key", ["autobot:rulings", "autobot:counts", "autobot:positions", "autobot:outbox", TRADES, TRADE_IDS])
async def test_a_write_that_meets_a_key_of_another_kind_does_nothing_at_all(open_store: Any, client: Redis, key: str) -> None:
    store = await reopened(open_store)
    await client.set(key, "not ours")
    for _ in range(3):
        with pytest.raises(StoreDown, match=f"{key} in the store is a string, not a"):
            await saved_all(store)
    assert set(await client.keys("*")) == {LOCK, key}

    await client.delete(key)
    await saved_all(store)

    assert await store.trades(0) == [a_trade()]
    assert await store.outbox.waiting() == 1
    assert (await store.history.counts()).rulings == 1
