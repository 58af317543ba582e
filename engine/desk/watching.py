"""An open position against the market: levels that move on closed bars, touches at any moment, reasons to leave.

The stops on the exchange are the first line. A price that stays beyond one of them while the position is still there
makes us leave at market (R6).
"""

from dataclasses import replace
from typing import Final

from engine.desk.care import is_guarded_only
from engine.desk.terms import DeskTerms
from engine.execution import exits
from engine.model.market import Bar, PriceWindow
from engine.model.messages import NOTHING, Outcome
from engine.model.orders import ExitReason, TriggerBy
from engine.model.saved import Holding, SavedDesk
from engine.model.signals import Regime
from engine.params import TradingParams

TARGET_TOUCHED: Final = 2  # as `exits.touched` says it
TOUCH_WATCH_MS: Final = 3_000  # so long a price may stay beyond stop or target before we leave ourselves
MARK_MARGIN_TICKS: Final = 2  # the mark is an estimate: it must be beyond the stop by the larger of the two
MARK_MARGIN: Final = 0.002


def trailed(holding: Holding, bar: Bar, atr: float, terms: DeskTerms) -> Holding:
    """The holding with its stop moved by one closed bar. Bars from before the entry say nothing."""
    if bar.open_time_ms < holding.plan.opened_ms:
        return holding
    return replace(holding, plan=exits.trailed(holding.plan, bar.close, atr, terms.lot, terms.params))


def closing_reason(holding: Holding, regime: Regime | None, close_ms: int, params: TradingParams) -> ExitReason | None:
    """Why a closed bar ends the position, if it does. `regime` None: the bars are too few to tell it, and it ends nothing."""
    if close_ms <= holding.plan.opened_ms:
        return None
    if regime is not None and exits.opposed(holding.plan.side, regime, params):
        return ExitReason.REGIME_CHANGE
    return ExitReason.TIME_LIMIT if exits.overdue(holding.plan, close_ms, params) else None


def touch_watched(desk: SavedDesk, seen: PriceWindow, now_ms: int) -> tuple[SavedDesk, Outcome]:
    """Note since when the price stands beyond a level; forget it when the price comes back."""
    holding = desk.holding
    if holding is None or holding.flat_seen_ms:
        return desk, NOTHING
    touch = exits.touched(holding.plan, seen)
    is_beyond = touch.kind != exits.NO_TOUCH.kind and not (touch.kind == TARGET_TOUCHED and is_guarded_only(desk))
    if is_beyond == bool(holding.touched_seen_ms):
        return desk, NOTHING
    since_ms, is_target = now_ms if is_beyond else 0, touch.kind == TARGET_TOUCHED
    desk = replace(desk, holding=replace(holding, touched_seen_ms=since_ms, is_target_touched=is_target))
    return desk, Outcome(wake_in_ms=TOUCH_WATCH_MS if is_beyond else 0)


def mark_watched(desk: SavedDesk, mark: float, terms: DeskTerms, now_ms: int) -> SavedDesk:
    """Note since when the mark has been clearly beyond the tight stop; forget it when it comes back."""
    holding = desk.holding
    if holding is None or holding.flat_seen_ms or not mark > 0.0:
        return desk
    stop, tick = holding.plan.stop, float(terms.rules.tick_size)
    is_past = holding.plan.side * (stop - mark) >= max(MARK_MARGIN_TICKS * tick, MARK_MARGIN * stop)
    if is_past == bool(holding.mark_beyond_ms):
        return desk
    return replace(desk, holding=replace(holding, mark_beyond_ms=now_ms if is_past else 0))


def reduced(holding: Holding, now_ms: int) -> Holding:
    """A part of the position was closed: what closes it is at work, and gets its time anew."""
    touched, beyond = holding.touched_seen_ms, holding.mark_beyond_ms
    if not touched and not beyond:
        return holding
    return replace(holding, touched_seen_ms=now_ms if touched else 0, mark_beyond_ms=now_ms if beyond else 0)


def is_beyond(holding: Holding, by: TriggerBy) -> bool:
    """Whether the price is beyond a level now. Last-traded prices say nothing of stops that the mark triggers."""
    return bool(holding.mark_beyond_ms or (holding.touched_seen_ms and by is TriggerBy.LAST))


def is_overstayed(holding: Holding, by: TriggerBy, now_ms: int) -> bool:
    """Whether the price has been beyond a level for too long, and the position is still there."""
    moments = (holding.mark_beyond_ms, holding.touched_seen_ms if by is TriggerBy.LAST else 0)
    return any(since_ms and now_ms - since_ms >= TOUCH_WATCH_MS for since_ms in moments)
