"""A store that forgets what it confirmed last gets it again: closed trades once, notices rather twice than never."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_entries import RECENT_LIMIT, RECENT_S, Entries, Recent
from engine.adapters.redis_link import as_text
from engine.adapters.redis_store import RedisStore
from engine.model.machine_notices import EngineHalted
from engine.ports import StoreDown
from tests.engine.adapters.redis_stores import reopened
from tests.engine.adapters.saved_values import a_desk, a_ruling, a_state, a_trade

HALTED = EngineHalted("first", 1)
SAID = EngineHalted("position closed at its stop", 2)


async def copied(client: Redis) -> Callable[[], Awaitable[None]]:
    """What a replica has by now. Called, it takes over: what came later is lost."""
    kept = [as_text(key) for key in await client.keys("autobot:*")]
    for key in kept:
        await client.copy(key, f"replica:{key}")

    async def takes_over() -> None:
        await client.delete(*await client.keys("autobot:*"))
        for key in kept:
            await client.copy(f"replica:{key}", key)

    return takes_over


async def held(store: RedisStore) -> tuple[int, int, int]:
    """How many rulings, notices and trades."""
    return (await store.history.counts()).rulings, await store.outbox.waiting(), len(await store.trades(0))


async def test_a_fail_over_that_lost_the_last_second_costs_no_trade_and_no_notice(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk()), [], [], [])
    take_over = await copied(client)
    await store.save(a_state(a_desk(last_bar_ms=5)), [], [SAID], [a_trade()])
    await take_over()

    await store.save(a_state(a_desk(last_bar_ms=6)), [], [HALTED], [a_trade(2)])

    assert [notice for _, notice in await store.outbox.next_notices("0", 1)] == [SAID, HALTED]
    assert sorted(trade.intent_id for trade in await store.trades(0)) == sorted(t.intent_id for t in (a_trade(), a_trade(2)))


async def test_a_pulse_is_enough_to_write_again_what_was_lost_and_nothing_new_is_taken_for_it(
    open_store: Any, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.adapters.redis_store.BEAT_AFTER_S", -1)
    store = await reopened(open_store)
    await store.save(a_state(a_desk()), [], [], [])
    take_over = await copied(client)
    await store.save(None, [a_ruling()], [SAID], [a_trade()])
    await take_over()

    await store.beat()
    assert await held(store) == (0, 1, 1)

    await store.save(None, [], [SAID], [])
    assert await held(store) == (0, 2, 1)


async def test_what_was_not_lost_is_told_twice_but_kept_once(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk()), [a_ruling()], [SAID], [a_trade()])
    await client.hincrby("autobot:lock", "seq", 1)

    await store.save(a_state(a_desk(last_bar_ms=6)), [], [], [])
    await store.save(a_state(a_desk(last_bar_ms=7)), [], [], [])

    assert await held(store) == (1, 2, 1)


async def test_what_was_lost_stays_owed_until_a_write_of_it_is_confirmed(
    open_store: Any, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk()), [], [], [])
    take_over = await copied(client)
    await store.save(None, [], [SAID], [a_trade()])
    await take_over()
    apply = store._writer.apply
    calls = []

    async def away_once(*given: Any) -> None:
        calls.append(given)
        if len(calls) == 2:
            raise StoreDown("away")
        await apply(*given)

    monkeypatch.setattr(store._writer, "apply", away_once)
    with pytest.raises(StoreDown, match="away"):
        await store.save(None, [], [HALTED], [])

    await store.save(None, [], [HALTED], [])

    assert await held(store) == (0, 2, 1)


def test_only_the_last_moments_before_the_store_fell_silent_are_written_again() -> None:
    recent = Recent()
    recent.add(Entries(notices=(HALTED,)), 100.0)
    recent.add(Entries(rulings=(a_ruling(),), notices=(SAID,), trades=(a_trade(),)), 105.0)

    assert recent.before(101.0 + RECENT_S) == Entries(notices=(SAID,), trades=(a_trade(),))


def test_what_is_kept_for_a_fail_over_is_bounded() -> None:
    recent = Recent()
    for number in range(2 * RECENT_LIMIT):
        recent.add(Entries(notices=(EngineHalted(f"{number}", 1),)), 1.0)

    assert len(recent.before(1.0).notices) == RECENT_LIMIT
