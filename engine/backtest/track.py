"""The first walk, over one symbol's candles: what every bar looks like, and what the rules say to it, as rows.

It depends on the periods, the rules and their weights only, so that a search over everything else walks it once.
"""

from typing import Final

from engine.backtest.compiled import compiled, helper
from engine.backtest.history import Candles, Floats, Ints
from engine.backtest.records import Records
from engine.decision.bias import weigh, weights_for
from engine.decision.rules import cast_votes
from engine.features.pipeline import FeatureState, start, step
from engine.features.regime import advance, classify
from engine.model.market import Bar
from engine.model.signals import Proposal, Regime, RegimeState
from engine.params import TradingParams
from engine.risk.entry_gate import trend_of

LAST_OF_TRACK: Final = "bias_threshold"  # the last parameter that a track depends on, in the order of `TradingParams`


def key(params: TradingParams) -> tuple[object, ...]:
    """What a track depends on: two settings with the same key share it."""
    return tuple(params)[: TradingParams._fields.index(LAST_OF_TRACK) + 1]


def fill(rows: Records, found: Records, first: int, candles: Candles, params: TradingParams, *, is_whole: bool) -> int:
    """Write a row a candle and the candidates among them, whose steps count from `first`; give the number of candidates.

    Unless `is_whole`, nobody is asked about bars on which nothing can be entered.
    """
    prices = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    times, interval_ms = candles.open_time_ms, candles.interval_ms
    return int(_fill(rows, found, first, start(params), times, *prices, interval_ms, params, is_whole))


@helper
def is_trend(regime: Regime) -> bool:
    """Whether a regime lets anything in."""
    return regime == trend_of(1) or regime == trend_of(-1)


@compiled
def _fill(
    rows: Records,
    found: Records,
    first: int,
    state: FeatureState,
    open_time_ms: Ints,
    open_: Floats,
    high: Floats,
    low: Floats,
    close: Floats,
    volume: Floats,
    interval_ms: int,
    params: TradingParams,
    is_whole: bool,
) -> int:
    candidates = 0
    regime = RegimeState(Regime.RANGE, 0)
    number = open_time_ms[0] // interval_ms
    for at in range(len(open_time_ms)):
        bar = Bar(open_time_ms[at], open_[at], high[at], low[at], close[at], volume[at])
        state, features = step(state, bar, number + at, params)
        regime = advance(regime, classify(features, params))
        row = rows[at]
        row.open, row.high, row.low, row.close = bar.open, bar.high, bar.low, bar.close
        row.atr, row.adx = features.atr, features.adx
        row.regime, row.age = regime.regime.value, regime.age
        if is_whole or is_trend(regime.regime):
            opinion = weigh(cast_votes(features, params), weights_for(regime.regime, params), params)
            row.confidence, row.side = opinion.confidence, opinion.proposal.value
            if row.side != 0 and trend_of(row.side) == regime.regime:
                candidate = found[candidates]
                candidate.step, candidate.confidence = first + at, row.confidence
                candidate.adx, candidate.adx_before, candidate.age = features.adx, features.adx_before, regime.age
                candidate.regime, candidate.side = row.regime, row.side
                candidates += 1
        else:
            row.confidence, row.side = 0.0, Proposal.NEUTRAL.value
    return candidates
