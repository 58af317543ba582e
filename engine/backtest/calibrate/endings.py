"""What ended the entries of the settings that a search judges: later steps then count nothing, which must not look like calm.

The drawdown's latch is lifted in a search; a liquidation still sets the latch, and a wallet may still run dry.
"""

from typing import NamedTuple

from engine.backtest.calibrate import space
from engine.backtest.calibrate.plan import Plan
from engine.backtest.calibrate.verdict import Result
from engine.backtest.endings import ended
from engine.backtest.kernel import Walker
from engine.model.past import EntriesEnded
from engine.params import TradingParams


class Endings(NamedTuple):
    """Of the present setting, and the earliest of those that were chosen at a step or in the end; None = it traded on."""

    present: EntriesEnded | None
    chosen: EntriesEnded | None


def endings(walker: Walker, plan: Plan, found: Result) -> Endings:
    """Walk what was judged once more, this time looking at why it stopped."""
    draws = plan.draws()
    chosen = sorted({found.row, *(one.row for one in found.judged)} - {0})
    ends = (ending(walker, space.setting(plan.present, draws[row].values)) for row in chosen)
    earliest = min((end for end in ends if end is not None), key=lambda end: end.time_ms, default=None)
    return Endings(ending(walker, plan.present), earliest)


def ending(walker: Walker, params: TradingParams) -> EntriesEnded | None:
    """What ended the entries of one setting."""
    return ended(walker.run(params), walker.simulation, params, lambda terms: Walker(walker.histories, terms).run(params))
