"""The bars and the funding that a question is answered from: what the engine remembers, and before it what lies on disk."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.backtest.bars import gaps, merged, on_grid
from engine.backtest.funding_record import completed_funding
from engine.backtest.history import Candles, SymbolHistory
from engine.backtest.kept_bars import KeptBars
from engine.backtest.question import PastQuestion, SymbolPast
from engine.model.market import SymbolRules
from engine.model.past import NotMeasured, WhyNot


def histories(question: PastQuestion) -> Sequence[SymbolHistory]:
    """Each symbol's bars without a hole. Raises `NotMeasured`."""
    kept = KeptBars(question.folder)
    return [_history(question, kept, one) for one in question.symbols]


def _history(question: PastQuestion, kept: KeptBars, one: SymbolPast) -> SymbolHistory:
    symbol = one.rules.symbol
    candles = one.candles
    if not len(candles) or candles.open_time_ms[0] > question.needed_ms:
        candles = merged(kept.bars(symbol, question.interval_ms), candles)
    begin, end = np.searchsorted(candles.open_time_ms, (question.needed_ms, question.end_ms))
    candles = candles.part(int(begin), int(end))
    if len(candles) <= question.warmup_bars:
        raise NotMeasured(WhyNot.FEW_BARS, symbol)
    first = int(candles.open_time_ms[0])
    if gaps(candles.open_time_ms, question.interval_ms, first, question.end_ms - question.interval_ms + 1):
        raise NotMeasured(WhyNot.HOLE, symbol)
    paid = kept.funding(symbol)
    funding = completed_funding(paid.time_ms, paid.rate_e8, first, candles.end_ms).funding
    return SymbolHistory(_on_grid(candles, one.rules), one.rules, funding)


def _on_grid(candles: Candles, rules: SymbolRules) -> Candles:
    """Old prices between the ticks of today are rounded: there the exchange trades nothing any more."""
    (open_, high, low, close), _ = on_grid((candles.open, candles.high, candles.low, candles.close), rules)
    return replace(candles, open=open_, high=high, low=low, close=close)
