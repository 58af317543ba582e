"""Made-up histories for the honesty benchmark: worlds in which there is nothing to find, and worlds with something planted."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from engine.adapters.rules_files import inferred_rules
from engine.backtest.history import Candles, SymbolHistory, assumed_funding
from sandbox.market.generated import generated_candles

HOUR_MS: Final = 3_600_000
FIRST_MS: Final = 1_640_995_200_000  # 2022-01-01
BARS: Final = 18_500  # 1h: a little over two years, five quarters of which are judged
QUIET: Final = 0.006  # deviation of an hour's return
RANGE_OF_WALK: Final = 1.596  # how far a random walk reaches in a bar, in its deviations
TICK: Final = 0.01
REAL: Final = Path(__file__).resolve().parents[2] / "shared" / "data" / "candles" / "BTCUSDT-1h.parquet"

type Floats = NDArray[np.float64]
type World = Callable[[int], SymbolHistory]


def walk(seed: int) -> SymbolHistory:
    """A geometric random walk of constant spread and no drift."""
    chance = np.random.default_rng([seed, 1])
    return _history(*_moves(chance, np.full(BARS, QUIET)), _volume(chance))


def bursts(seed: int) -> SymbolHistory:
    """A random walk whose spread comes and goes in waves, as real ones do; heavy trade where it is wide."""
    chance = np.random.default_rng([seed, 2])
    log_spread = np.zeros(BARS)
    shocks = chance.standard_normal(BARS) * 0.12
    for at in range(1, BARS):
        log_spread[at] = 0.985 * log_spread[at - 1] + shocks[at]
    spread = QUIET * np.exp(log_spread - log_spread.var() / 2)
    return _history(*_moves(chance, spread), _volume(chance) * np.exp(log_spread))


def shuffled(seed: int) -> SymbolHistory:
    """Real hourly bars in another order, each turned upside down or not: their shapes are real, their sequence says nothing."""
    import pyarrow.parquet

    chance = np.random.default_rng([seed, 3])
    table = pyarrow.parquet.read_table(REAL)
    open_, high, low, close = (np.log(table[name].to_numpy().astype(np.float64)) for name in ("open", "high", "low", "close"))
    picked = chance.permutation(len(open_))[:BARS]
    body, top, bottom = (close - open_)[picked], (high - open_)[picked], (low - open_)[picked]
    turn = chance.random(BARS) < 0.5
    body, top, bottom = np.where(turn, -body, body), np.where(turn, -bottom, top), np.where(turn, -top, bottom)
    return _history(body, top, bottom, table["volume"].to_numpy().astype(np.float64)[picked])


def trendless(seed: int) -> SymbolHistory:
    """The sandbox's market without its trends: how far its bars reach and what is traded in them stays, the rest is chance."""
    chance = np.random.default_rng([seed, 4])
    made = generated_candles("ETHUSDT", "1h", BARS, seed=seed)
    spread = np.log(made.high / made.low) / RANGE_OF_WALK
    return _history(*_moves(chance, spread), made.volume)


def planted(seed: int) -> SymbolHistory:
    """Trends that last for days: something to find, by settings that let profits run."""
    chance = np.random.default_rng([seed, 5])
    drift = np.zeros(BARS)
    at = 0
    while at < BARS:
        length = int(chance.integers(60, 160))
        drift[at : at + length] = chance.choice((-1.0, 1.0)) * 0.16 * QUIET
        at += length
    return _history(*_moves(chance, np.full(BARS, QUIET), drift), _volume(chance))


def _moves(chance: np.random.Generator, spread: Floats, drift: Floats | float = 0.0) -> tuple[Floats, Floats, Floats]:
    """Body, top and bottom of each bar, as log distances from its open: a path without jumps between open and close.

    Steps of some length would jump over a stop that is then filled at its level: an edge that no market has.
    """
    body = chance.standard_normal(BARS) * spread + drift - spread**2 / 2
    chances = np.log(1.0 - chance.random((2, BARS)))
    up, down = (np.sqrt(body**2 - 2 * spread**2 * one) for one in chances)
    return body, (body + up) / 2, (body - down) / 2


def _volume(chance: np.random.Generator) -> Floats:
    return 1_000.0 * np.exp(0.5 * chance.standard_normal(BARS))


def _history(body: Floats, top: Floats, bottom: Floats, volume: Floats) -> SymbolHistory:
    level = np.log(20_000.0) + np.concatenate(([0.0], np.cumsum(body)[:-1]))
    level = np.clip(level, np.log(500.0), np.log(2_000_000.0))
    prices = [np.round(np.exp(level + reach) / TICK) * TICK for reach in (np.zeros(BARS), top, bottom, body)]
    open_, high, low, close = (np.round(price, 2) for price in prices)
    times = FIRST_MS + HOUR_MS * np.arange(BARS, dtype=np.int64)
    candles = Candles("MADEUSDT", HOUR_MS, times, open_, high, low, close, np.round(volume, 3))
    rules = inferred_rules("MADEUSDT", (open_, high, low, close))
    return SymbolHistory(candles, rules, assumed_funding(int(times[0]), candles.end_ms), is_inferred=True)


EMPTY: Final[dict[str, World]] = {"walk": walk, "bursts": bursts, "shuffled": shuffled, "trendless": trendless}
