"""The world of one storm: venue, Bot API, Redis and the product, each a real server, with a link that can fail in between."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sandbox.exchange.config import Roots, VenueConfig
from sandbox.exchange.venue import Venue
from sandbox.market import Market, generate
from sandbox.owners_chat import OwnersChat
from sandbox.player import Player
from sandbox.telegram.config import OWNER_ID, BotApiConfig
from sandbox.telegram.server import BotApi
from sandbox.world import HOST, free_port, named
from tests.storm.processes_life import Life
from tests.storm.processes_store import OwnStore, StoreServer
from tests.storm.processes_watch import Watch
from tests.storm.proxy import Link

SYMBOLS: Final = ("ETHUSDT", "SOLUSDT", "BNBUSDT")
FOREIGN_SYMBOL: Final = "LTCUSDT"  # watched, and somebody else's order rests there
OWN_STORES: Final = 0.35
WARMUP: Final = 300
BARS: Final = 4_000
SPEED: Final = 120.0  # two bars a second
MAX_POSITIONS: Final = 3
LIMIT_SCALE: Final = 20.0  # of the venue's request limits: the market is that much faster than a real one
KEY: Final = "storm-key-5f0c2a7e9b"
SECRET: Final = "storm-secret-8d1e44b0c7a94f16"
EAGER: Final = {
    "BIAS_THRESHOLD": "0.05",
    "ACTIVATION_THRESHOLD": "0.05",
    "ADX_MINIMUM": "0",
    "ADX_CHOP_FILTER": "0",
    "STABLE_BARS": "0",
    "COOLDOWN_BARS": "0",
    "LEVERAGE": "5",
    "STOP_ATR_MULTIPLIER": "4",
    "TAKE_PROFIT_MULTIPLIER": "3",
    "MAX_POSITION_HOURS": "0.5",
    "MAX_POSITIONS": str(MAX_POSITIONS),
    "MAX_ATR_FRACTION": "1",
    "MAX_DRAWDOWN": "1",
    "MAX_DAILY_LOSS": "1",
    "MAX_LOSS_STREAK": "1000",
    "MAX_SPREAD_BPS": "1000",
    "MAX_FUNDING_RATE": "1",
}

type Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class StormWorld:
    """What stands while a storm blows."""

    seed: int
    folder: Path
    market: Market
    venue: Venue
    bot_api: BotApi
    store: StoreServer | OwnStore
    links: Mapping[str, Link]
    life: Life
    watch: Watch
    player: Player
    health_port: int
    token: str

    @property
    def account(self) -> str:
        """The account's name, which is part of every order's name."""
        return account_name(self.seed)

    async def close(self) -> None:
        """Take it all down."""
        await self.life.stop()
        self.venue.show_requests(None)
        for link in self.links.values():
            await link.close()
        await self.venue.close()
        await self.bot_api.close()
        await self.store.stop()


def has_own_store(seed: int) -> bool:
    """Whether the product of this seed's storm runs a Redis of its own, as it does where none is named."""
    return random.Random(f"store {seed}").random() < OWN_STORES


async def open_storm(seed: int, folder: Path, say: Say, *, own_store: bool) -> StormWorld:
    """Open everything but the product."""
    chance = random.Random(f"world {seed}")
    market = generate((*SYMBOLS, FOREIGN_SYMBOL), "1m", bars=BARS, warmup=WARMUP, seed=seed)
    config = VenueConfig(
        api_key=KEY,
        api_secret=SECRET,
        seed=seed,
        speed=SPEED,
        limit_scale=LIMIT_SCALE,
        fills_per_order=chance.choice((1, 1, 2, 3)),
        close_position_expires=chance.random() < 0.7,
        child_keeps_client_id=chance.random() < 0.5,
        shuffle_news=chance.random() < 0.3,
    )
    venue, bot_api = Venue(config, market), BotApi(BotApiConfig(host=HOST, strict_limits=False))
    store = OwnStore(folder / "data") if own_store else StoreServer(folder / "redis")
    roots, addresses = await venue.start(), await bot_api.start()
    await store.start()
    ports = {"venue": _port(roots.rest), "telegram": _port(addresses.api_root), "store": store.port}
    links = {name: Link(port, seed) for name, port in ports.items()}
    for link in links.values():
        await link.open()
    health_port = free_port()
    settings = product_settings(seed, links, folder / "data", health_port, addresses.token)
    life = Life(folder, settings | ({"REDIS_URL": ""} if own_store else {}))
    watch = Watch(venue.exchange, venue.desk.hub.keys, life)
    venue.show_requests(watch)
    player = Player(OwnersChat(bot_api), say)
    return StormWorld(seed, folder, market, venue, bot_api, store, links, life, watch, player, health_port, addresses.token)


def account_name(seed: int) -> str:
    """Name the account of a seed's storm."""
    return f"storm{seed}"


def product_settings(seed: int, links: Mapping[str, Link], data: Path, health_port: int, token: str) -> dict[str, str]:
    """Write the product's environment."""
    rest, sockets = f"http://{HOST}:{links['venue'].port}", f"ws://{HOST}:{links['venue'].port}"
    return {
        "MODE": "testnet",
        "ACCOUNT": account_name(seed),
        "DECISION_MODE": "auto",
        "SYMBOLS": ",".join((*SYMBOLS, FOREIGN_SYMBOL)),
        "INTERVAL": "1m",
        "WARMUP_BARS": str(WARMUP),
        "TELEGRAM_BOT_TOKEN": token,
        "TELEGRAM_OWNER_IDS": str(OWNER_ID),
        "TELEGRAM_API_ROOT": f"http://{HOST}:{links['telegram'].port}",
        "BINANCE_API_KEY": KEY,
        "BINANCE_API_SECRET": SECRET,
        **named(Roots(rest, sockets, sockets, sockets)),
        "REDIS_URL": f"redis://{HOST}:{links['store'].port}/0",
        "DATA_FOLDER": str(data.absolute()),
        "HEALTH_PORT": str(health_port),
        "GUARD_AFTER_STARTS": "0",  # it is killed on purpose, again and again
        "LANGUAGE": "en",
        **EAGER,
    }


def _port(root: str) -> int:
    return int(root.rsplit(":", 1)[1])
