"""Made-up minutes that trend, turn and spike, so that rules agree often and stops are reached: one market per seed."""

import random
from functools import lru_cache
from typing import Final

from sandbox.market.candles import Candle
from sandbox.market.market import Market
from tests.storm.loop import EPOCH_S

SYMBOLS: Final = ("ETHUSDT", "BTCUSDT")
WARMUP: Final = 60
BARS: Final = 12
MINUTE_MS: Final = 60_000
START_MS: Final = int(EPOCH_S * 1_000) // MINUTE_MS * MINUTE_MS + MINUTE_MS
KINDS: Final = 64  # different markets: made once, used again


def market_of(seed: int) -> Market:
    """The market of a seed."""
    return _made(seed % KINDS)


@lru_cache(maxsize=KINDS)
def _made(number: int) -> Market:
    rows = tuple(_rows(random.Random(number * 7 + place), 1_000.0 * (1 + 20 * place)) for place in range(len(SYMBOLS)))
    return Market(SYMBOLS, "1m", WARMUP, rows)


def _rows(chance: random.Random, price: float) -> tuple[Candle, ...]:
    """Trends of some bars with a breath in each; now and then a bar that runs far."""
    rows = list[Candle]()
    trend = chance.choice((-1, 1))
    for number in range(WARMUP + BARS):
        if chance.random() < (0.04 if number < WARMUP else 0.15):
            trend = -trend
        step = price * 0.002 * (0.5 + chance.random()) * (3.0 if number >= WARMUP and chance.random() < 0.15 else 1.0)
        close = price + trend * step * (1.6 if chance.random() < 0.7 else -0.9)
        reach = step * (0.3 + chance.random())
        high, low = max(price, close) + reach, min(price, close) - reach
        begin = START_MS + (number - WARMUP) * MINUTE_MS
        rows.append(Candle(begin, price, round(high, 2), round(low, 2), round(close, 2), round(50 + 100 * chance.random(), 3)))
        price = round(close, 2)
    return tuple(rows)
