"""What cannot be read: said in words, set aside, and done without; each mode and account keeps its own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_link import RedisLink
from engine.adapters.redis_server import EmbeddedServer
from engine.adapters.redis_store import RedisStore
from engine.model.machine_notices import EngineHalted
from engine.model.saved import SavedAccount
from engine.ports import StateDamaged, StateUnreadable, StoreDown
from tests.engine.adapters.redis_servers import HandClock
from tests.engine.adapters.redis_stores import reopened
from tests.engine.adapters.saved_values import NAMESPACE, a_desk, a_ruling, a_state, a_trade, an_entry

HALTED = EngineHalted("first", 1)


# --- when the store is slow, gone, emptied, forbidden ----------------------------------------------------------------


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

    assert (await store.load()).desks == {"BTCUSDT": a_desk("BTCUSDT")}
    assert await client.get(aside) == '{"symbol":"ETHUSDT","sides":9'
    assert not await client.hexists("autobot:positions", "ETHUSDT")


@pytest.mark.parametrize("key", ["autobot:positions", "autobot:orders"])
async def test_a_damaged_name_is_set_aside_like_a_damaged_text(open_store: Any, client: Redis, key: str) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.hset(key, b"BTC\xd5SDT", b"{}")
    store = await open_store()

    with pytest.raises(StateDamaged, match=rf"{key} BTC\\udcd5SDT is damaged"):
        await store.load()

    assert (await store.load()).desks == {"ETHUSDT": a_desk()}
    assert not await client.hexists(key, b"BTC\xd5SDT")


async def test_an_entry_under_another_symbols_name_is_damaged(open_store: Any, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk(entry=an_entry())), [], [], [])
    await client.hset("autobot:orders", b"ETH\xd5SDT", str(await client.hget("autobot:orders", "ETHUSDT")))

    with pytest.raises(StateDamaged, match=r"autobot:orders ETH\\udcd5SDT is damaged .it is of ETHUSDT") as damaged:
        await (await open_store()).load()

    assert str(damaged.value).encode()


async def test_a_desk_under_another_symbols_name_is_damaged(open_store: Any, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.hset("autobot:positions", "BTCUSDT", str(await client.hget("autobot:positions", "ETHUSDT")))

    with pytest.raises(StateDamaged, match=r"autobot:positions BTCUSDT is damaged .it is of ETHUSDT"):
        await (await open_store()).load()


@pytest.mark.parametrize("field", ["epoch", "seq", "holder", "batch"])
async def test_a_damaged_lock_is_taken_all_the_same(open_store: Any, client: Redis, field: str) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.hset("autobot:lock", field, b"1\xb2")

    store = await open_store()

    assert await store.load() == a_state(a_desk())
    await store.save(a_state(a_desk("BTCUSDT")), [], [], [])
    assert (await store.load()).desks == {"BTCUSDT": a_desk("BTCUSDT")}


@pytest.mark.parametrize("count", [b"12\xb2", b"023", b"-0", b"9" * 20, b"9223372036854775807", b"1.5", b""])
async def test_a_damaged_count_begins_anew_and_keeps_no_save_from_going_through(
    open_store: Any, client: Redis, count: bytes
) -> None:
    store = await reopened(open_store)
    await client.hset("autobot:counts", "rulings", count)

    await store.save(a_state(a_desk()), [a_ruling()], [HALTED], [a_trade(1)])

    assert (await store.history.counts()).rulings == 1
    assert await store.trades(0) == [a_trade(1)]


async def test_a_damaged_moment_of_a_trade_hides_no_other_trade(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    await store.save(a_state(a_desk()), [], [], [a_trade(1)])
    await client.xadd("autobot:trades", {b"exit_ms": b"12\xb2", b"trade": b"{}"})

    assert await store.trades(0) == [a_trade(1)]


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


@pytest.mark.parametrize("key", ["autobot:state", "autobot:params"])
@pytest.mark.parametrize("is_foreign", [False, True], ids=["gone", "of another type"])
async def test_what_every_state_has_is_damaged_where_it_is_gone_beside_positions(
    open_store: Any, client: Redis, key: str, is_foreign: bool
) -> None:
    saved = a_state(a_desk())
    await (await reopened(open_store)).save(saved, [], [], [])
    await client.delete(key)
    if is_foreign:
        await client.hset(key, "a", "b")
    store = await open_store()

    with pytest.raises(StateDamaged, match=f"{key} is damaged .it is gone, or of another type"):
        await store.load()

    loaded = await store.load()
    assert loaded == replace(saved, **({"account": SavedAccount()} if key == "autobot:state" else {"overrides": ()}))
    await store.save(saved, [], [], [])
    assert await (await open_store()).load() == saved


async def test_what_is_gone_is_told_to_every_process_until_it_is_saved_again(open_store: Any, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.delete("autobot:params")

    for _ in range(2):
        with pytest.raises(StateDamaged):
            await (await open_store()).load()


@pytest.mark.parametrize("key", ["autobot:state", "autobot:positions"])
async def test_damage_that_was_only_told_is_there_for_the_next_process(open_store: Any, client: Redis, key: str) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.set(key, "?") if key == "autobot:state" else await client.hset(key, "ETHUSDT", "?")

    for _ in range(2):
        with pytest.raises(StateDamaged, match=f"{key}.* is damaged"):
            await (await open_store()).load()


async def test_books_that_are_saved_do_not_make_the_same_damage_new(open_store: Any, client: Redis) -> None:
    await (await reopened(open_store)).save(a_state(a_desk()), [], [], [])
    await client.delete("autobot:state")
    store = await open_store()
    with pytest.raises(StateDamaged):
        await store.load()
    await store.load()

    await store.save_books({"wallet": "1000"})

    assert (await store.load()).account == SavedAccount()


async def test_a_text_that_is_damaged_again_is_told_again(open_store: Any, client: Redis) -> None:
    store = await reopened(open_store)
    for _ in range(2):
        await store.save(a_state(a_desk(), a_desk("BTCUSDT")), [], [], [])
        await client.hset("autobot:positions", "ETHUSDT", "?")
        with pytest.raises(StateDamaged):
            await store.load()
        await store.load()


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
