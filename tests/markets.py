"""Markets made up for history: on a grid, seeded, with everything that real candles do seldom and that hurts.

Gaps far beyond stop, target and liquidation price, bars without a range, hours without a trade, trends that break.
"""

import math
import random
from dataclasses import replace
from typing import Any, Final

import numpy as np

from engine.backtest.bars import of_bars
from engine.backtest.history import Candles, Funding, SymbolHistory, assumed_funding
from engine.model.market import INTERVAL_MS, Bar
from engine.params import TradingParams
from tests import builders
from tests.chances import random_params

TICKS: Final = 100  # of a tick size of 0.01 in one
FIRST_MS: Final = builders.START_MS


def made_up(seed: int, count: int, *, symbol: str = "ETHUSDT", interval: str = "1h", first: int = 0) -> SymbolHistory:
    """A symbol's history of so many bars, beginning `first` bars late."""
    interval_ms = INTERVAL_MS[interval]
    bars = rough_bars(random.Random(seed), count, FIRST_MS // interval_ms * interval_ms + first * interval_ms, interval_ms)
    candles = of_bars(symbol, interval_ms, bars)
    return SymbolHistory(candles, builders.rules(symbol=symbol), made_up_funding(seed, candles))


def rough_bars(chance: random.Random, count: int, begin_ms: int, interval_ms: int) -> list[Bar]:
    """Bars on a grid of 0.01. Drifts last some dozens of bars, so that rules and regimes have something to say."""
    bars, last, drift = list[Bar](), chance.choice((30.0, 2_000.0, 60_000.0)), 0.0
    swing = chance.choice((0.002, 0.006, 0.015))
    for number in range(count):
        if chance.random() < 0.04:
            drift = chance.gauss(0.0, swing)
        opened = last * math.exp(_gap(chance, swing))
        closed = opened * math.exp(chance.gauss(drift, swing))
        high = max(opened, closed) * (1 + abs(chance.gauss(0, swing)))
        low = min(opened, closed) * (1 - min(0.5, abs(chance.gauss(0, swing))))
        if chance.random() < 0.03:  # nothing moved
            closed = high = low = opened
        opened, high, low, closed = (max(0.05, round(price * TICKS) / TICKS) for price in (opened, high, low, closed))
        volume = 0.0 if chance.random() < 0.01 else 1_000 * math.exp(chance.gauss(0, 0.9))
        bars.append(Bar(begin_ms + number * interval_ms, opened, high, low, closed, volume))
        last = min(max(closed, 5.0), 500_000.0)
    return bars


def _gap(chance: random.Random, swing: float) -> float:
    """Mostly none: a future trades around the clock. Now and then one that jumps over every level there is."""
    roll = chance.random()
    if roll < 0.9:
        return 0.0
    return chance.gauss(0.0, swing) if roll < 0.985 else chance.choice((-1, 1)) * chance.uniform(4, 20) * swing


def made_up_funding(seed: int, candles: Candles) -> Funding:
    """Settlements with rates of both signs, zeros and extremes among them."""
    chance, assumed = random.Random(seed), assumed_funding(int(candles.open_time_ms[0]), candles.end_ms)
    rates = [chance.choice((0, 0, 10_000, -10_000, chance.randint(-300_000, 300_000))) for _ in assumed.time_ms]
    return replace(assumed, rate_e8=np.array(rates, np.int64), is_assumed=False)


def eager_params(chance: random.Random, **given: Any) -> TradingParams:
    """Settings from the whole range that enter often, so that short histories have many trades."""
    drawn = {
        "activation_threshold": chance.choice((0.05, 0.2, 0.4)),
        "bias_threshold": chance.uniform(0.0, 0.4),
        "adx_minimum": chance.uniform(0.0, 25.0),
        "regime_adx": chance.uniform(0.0, 20.0),
        "stable_bars": chance.randint(0, 3),
        "cooldown_bars": chance.randint(0, 4),
        "stop_atr_multiplier": chance.choice((0.2, 0.5, 1.0, 1.5, 3.0)),
        "take_profit_multiplier": chance.choice((0.5, 1.0, 2.0, 5.0)),
        "max_atr_fraction": chance.choice((0.05, 0.2)),
        "max_position_hours": chance.choice((2.0, 6.0, 24.0, 48.0)),
        "leverage": chance.choice((1, 5, 10, 20, 50, 100)),
        "max_position_value_ratio": chance.choice((0.05, 0.1, 0.5, 1.0)),
        "max_positions": chance.randint(1, 3),
        "max_drawdown": chance.choice((0.02, 0.1, 1.0, 1.0)),
        "max_daily_loss": chance.choice((0.01, 0.05, 1.0, 1.0)),
        "max_loss_streak": chance.choice((1, 2, 4, 1000, 1000)),
        "loss_streak_lock_hours": chance.choice((1.0, 12.0)),
    }
    return random_params(chance)._replace(**{**drawn, **given})
