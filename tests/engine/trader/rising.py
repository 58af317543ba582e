"""A rising market, and worlds that trade in it."""

from itertools import pairwise
from typing import Any

from engine.model.commands import StartTrading
from engine.model.market import Bar
from engine.params import TradingParams
from tests.engine.trader.world import HOUR, SYMBOL, World

WARMUP = 60
EAGER = TradingParams(activation_threshold=0.2, ema_slow=50, atr_mean_period=30, max_atr_fraction=0.5, max_daily_loss=1.0)


def rising(count: int, start: float = 1_000.0, step: float = 4.0, first_ms: int = HOUR) -> list[Bar]:
    """A trend upwards with a little breath in it."""
    bars, price = [], start
    for number in range(count):
        close = price + step * (1.6 if number % 3 else -0.6)
        low, high = min(price, close) - abs(step), max(price, close) + abs(step)
        bars.append(Bar(first_ms + number * HOUR, price, high, low, close, 100.0 + number % 5))
        price = close
    return bars


def a_world(**settings: Any) -> World:
    """A world that is warm and trades, before its first decision."""
    chosen: dict[str, Any] = {"params": EAGER, "warmup": WARMUP} | settings
    world = World(**chosen)
    world.wish(StartTrading)
    return world


def run(world: World, bars: list[Bar], warm: int = WARMUP) -> None:
    """Let bars happen, the first of them as history."""
    for number, (bar, following) in enumerate(pairwise(bars)):
        world.close(bar, following.open, is_history=number < warm)


def until_open(world: World) -> list[Bar]:
    """Let a rising market go on until a position is open; give the bars that are left."""
    bars = rising(200)
    for number, (bar, following) in enumerate(pairwise(bars)):
        world.close(bar, following.open, is_history=number < WARMUP)
        if world.held[SYMBOL]:
            return bars[number + 1 :]
    raise AssertionError("the market never gave an entry")


def told[T](world: World, kind: type[T]) -> list[T]:
    """All notices of a kind."""
    return [notice for notice in world.notices if isinstance(notice, kind)]
