"""A world for the process: an exchange and a Bot API on this machine, and the variables that lead there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sandbox.exchange.config import VenueConfig
from sandbox.exchange.venue import Venue
from sandbox.market import generate
from sandbox.telegram.server import BotApi, BotApiConfig
from sandbox.world import named

KEY, SECRET = "k" * 64, "s" * 64


@asynccontextmanager
async def a_world(tmp_path: Path, **account: Any) -> AsyncIterator[tuple[Venue, dict[str, str]]]:
    """The exchange, standing still, and the product's variables."""
    market = generate(("ETHUSDT",), "1m", bars=500, warmup=50, seed=1)
    venue, bot_api = Venue(VenueConfig(api_key=KEY, api_secret=SECRET, **account), market), BotApi(BotApiConfig())
    roots, addresses = await venue.start(), await bot_api.start()
    variables = {
        "MODE": "testnet",
        "BINANCE_API_KEY": KEY,
        "BINANCE_API_SECRET": SECRET,
        **named(roots),
        "INTERVAL": "1m",
        "WARMUP_BARS": "50",
        "TELEGRAM_API_ROOT": addresses.api_root,
        "TELEGRAM_BOT_TOKEN": addresses.token,
        "TELEGRAM_OWNER_IDS": "1",
        "DATA_FOLDER": str(tmp_path / "data"),
    }
    try:
        yield venue, variables
    finally:
        await venue.close()
        await bot_api.close()
