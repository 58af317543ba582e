"""The settings that a search tries: a grid around the present ones, drawn blindly.

Nothing here has seen a result. Only because of that one walk of a setting over all of history may serve every step of the
walk-forward: a draw that had learned from later bars could not be judged on them. Draw `n` of a seed is always the same,
on every machine, so that a draw which was lost with its worker can be made again.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engine.params import RuleWeights, TradingParams, conflict, read, tuned

DRAWS_A_BATCH: Final = 8  # settings that share their rule weights: features and votes are walked once for all of them
MOST_CHANGED: Final = 0.7  # share of the axes that the boldest draw changes
REGIMES: Final = ("bull_trend", "bear_trend")  # the others let nothing in: their weights change nothing
WEIGHTS: Final = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)


class Axis(NamedTuple):
    """One tunable and the values that are tried."""

    name: str
    values: tuple[float, ...]


def _grid(name: str, low: float, high: float, step: float) -> Axis:
    count = round((high - low) / step) + 1
    return Axis(name, tuple(round(low + step * at, 6) for at in range(count)))


OPINIONS: Final = (  # what features and votes depend on: shared within a batch
    _grid("bias_threshold", 0.1, 0.8, 0.1),
    *(Axis(f"weight.{rule}.{regime}", WEIGHTS) for regime in REGIMES for rule in RuleWeights._fields),
)
WALKED: Final = (  # what only the walk over the account depends on
    _grid("activation_threshold", 0.30, 0.90, 0.05),
    _grid("stop_atr_multiplier", 0.75, 4.0, 0.25),
    _grid("take_profit_multiplier", 0.5, 6.0, 0.5),
    _grid("adx_minimum", 20, 40, 2),
    _grid("adx_falling_from", 30, 70, 5),
    _grid("adx_falling_threshold", 0.0, 0.2, 0.025),
    _grid("stable_bars", 0, 12, 1),
    _grid("cooldown_bars", 0, 12, 1),
)
AXES: Final = (*OPINIONS, *WALKED)


class Draw(NamedTuple):
    """One setting of a search: its number (0 is the present setting) and the values of all axes, in their order."""

    number: int
    values: tuple[float, ...]


def batches_of(trials: int) -> int:
    """How many batches make at least so many trials."""
    return max(1, -(-trials // DRAWS_A_BATCH))


def batch(present: TradingParams, seed: int, number: int) -> list[Draw]:
    """The settings of one batch. The first of the first batch is the present setting."""
    opinions = _drawn(present, OPINIONS, [seed, number]) if number else _values(present, OPINIONS)
    draws = list[Draw]()
    for place in range(DRAWS_A_BATCH):
        walked = _drawn(present, WALKED, [seed, number, place]) if place else _values(present, WALKED)
        draws.append(Draw(number * DRAWS_A_BATCH + place, (*opinions, *walked)))
    return draws


def setting(present: TradingParams, values: Sequence[float]) -> TradingParams:
    """The present settings with the axes at these values."""
    for axis, value in zip(AXES, values, strict=True):
        if read(present, axis.name) != value:
            present = tuned(present, axis.name, value)
    assert not conflict(present), "no axis contradicts another"
    return present


def changes(present: TradingParams, values: Sequence[float]) -> dict[str, tuple[float, float]]:
    """What a setting changes: name -> present value, tried value."""
    pairs = ((axis.name, read(present, axis.name), value) for axis, value in zip(AXES, values, strict=True))
    return {name: (before, value) for name, before, value in pairs if before != value}


def _values(present: TradingParams, axes: Sequence[Axis]) -> tuple[float, ...]:
    return tuple(read(present, axis.name) for axis in axes)


def _drawn(present: TradingParams, axes: Sequence[Axis], seeds: list[int]) -> tuple[float, ...]:
    """Change some of the axes, few or many, and leave the others as they are."""
    chance = np.random.default_rng(seeds).random(1 + 2 * len(axes))  # plain uniforms: the same with every numpy
    boldness, picks, places = chance[0] * MOST_CHANGED, chance[1::2], chance[2::2]
    return tuple(
        axis.values[int(place * len(axis.values))] if pick < boldness else read(present, axis.name)
        for axis, pick, place in zip(axes, picks, places, strict=True)
    )


def unlatched(params: TradingParams) -> TradingParams:
    """The settings without the latch of the drawdown: it would end all entries at some moment of history, and whatever
    came later would be judged as doing nothing. A liquidation's stays, as `endings` tells: what was lost by force is no merit.
    """
    return tuned(params, "max_drawdown", 1.0)
