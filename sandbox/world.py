"""The world that the product is put into: a market, a venue and a Bot API in this process, and the product's settings.

Everything listens on loopback. The product learns of it by its environment alone.
"""

import errno
import secrets
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sandbox.exchange.config import Roots, VenueConfig
from sandbox.exchange.venue import Venue
from sandbox.market import Market, from_candles, generate, read_candles
from sandbox.market.intervals import DAY_MS, INTERVAL_MS
from sandbox.options import DEFAULT_BARS, BadOption, DemoOptions, MarketOptions
from sandbox.telegram.config import OWNER_ID, Addresses, BotApiConfig
from sandbox.telegram.server import BotApi

HOST: Final = "127.0.0.1"
PAST_DAYS: Final = 90  # as far as `/backtest` looks unless it is told otherwise
LIMITS_AT_MAX: Final = 200.0  # hours of market, and so of requests, fit into a minute of the wire


@dataclass(frozen=True, slots=True)
class World:
    """What stands when the world is open."""

    market: Market
    venue: Venue
    roots: Roots
    bot_api: BotApi
    addresses: Addresses
    api_key: str
    api_secret: str

    def described(self) -> dict[str, Any]:
        """Say everything that another client needs, under the names of the product's settings."""
        return {
            "BINANCE_API_KEY": self.api_key,
            "BINANCE_API_SECRET": self.api_secret,
            **self.venue_roots(),
            "TELEGRAM_API_ROOT": self.addresses.api_root,
            "TELEGRAM_BOT_TOKEN": self.addresses.token,
            "TELEGRAM_OWNER_IDS": str(OWNER_ID),
            "SYMBOLS": ",".join(self.market.symbols),
            "INTERVAL": self.market.interval,
            "chat_page": self.addresses.chat_url,
        }

    def venue_roots(self) -> dict[str, str]:
        """Give the venue's addresses under the names of the product's settings."""
        return named(self.roots)

    async def close(self) -> None:
        """Take it down."""
        await self.venue.close()
        await self.bot_api.close()


def named(roots: Roots) -> dict[str, str]:
    """Give a venue's addresses under the names of the product's settings."""
    return {
        "BINANCE_REST_ROOT": roots.rest,
        "BINANCE_SAPI_ROOT": roots.rest,
        "BINANCE_WS_PUBLIC_ROOT": roots.ws_public,
        "BINANCE_WS_MARKET_ROOT": roots.ws_market,
        "BINANCE_WS_PRIVATE_ROOT": roots.ws_private,
    }


def make_market(options: MarketOptions) -> Market:
    """Read or make up the market. Raises `BadCandles`."""
    if not options.candles:
        return generate(
            options.symbols,
            options.interval,
            bars=options.bars or DEFAULT_BARS,
            warmup=options.warmup,
            seed=options.seed,
            start_ms=options.start_ms,
            past=PAST_DAYS * DAY_MS // INTERVAL_MS[options.interval],
        )
    names = options.symbols or ("",) * len(options.candles)
    read = [read_candles(file, name, options.interval) for file, name in zip(options.candles, names, strict=True)]
    past = PAST_DAYS * DAY_MS // read[0].interval_ms
    return from_candles(read, warmup=options.warmup, start_ms=options.start_ms, bars=options.bars, past=past)


async def open_world(
    options: MarketOptions,
    *,
    port: int,
    language: str,
    follow_url: str,
    wait_for_cards: bool,
    hold_at_bars: tuple[int, ...] = (),
) -> World:
    """Open venue and Bot API. Raises `BadCandles`, or `BadOption` where the port is taken."""
    check_port(port)
    market = make_market(options)
    key, secret = secrets.token_hex(16), secrets.token_hex(32)
    config = VenueConfig(
        api_key=key,
        api_secret=secret,
        seed=options.seed,
        speed=options.speed,
        follow_url=follow_url,
        wait_for_cards=wait_for_cards,
        hold_at_bars=hold_at_bars,
        limit_scale=LIMITS_AT_MAX if options.speed is None else 1.0,
    )
    bot_api = BotApi(BotApiConfig(host=HOST, port=port, language=language))
    addresses = await bot_api.start()
    venue = Venue(config, market)
    return World(market, venue, await venue.start(), bot_api, addresses, key, secret)


def product_settings(world: World, options: DemoOptions, folder: Path, health_port: int) -> Mapping[str, str]:
    """Write the product's environment."""
    return {
        "MODE": "testnet",
        "DECISION_MODE": options.mode,
        "SYMBOLS": ",".join(world.market.symbols),
        "INTERVAL": world.market.interval,
        "WARMUP_BARS": str(world.market.warmup),
        "TELEGRAM_BOT_TOKEN": world.addresses.token,
        "TELEGRAM_OWNER_IDS": str(OWNER_ID),
        "TELEGRAM_API_ROOT": world.addresses.api_root,
        "BINANCE_API_KEY": world.api_key,
        "BINANCE_API_SECRET": world.api_secret,
        **world.venue_roots(),
        "DATA_FOLDER": str(folder.absolute() / "data"),
        "HEALTH_PORT": str(health_port),
        "GUARD_AFTER_STARTS": "0",  # it is killed on purpose, again and again
        "LANGUAGE": options.language,
        **{name.replace(".", "_").upper(): value for name, value in options.settings},
    }


def check_port(port: int) -> None:
    """Refuse a port that somebody listens on, before anything is started."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
            raise BadOption(f"port {port} of {HOST} {reason}; choose another one with --port") from None


def free_port() -> int:
    """Give a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
