"""A made-up market: trends, ranges, bursts of volatility and now and then a gap. The same seed gives the same bars.

Trends last long enough, and run strongly enough against their noise, that a trend follower finds something to do every
hundred bars or so, and is often wrong. What it earns here says nothing about any real market.
"""

import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from sandbox.market.candles import BadCandles, Candles, check_names
from sandbox.market.intervals import INTERVAL_MS
from sandbox.market.listing import Listing, listing_for

DEFAULT_START_MS: Final = 1_767_225_600_000  # 2026-01-01 00:00 UTC
STEPS_PER_BAR: Final = 16
MINUTE_MOVE: Final = 0.0011  # standard deviation of a quiet 1m bar's log return
GROWTH: Final = 0.42  # longer bars move more, by their length to this power
GAP_CHANCE: Final = 1 / 150
WANDER: Final = 0.7  # log distance from the usual price at which trends are turned back
UNKNOWN_PRICE: Final = 10.0
PAST: Final = 1  # names the chances of the bars before the first one


@dataclass(frozen=True, slots=True)
class Phase:
    """A stretch of bars of one temper: drift in standard deviations per bar, noise and volume as multiples of quiet ones."""

    bars: int
    drift: float
    noise: float
    volume: float


def generated_candles(
    symbol: str, interval: str, bars: int, *, seed: int = 0, start_ms: int | None = None, past: int = 0
) -> Candles:
    """Make up `bars` bars of one symbol from `start_ms` on, and `past` older ones that change nothing about them."""
    check_names(symbol, interval)
    if bars < 1 or seed < 0:
        raise BadCandles(f"a made-up market needs one bar or more and a seed of 0 or more, not {bars} and {seed}")
    step = INTERVAL_MS[interval]
    start = DEFAULT_START_MS if start_ms is None else -(-start_ms // step) * step
    seeds = (seed, zlib.crc32(symbol.encode()), step)
    columns = _columns(np.random.default_rng(seeds), symbol, step, bars)
    if past > 0:
        older = _columns(np.random.default_rng((*seeds, PAST)), symbol, step, past, leads_up=True)
        columns = tuple(np.concatenate(pair) for pair in zip(older, columns, strict=True))
    times = start + step * np.arange(-past, bars, dtype=np.int64)
    return Candles(symbol, interval, times, *columns)


def _columns(
    chance: np.random.Generator, symbol: str, step: int, bars: int, *, leads_up: bool = False
) -> tuple[npt.NDArray[np.float64], ...]:
    """Open, high, low, close and volume; the usual price is where they begin, or what they lead up to."""
    listing = listing_for(symbol, UNKNOWN_PRICE)
    spread = MINUTE_MOVE * (step / INTERVAL_MS["1m"]) ** GROWTH
    drift, noise, activity = _tempers(chance, bars, spread)
    moves = drift[:, None] * spread / STEPS_PER_BAR + chance.standard_normal((bars, STEPS_PER_BAR)) * (
        noise[:, None] * spread / np.sqrt(STEPS_PER_BAR)
    )
    gaps = np.where(chance.random(bars) < GAP_CHANCE, chance.standard_normal(bars) * 1.5 * spread * noise, 0.0)
    prices = _prices(listing, moves, gaps, leads_up=leads_up)
    return *prices, _volumes(chance, listing, step, activity, np.abs(moves.sum(axis=1)) / spread)


def _tempers(chance: np.random.Generator, bars: int, spread: float) -> tuple[npt.NDArray[np.float64], ...]:
    """Lay phases end to end; `reached` follows the expected log price and turns trends back before they run away."""
    drift, noise, activity = (np.empty(bars) for _ in range(3))
    done, reached = 0, 0.0
    while done < bars:
        for phase in _chapter(chance, reached):
            until = min(bars, done + phase.bars)
            drift[done:until], noise[done:until], activity[done:until] = phase.drift, phase.noise, phase.volume
            reached += phase.drift * spread * (until - done)
            done = until
    return drift, noise, activity


def _chapter(chance: np.random.Generator, reached: float) -> list[Phase]:
    kind = chance.random()
    side = 1.0 if chance.random() < 0.5 - 0.5 * np.clip(reached / WANDER, -1, 1) else -1.0
    if kind < 0.64:
        return _trend(chance, side)
    if kind < 0.75:  # a weak, noisy drift
        return [Phase(int(chance.integers(20, 60)), side * chance.uniform(0.08, 0.22), 1.0, 1.0)]
    if kind < 0.82:  # a burst that leads nowhere
        return [Phase(int(chance.integers(4, 9)), side * chance.uniform(0.2, 0.6), 2.4, 4.0)]
    return [Phase(int(chance.integers(20, 70)), 0.0, 0.75, 0.7)]  # a range


def _trend(chance: np.random.Generator, side: float) -> list[Phase]:
    """A trend goes on in pushes, fast and on heavy trade; what follows a push is a rest or, not seldom, a setback."""
    legs: list[Phase] = []
    for _ in range(int(chance.integers(2, 5))):
        push = Phase(int(chance.integers(3, 8)), side * chance.uniform(0.7, 1.3), 1.6, chance.uniform(3.5, 5.5))
        after = side * (chance.uniform(0.10, 0.30) if chance.random() < 0.62 else -chance.uniform(0.25, 0.55))
        legs += [push, Phase(int(chance.integers(9, 20)), after, 0.85, 0.8)]
    return legs


def _prices(
    listing: Listing, moves: npt.NDArray[np.float64], gaps: npt.NDArray[np.float64], *, leads_up: bool
) -> tuple[npt.NDArray[np.float64], ...]:
    inside = np.cumsum(moves, axis=1)
    opens = np.concatenate(([0.0], np.cumsum(inside[:-1, -1] + gaps[1:])))
    path = opens[:, None] + np.concatenate((np.zeros((len(moves), 1)), inside), axis=1)
    if leads_up:
        path -= path[-1, -1]
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
