"""The doctor in a world of its own: a sound installation has no fault, and each fault is one line that says what to do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from bot.doctor import doctor
from sandbox.exchange.config import VenueConfig
from sandbox.exchange.venue import Venue
from sandbox.market import generate
from sandbox.telegram.server import BotApi, BotApiConfig
from tests.bot.conftest import Read

KEY, SECRET = "k" * 64, "s" * 64


@asynccontextmanager
async def a_world(tmp_path: Path, **account: Any) -> AsyncIterator[dict[str, str]]:
    """An exchange and a Bot API; gives the variables that lead there."""
    market = generate(("ETHUSDT",), "1m", bars=2, warmup=20, seed=1)
    venue, bot_api = Venue(VenueConfig(api_key=KEY, api_secret=SECRET, **account), market), BotApi(BotApiConfig())
    roots, addresses = await venue.start(), await bot_api.start()
    yield {
        "MODE": "testnet",
        "BINANCE_API_KEY": KEY,
        "BINANCE_API_SECRET": SECRET,
        "BINANCE_REST_ROOT": roots.rest,
        "BINANCE_SAPI_ROOT": roots.rest,
        "BINANCE_WS_PUBLIC_ROOT": roots.ws_public,
        "BINANCE_WS_MARKET_ROOT": roots.ws_market,
        "BINANCE_WS_PRIVATE_ROOT": roots.ws_private,
        "TELEGRAM_API_ROOT": addresses.api_root,
        "TELEGRAM_BOT_TOKEN": addresses.token,
        "TELEGRAM_OWNER_IDS": "1",
        "DATA_FOLDER": str(tmp_path / "data"),
    }
    await venue.close()
    await bot_api.close()


async def test_a_sound_installation_has_no_fault(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path) as variables:
        code = await doctor(read(**variables), said.append)

    assert code == 0, said
    assert all(line.startswith("✅") for line in said), said
    assert any("would take" in line for line in said)


async def test_each_fault_is_one_line_that_says_what_to_do(read: Read, tmp_path: Path) -> None:
    said: list[str] = []
    async with a_world(tmp_path, hedge_mode=True) as variables:
        wrong = {"SYMBOLS": "ETHUSDT,NOSUCHUSDT", "TELEGRAM_BOT_TOKEN": "123456:AAaaBBbbCCccDDddEE"}
        code = await doctor(read(**variables | wrong), said.append)

    faults = [line for line in said if line.startswith("❌")]
    assert code == 1
    assert [word in " ".join(faults) for word in ("NOSUCHUSDT", "one-way", "TELEGRAM_BOT_TOKEN")] == [True, True, True], said
    assert not any(SECRET in line for line in said)
