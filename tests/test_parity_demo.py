"""History is what the whole product does: one recorded market, once through the sandbox's exchange, once compiled.

The two laws of fills agree where spread and slippage are nothing: the venue fills a market order at the next open, and a
stop or target at its level or behind its gap. So everything is compared but two things. The moment inside a bar: the venue
has a path there, history knows the bar only. And what became of a bar with both stop and target inside: history judges the
stop first, the venue whichever its path meets (decisions 21). Such trades are listed, and what follows them is not compared.
Funding is nothing here: the venue pays it on a mark that lags behind the last price.
"""

import asyncio
import json
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest

from engine.backtest.history import Candles, Costs, Funding, Simulation, SymbolHistory
from engine.backtest.kernel import Walker
from engine.backtest.result import Closed, Run
from engine.model.market import INTERVAL_MS, Bracket, SymbolRules
from engine.model.signals import Side
from engine.params import TradingParams
from sandbox.exchange.config import VenueConfig
from sandbox.exchange.venue import Venue
from sandbox.market import Market
from sandbox.options import read_market
from sandbox.owners_chat import OwnersChat
from sandbox.player import Player
from sandbox.product import Product
from sandbox.telegram.config import OWNER_ID, BotApiConfig
from sandbox.telegram.server import BotApi
from sandbox.world import HOST, LIMITS_AT_MAX, free_port, make_market, named
from tests.builders import RECORDED
from tests.past import UNLIMITED

FILE: Final = RECORDED / "ETHUSDT-1h.parquet"
BARS: Final = 300
WARMUP: Final = 300
KEY: Final = "k" * 32
SETTINGS: Final[dict[str, Any]] = {"activation_threshold": 0.3, **UNLIMITED}
EXACT: Final = ("side", "entry_time_ms", "entry_price", "quantity", "reason", "exit_price", "gross", "fees", "funding", "net")


@dataclass(frozen=True, slots=True)
class Played:
    """What the product's owner has in the end, and the market and the rules that it was played with."""

    market: Market
    rules: SymbolRules
    rows: list[dict[str, Any]]
    log: str


def a_venue(market: Market, port: int) -> Venue:
    """An exchange without a spread, slippage or funding of its own, that waits for the product."""
    return Venue(
        VenueConfig(
            api_key=KEY,
            api_secret=KEY,
            speed=None,
            follow_url=f"http://{HOST}:{port}/healthz",
            limit_scale=LIMITS_AT_MAX,
            spread_bps=0.0,
            slippage_bps=0.0,
            funding_rate=Decimal(0),
        ),
        market,
    )


async def play(folder: Path) -> Played:
    """Run the product through the market as fast as it goes, and export its books."""
    market = make_market(
        read_market(candles=(str(FILE),), symbols="", interval="", start="", bars=BARS, warmup=WARMUP, speed="max", seed=0)
    )
    port = free_port()
    venue = a_venue(market, port)
    roots = named(await venue.start())
    bot_api = BotApi(BotApiConfig(host=HOST, port=0, language="en"))
    addresses = await bot_api.start()
    said = list[str]()
    settings = {
        "MODE": "testnet",
        "DECISION_MODE": "auto",
        "SYMBOLS": market.symbols[0],
        "INTERVAL": market.interval,
        "WARMUP_BARS": str(WARMUP),
        "TELEGRAM_BOT_TOKEN": addresses.token,
        "TELEGRAM_OWNER_IDS": str(OWNER_ID),
        "TELEGRAM_API_ROOT": addresses.api_root,
        "BINANCE_API_KEY": KEY,
        "BINANCE_API_SECRET": KEY,
        **roots,
        "DATA_FOLDER": str(folder / "data"),
        "HEALTH_PORT": str(port),
        **{name.upper(): str(value) for name, value in SETTINGS.items()},
    }
    product = Product(folder, settings, said.append)
    living = asyncio.create_task(product.run())
    try:
        await Player(OwnersChat(bot_api), said.append).open()
        await venue.run()
        await product.stop()
        code, text = await product.export()
        assert code == 0, said
        return Played(market, rules_of(venue, market.symbols[0]), json.loads(text)["trades"], product.log.read_text())
    finally:
        await product.stop()
        living.cancel()
        with suppress(asyncio.CancelledError):
            await living
        await venue.close()
        await bot_api.close()


def rules_of(venue: Venue, symbol: str) -> SymbolRules:
    """The venue's contract in the product's words."""
    contract = venue.exchange.contracts[symbol]
    brackets = (Bracket(float(row.cap), row.leverage, float(row.rate), float(row.amount)) for row in contract.brackets)
    return SymbolRules(
        symbol=symbol,
        tick_size=contract.tick,
        step_size=contract.step,
        min_quantity=contract.step,
        max_market_quantity=contract.quantity(contract.max_market_lots),
        min_notional=contract.min_notional,
        is_trading=True,
        brackets=tuple(brackets),
    )


def walked(played: Played) -> tuple[Run, Candles]:
    """The same bars, compiled, with the venue's costs."""
    market = played.market
    columns = zip(
        *((row.open_time_ms, row.open, row.high, row.low, row.close, row.volume) for row in market.rows[0]), strict=True
    )
    times, *prices = (np.array(column) for column in columns)
    candles = Candles(market.symbols[0], INTERVAL_MS[market.interval], times, *(price.astype(np.float64) for price in prices))
    nothing = Funding(np.array([], np.int64), np.array([], np.int64))
    # The product rules on bars that close while it runs: the first one closes after the market began.
    simulation = Simulation(costs=Costs(half_spread_ppm=0, slippage_ppm=0), warmup_bars=WARMUP, from_ms=market.start_ms + 1)
    history = SymbolHistory(candles, played.rules, nothing)
    return Walker([history], simulation).run(TradingParams(**SETTINGS)), candles


def as_row(one: Closed) -> dict[str, Any]:
    """A trade as the product exports it."""
    trade = one.trade
    assert trade.reason is not None
    money = {
        name: Decimal(getattr(trade, name))
        for name in ("entry_price", "quantity", "exit_price", "gross", "fees", "funding", "net")
    }
    return {"side": trade.side.name, "entry_time_ms": trade.entry_time_ms, "reason": trade.reason.name, **money}


def is_ambiguous(one: Closed, candles: Candles) -> bool:
    """Whether the bar that ended a trade had its target inside, too: only the path within it could tell which came first."""
    trade = one.trade
    bar = (trade.exit_time_ms - int(candles.open_time_ms[0])) // candles.interval_ms
    r = abs(trade.entry_price - trade.first_stop)
    target = float(trade.entry_price + int(trade.side) * 2 * r)
    reached = candles.high[bar] >= target if trade.side is Side.LONG else candles.low[bar] <= target
    return bool(reached) and trade.reason is not None and trade.reason.name in ("STOP_LOSS", "TRAILING_STOP")


@pytest.mark.timeout(120)
async def test_the_product_over_the_sandbox_makes_the_trades_that_history_says(tmp_path: Path) -> None:
    if not FILE.exists():
        pytest.skip(f"recorded candles {FILE.name} are not on this machine")

    played = await play(tmp_path)
    run, candles = walked(played)

    compared = 0
    for row, one in zip(played.rows, run.trades, strict=False):
        if is_ambiguous(one, candles):
            print(f"stop and target inside one bar, compared no further: {row}")
            break
        expected = as_row(one)
        got = {name: type(expected[name])(row[name]) for name in EXACT}
        assert got == {name: expected[name] for name in EXACT}
        assert row["exit_time_ms"] // candles.interval_ms == one.trade.exit_time_ms // candles.interval_ms
        compared += 1
    else:
        assert len(played.rows) == len(run.trades)
    assert compared >= 8
    assert "Traceback" not in played.log
