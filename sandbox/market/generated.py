"""A made-up market: trends, ranges, bursts of volatility and now and then a gap. The same seed gives the same bars.

Trends last long enough, and run strongly enough against their noise, that a trend follower finds something to do.
"""

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sandbox.market.candles import Candles
from sandbox.market.intervals import INTERVAL_MS
from sandbox.market.listing import Listing, listing_for

DEFAULT_START_MS: Final = 1_767_225_600_000  # 2026-01-01 00:00 UTC
STEPS_PER_BAR: Final = 16
MINUTE_MOVE: Final = 0.0011  # standard deviation of a quiet 1m bar's log return
GROWTH: Final = 0.42  # longer bars move more, by their length to this power
GAP_CHANCE: Final = 1 / 150
WANDER: Final = 0.7  # log distance from the usual price at which trends are turned back
UNKNOWN_PRICE: Final = 10.0


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of bars of one temper: drift in standard deviations per bar, noise and volume as multiples of quiet ones."""

    bars: int
    drift: float
    noise: float
    volume: float


def generated_candles(symbol: str, interval: str, bars: int, *, seed: int = 0, start_ms: int | None = None) -> Candles:
    """Make up `bars` bars of one symbol."""
    step = INTERVAL_MS[interval]
    start = DEFAULT_START_MS if start_ms is None else -(-start_ms // step) * step
    chance = np.random.default_rng([seed, zlib.crc32(symbol.encode()), step])
    listing = listing_for(symbol, UNKNOWN_PRICE)
    spread = MINUTE_MOVE * (step / INTERVAL_MS["1m"]) ** GROWTH
    drift, noise, activity = _tempers(chance, bars, spread)
    moves = drift[:, None] * spread / STEPS_PER_BAR + chance.standard_normal((bars, STEPS_PER_BAR)) * (
        noise[:, None] * spread / np.sqrt(STEPS_PER_BAR)
    )
    gaps = np.where(chance.random(bars) < GAP_CHANCE, chance.standard_normal(bars) * 1.5 * spread * noise, 0.0)
    opens, highs, lows, closes = _prices(listing, moves, gaps)
    volume = _volumes(chance, listing, step, activity, np.abs(moves.sum(axis=1)) / spread)
    times = start + step * np.arange(bars, dtype=np.int64)
    return Candles(symbol, interval, times, opens, highs, lows, closes, volume)


def _tempers(chance: np.random.Generator, bars: int, spread: float) -> tuple[npt.NDArray[np.float64], ...]:
    """Lay phases end to end; `reached` follows the expected log price and turns trends back before they run away."""
    drift, noise, activity = (np.empty(bars) for _ in range(3))
    done, reached = 0, 0.0
    while done < bars:
        phase = _phase(chance, reached)
        until = min(bars, done + phase.bars)
        drift[done:until], noise[done:until], activity[done:until] = phase.drift, phase.noise, phase.volume
        reached += phase.drift * spread * (until - done)
        done = until
    return drift, noise, activity


def _phase(chance: np.random.Generator, reached: float) -> Phase:
    kind = chance.random()
    side = 1.0 if chance.random() < 0.5 - 0.5 * np.clip(reached / WANDER, -1, 1) else -1.0
    if kind < 0.30:  # a strong, steady trend
        return Phase(int(chance.integers(40, 110)), side * chance.uniform(0.30, 0.55), 0.9, 1.4)
    if kind < 0.55:  # a weak, noisy one
        return Phase(int(chance.integers(30, 90)), side * chance.uniform(0.08, 0.22), 1.0, 1.0)
    if kind < 0.67:  # a burst: a fast move on heavy trade
        return Phase(int(chance.integers(5, 14)), side * chance.uniform(0.5, 1.1), 2.4, 4.0)
    return Phase(int(chance.integers(30, 120)), 0.0, 0.75, 0.7)  # a range


def _prices(
    listing: Listing, moves: npt.NDArray[np.float64], gaps: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], ...]:
    inside = np.cumsum(moves, axis=1)
    opens = np.concatenate(([0.0], np.cumsum(inside[:-1, -1] + gaps[1:])))
    path = opens[:, None] + np.concatenate((np.zeros((len(moves), 1)), inside), axis=1)
    tick = float(listing.tick)
    digits = max(0, -int(listing.tick.normalize().as_tuple().exponent))
    ticks = np.maximum(np.round(listing.usual_price * np.exp(path) / tick), 1.0)
    columns = (ticks[:, 0], ticks.max(axis=1), ticks.min(axis=1), ticks[:, -1])
    return tuple(np.round(column * tick, digits) for column in columns)


def _volumes(
    chance: np.random.Generator,
    listing: Listing,
    step_ms: int,
    activity: npt.NDArray[np.float64],
    stretch: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    usual = listing.bar_volume * step_ms / INTERVAL_MS["1m"]
    volume = usual * activity * (0.6 + 0.5 * stretch) * np.exp(0.35 * chance.standard_normal(len(activity)))
    lots = np.maximum(np.round(volume / float(listing.step)), 1.0)
    digits = max(0, -int(listing.step.normalize().as_tuple().exponent))
    rounded: npt.NDArray[np.float64] = np.round(lots * float(listing.step), digits)
    return rounded
