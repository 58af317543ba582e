"""What the storm of processes is made of: draws by seed, hands at the exchange, the journal's point, a life, a store."""

import asyncio
import random
import sys
from pathlib import Path

from engine.execution.ids import client_id, intent_id
from engine.model.orders import Role
from sandbox.exchange.venue import Venue
from tests.sandbox.exchange.builders import a_config, a_market
from tests.storm.processes_draws import Meanwhile, Moment, Point, draw
from tests.storm.processes_hands import Hands
from tests.storm.processes_journal import journal_tap
from tests.storm.processes_life import Life
from tests.storm.processes_store import StoreServer
from tests.storm.processes_watch import Aim

SYMBOL = "ETHUSDT"
ENTRY = client_id(Role.ENTRY, intent_id("testnet-storm1", SYMBOL, "bar:1:1"), 0)


def a_venue() -> Venue:
    return Venue(a_config(), a_market(bars=10))


def an_aim(moment: Moment) -> tuple[Aim, list[str]]:
    struck: list[str] = []
    return Aim(Point.JOURNAL, moment, 0.0, lambda: struck.append("struck")), struck


def test_a_seed_is_a_storm() -> None:
    first, again = ([draw(number, random.Random("storm 1")) for number in range(50)] for _ in range(2))

    assert first == again


def test_every_point_and_every_hand_is_drawn_sooner_or_later() -> None:
    chance = random.Random(1)
    drawn = [draw(number, chance) for number in range(2_000)]

    assert {blow.point for blow in drawn} == set(Point)
    assert {blow.meanwhile for blow in drawn} == set(Meanwhile)
    assert {blow.moment for blow in drawn} == set(Moment)
    assert all(1.0 <= blow.pause_s <= 40.0 for blow in drawn if blow.pause_s)


def test_a_hand_reduces_closes_and_cancels_what_is_held_and_touches_nothing_where_all_is_flat() -> None:
    venue = a_venue()
    hands, exchange = Hands(venue, random.Random(1)), venue.exchange
    assert hands.do(Meanwhile.CLOSED) == ""
    hands._order(SYMBOL, side="BUY", quantity="1", type="MARKET")
    held = exchange.position(SYMBOL).lots

    assert hands.do(Meanwhile.REDUCED) == SYMBOL
    assert 0 < exchange.position(SYMBOL).lots < held
    hands.do(Meanwhile.CLOSED)

    assert exchange.position(SYMBOL).lots == 0


def test_the_price_jumps_against_the_position_with_the_next_bar_and_stays_there() -> None:
    venue = a_venue()
    hands, bars = Hands(venue, random.Random(1)), venue.exchange.bars[SYMBOL]
    hands._order(SYMBOL, side="BUY", quantity="1", type="MARKET")
    before = bars.klines

    hands.do(Meanwhile.GAP)

    known = bars.closed + 1
    assert bars.klines[:known] == before[:known]
    assert all(now.close < was.close * 0.98 for now, was in zip(bars.klines[known:], before[known:], strict=True))


def test_a_foreign_order_rests_under_a_name_that_is_not_ours() -> None:
    venue = a_venue()

    name = Hands(venue, random.Random(1)).rest(SYMBOL)

    order = venue.exchange.orders.find(None, name)
    assert order is not None
    assert order.is_open
    assert not name.startswith("ab")


def test_the_journals_point_is_the_first_write_with_an_entry_that_the_exchange_does_not_know() -> None:
    aim, struck = an_aim(Moment.BEFORE)
    tap = journal_tap(aim, lambda name: False)

    assert tap(b"PING")
    assert struck == []
    assert not tap(f'..."client_id":"{ENTRY}"...'.encode())
    assert struck == ["struck"]
    assert tap(f'..."client_id":"{ENTRY}"...'.encode())


def test_the_journals_point_after_the_write_lets_it_pass_and_a_known_entry_is_none() -> None:
    aim, struck = an_aim(Moment.AFTER)

    assert journal_tap(aim, lambda name: True)(ENTRY.encode())
    assert struck == []
    assert journal_tap(aim, lambda name: False)(ENTRY.encode())
    assert struck == ["struck"]


async def test_a_life_that_was_killed_begins_again_and_every_life_is_remembered(tmp_path: Path) -> None:
    life = Life(tmp_path, {}, (sys.executable, "-c", "import time; time.sleep(60)"))
    keeping = asyncio.create_task(life.keep())
    await _lives(life, 1)

    assert life.kill()
    await _lives(life, 2)
    await life.stop()
    await keeping

    assert [one.code for one in life.lives] == [-9, -9]


async def test_a_store_that_died_comes_back_with_what_it_had_acknowledged_but_for_a_torn_tail(tmp_path: Path) -> None:
    store = StoreServer(tmp_path)
    await store.start()
    try:
        for number in range(200):
            assert await store.asked(f"SET key{number} value".encode()) == b"+OK"
        await store.die(0.0, None)
        assert await store.asked(b"DBSIZE") == b":200"

        await store.die(0.0, random.Random(1))

        left = int((await store.asked(b"DBSIZE")).removeprefix(b":"))
        assert left < 200
    finally:
        await store.stop()


async def _lives(life: Life, count: int) -> None:
    async with asyncio.timeout(20):
        while len(life.lives) < count or life.now is None:  # noqa: ASYNC110  # another process starts
            await asyncio.sleep(0.01)
