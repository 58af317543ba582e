"""The whole product on paper, as its own process: live prices from the sandbox, own fills, killed on the way, books exact."""

import asyncio
import json
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from engine.adapters.redis_server import reach
from sandbox.kills import Killer
from sandbox.options import KillOptions, read_market
from sandbox.owners_chat import OwnersChat
from sandbox.player import Player
from sandbox.product import Product
from sandbox.telegram.config import OWNER_ID
from sandbox.world import World, free_port, open_world

BARS = 120
KILL_AT = 60


def settings_of(world: World, folder: Path, health_port: int) -> dict[str, str]:
    """What an owner without any key would set, but for the addresses."""
    described = {name: str(value) for name, value in world.described().items() if name.isupper()}
    keyless = {name: value for name, value in described.items() if not name.startswith("BINANCE_API")}
    assert keyless["TELEGRAM_OWNER_IDS"] == str(OWNER_ID)
    return keyless | {
        "MODE": "paper",
        "WARMUP_BARS": str(world.market.warmup),
        "ACTIVATION_THRESHOLD": "0.3",
        "DATA_FOLDER": str(folder / "data"),
        "HEALTH_PORT": str(health_port),
    }


async def run_on_paper(folder: Path) -> tuple[Product, dict[str, Any]]:
    """Trade through a short market, die once, stop; return the product and the owner's export."""
    market = read_market(candles=(), symbols="", interval="", start="", bars=BARS, warmup=300, speed="max", seed=3)
    port = free_port()
    follow_url = f"http://127.0.0.1:{port}/healthz"
    world = await open_world(
        market, port=0, language="en", follow_url=follow_url, wait_for_cards=False, hold_at_bars=(KILL_AT,)
    )
    said = list[str]()
    product = Product(folder, settings_of(world, folder, port), said.append)
    killer = Killer(KillOptions(at_bars=(KILL_AT,)), world.market.bars, world.venue, product.kill, said.append)
    tasks: list[asyncio.Task[Any]] = [asyncio.create_task(product.run())]
    try:
        await Player(OwnersChat(world.bot_api), said.append).open()
        tasks.append(asyncio.create_task(killer.run()))
        await world.venue.run()
        await product.stop()
        code, text = await product.export()
        assert code == 0, said
        assert world.venue.report()["orders"] == []  # nothing of it went to the exchange
        return product, json.loads(text)
    finally:
        await product.stop()
        for task in tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await world.close()


async def read_books(folder: Path) -> dict[str, Any]:
    reached = await reach("", folder / "data" / "store")
    async with Redis.from_url(reached.url) as client:
        text = await client.get("autobot:paper")
    await reached.close()
    assert text is not None
    books: dict[str, Any] = json.loads(text)
    return books


def net_until_flat(books: dict[str, Any]) -> Decimal:
    """What the closed positions brought, from the paper exchange's own executions."""
    net = held = closed = Decimal(0)
    for fill in books["fills"]:
        net += Decimal(fill["realised"]) - Decimal(fill["fee"])
        held += Decimal(fill["quantity"]) * int(fill["side"])
        closed = net if held == 0 else closed
    return closed


@pytest.mark.timeout(120)
async def test_paper_trades_survive_a_kill_and_add_up_to_the_last_digit(tmp_path: Path) -> None:
    product, export = await run_on_paper(tmp_path)

    books = await read_books(tmp_path)
    funding = sum((Decimal(row["amount"]) for row in books["funding"]), Decimal(0))
    assert product.deaths == 1
    assert export["label"] == "PAPER"
    assert export["rulings"] == BARS
    assert len(export["trades"]) >= 2
    assert Decimal(export["totals"]["net"]) == net_until_flat(books) + funding
    assert "Traceback" not in product.log.read_text()
