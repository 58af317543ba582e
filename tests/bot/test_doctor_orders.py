"""A round with play money: in, covered, uncovered, out; judged from the exchange's own books."""

from pathlib import Path

import aiohttp

from bot.doctor_orders import orders
from engine.adapters.local_files import InstanceLock
from tests.bot.conftest import Read
from tests.bot.world import a_world


async def test_a_round_is_shown_step_by_step_and_leaves_nothing_behind(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path) as (venue, variables):
        code = await orders(read(**variables), said.append)
        books = venue.report()

    assert code == 0, said
    assert [line[0] for line in said] == ["✅"] * 4
    assert (len(books["fills"]), books["open_positions"], books["open_orders"]) == (2, [], [])


async def test_a_stop_that_the_exchange_refuses_is_told_and_the_position_is_closed(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path) as (venue, variables):
        fault = {"kind": "-2021", "path": "/fapi/v1/algoOrder", "method": "POST", "times": 99}
        async with aiohttp.ClientSession(variables["BINANCE_REST_ROOT"]) as by_hand:
            await by_hand.post("/sandbox/fault", json=fault)
        code = await orders(read(**variables), said.append)
        books = venue.report()

    assert code == 1
    assert any(line.startswith("❌ orders: the exchange refused") for line in said), said
    assert (books["open_positions"], books["open_orders"]) == ([], [])


async def test_nothing_is_sent_with_money_that_is_not_play_money_or_beside_a_trader(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path) as (venue, variables):
        on_paper = await orders(read(**variables | {"MODE": "paper"}), said.append)
        lock = InstanceLock(tmp_path / "data")
        lock.take()
        beside = await orders(read(**variables), said.append)
        lock.release()
        books = venue.report()

    assert (on_paper, beside, books["orders"]) == (1, 1, [])
    assert ["MODE=testnet" in said[0], "stop the trader" in said[1]] == [True, True]
