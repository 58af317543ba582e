"""What ended a run's entries before its history did: a latch, or a wallet that no longer reaches the smallest order.

The second leaves no mark in a run. It is found by asking again with more money: where that enters after the last trade, and
nothing but the size stood in the way, money is what was missing.
"""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.backtest.history import Simulation
from engine.backtest.result import Run
from engine.model.market import DAY_MS, HOUR_MS
from engine.model.orders import ExitReason
from engine.model.past import EndCause, EntriesEnded
from engine.model.signals import Code
from engine.params import TradingParams

ENOUGH: Final = Decimal(10_000)  # reaches the smallest order of every contract, and no leverage bracket's cap

type Again = Callable[[Simulation], Run]


def latched(run: Run) -> EntriesEnded | None:
    """The latch of a run, if it was set, and what set it."""
    if not run.latched_ms:
        return None
    forced = (one.trade.exit_time_ms for one in run.trades if one.trade.reason is ExitReason.LIQUIDATED)
    is_forced = run.latched_ms in forced
    return EntriesEnded(EndCause.LIQUIDATION if is_forced else EndCause.DRAWDOWN, run.latched_ms)


def ended(run: Run, simulation: Simulation, params: TradingParams, again: Again) -> EntriesEnded | None:
    """What ended a run's entries, if anything did. `again` walks the same with the same settings under other terms."""
    found = latched(run)
    if found is not None or run.left_open or not run.funnel.get(Code.BELOW_MINIMUM, 0):
        return found
    since_ms = max((one.trade.exit_time_ms for one in run.trades), default=run.begin_ms)
    free_ms = since_ms + max(DAY_MS, int(params.loss_streak_lock_hours * HOUR_MS))  # no pause of the account lasts longer
    if free_ms >= run.end_ms:
        return None
    richer = replace(simulation, wallet=max(simulation.wallet, ENOUGH), from_ms=free_ms)
    return EntriesEnded(EndCause.RAN_DRY, since_ms) if again(richer).entered else None
