"""A symbol's funding over the time of a backtest: what is on record, and the usual rate where nothing is."""

from typing import NamedTuple

import numpy as np

from engine.backtest.history import Funding, Ints, assumed_funding
from engine.model.market import FUNDING_EVERY_MS, settled_ms


class Completed(NamedTuple):
    """Funding without a gap. `assumed` of the settlements are not on record."""

    funding: Funding
    assumed: int


def completed_funding(time_ms: Ints, rate_e8: Ints, first_ms: int, end_ms: int) -> Completed:
    """What is on record within a time, and assumed settlements (1 bp every 8 hours) wherever none is within 8 hours."""
    time_ms = np.array([settled_ms(one) for one in time_ms.tolist()], np.int64)
    begin, end = (int(place) for place in np.searchsorted(time_ms, (first_ms, end_ms + 1)))
    usual = assumed_funding(first_ms, end_ms)
    if not len(time_ms):
        return Completed(usual, len(usual.time_ms))
    after = np.searchsorted(time_ms, usual.time_ms)
    since = usual.time_ms - time_ms[np.maximum(after - 1, 0)]
    until = time_ms[np.minimum(after, len(time_ms) - 1)] - usual.time_ms
    is_missing = ((after == 0) | (since >= FUNDING_EVERY_MS)) & ((after == len(time_ms)) | (until >= FUNDING_EVERY_MS))
    times = np.concatenate((time_ms[begin:end], usual.time_ms[is_missing]))
    rates = np.concatenate((rate_e8[begin:end], usual.rate_e8[is_missing]))
    order = np.argsort(times, kind="stable")
    assumed = int(np.count_nonzero(is_missing))
    return Completed(Funding(times[order], rates[order], is_assumed=assumed > 0), assumed)
