"""A position in a compiled walk: its plan, the account's equity, and what becomes of it. Prices and money by `fills`."""

import numpy as np

from engine.backtest.compiled import helper, inlined
from engine.backtest.records import FLAT, HELD, LEAVING, Record, Records
from engine.execution.exits import first_plan
from engine.execution.fills import UNITS, fee, forced_fee, forced_ticks, gain, margin, quoted, worse_ticks, worth
from engine.model.grid import nearest_ticks, price_at, quantity_of
from engine.model.orders import ExitPlan, ExitReason
from engine.risk.position_size import bracket_for, liquidation_price
from engine.state.latch import drawn_down
from engine.state.streak import after, locked_until


@inlined
def plan_with(place: Record, stop: float) -> ExitPlan:
    """The exit plan of a held position, with a stop of the caller's."""
    return ExitPlan(
        place.side,
        place.entry,
        place.risk_distance,
        stop,
        place.target,
        place.wide_stop,
        place.best_close,
        place.opened_ms,
    )


@helper
def keep_plan(place: Record, plan: ExitPlan) -> None:
    """Write a plan into its position."""
    place.entry, place.risk_distance, place.opened_ms = plan.entry, plan.risk_distance, plan.opened_ms
    place.stop, place.target = plan.stop, plan.target
    place.wide_stop, place.best_close = plan.wide_stop, plan.best_close


@helper
def rest_stop(place: Record, price: float) -> None:
    """Let the plan's stop rest at the exchange; where the price is at it or beyond, it is refused and we leave ourselves."""
    if place.side * (price - place.stop) > 0.0:
        place.resting_stop = place.stop
    elif place.resting_stop != place.stop:
        place.stage, place.reason = LEAVING, stop_reason_of(place)


@helper
def stop_reason_of(place: Record) -> int:
    """What leaving at the stop is called: one that has left its first place was trailing."""
    return ExitReason.TRAILING_STOP.value if place.stop != place.first_stop else ExitReason.STOP_LOSS.value


@helper
def equity(account: Record, places: Records, symbols: Records) -> float:
    """Wallet and open results, by the newest marks."""
    total: float = account.wallet / UNITS
    if account.open > 0:
        for at in range(len(places)):
            place, lot = places[at], symbols[at]
            if place.stage >= HELD:
                paid = price_at(place.entry_ticks, lot)
                total += place.side * (place.mark - paid) * quantity_of(place.lots, lot)
    return total


@helper
def watch(account: Record, places: Records, symbols: Records, time_ms: int, params: Record) -> None:
    """Follow equity: a new peak is noted, a breach of the drawdown sets the latch."""
    now = equity(account, places, symbols)
    if now > account.peak:
        account.peak = now
        return
    fall = (account.peak - now) / account.peak if account.peak > 0.0 else 0.0
    if fall > account.drawdown:
        account.drawdown = fall
        if account.latched_ms == 0 and drawn_down(now, account.peak, params.max_drawdown) > 0.0:
            account.latched_ms = time_ms


@helper
def entered(
    place: Record, account: Record, lot: Record, brackets: Records, terms: Record, params: Record, time_ms: int, price: float
) -> bool:
    """Fill an entry at an open, or drop it where the exchange would refuse it."""
    ticks = worse_ticks(quoted(price, place.side, terms.half_spread), place.side, terms.slippage, lot)
    cost, entry_fee = worth(ticks, place.lots, lot), fee(ticks, place.lots, terms.taker_ppm, lot)
    bound = margin(ticks, place.lots, params.leverage, lot)
    entry, quantity = price_at(ticks, lot), quantity_of(place.lots, lot)
    bracket = bracket_for(entry * quantity, brackets)
    if is_rejected(account, params, bracket.max_leverage, cost < lot.least_worth, bound + entry_fee):
        place.stage = FLAT
        account.open -= 1
        return False
    liquidation = liquidation_price(place.side, entry, quantity, params.leverage, bracket)
    keep_plan(place, first_plan(place.side, entry, place.atr, liquidation, lot, time_ms, params))
    place.stage, place.entry_ticks, place.entry_ms = HELD, ticks, time_ms
    place.fees, place.funding, place.margin = entry_fee, 0, bound
    place.first_stop, place.liquidation, place.mark, place.resting_stop = place.stop, liquidation, price, 0.0
    if place.side < 0:
        place.resting_stop = np.inf
    account.wallet -= entry_fee
    account.bound += bound
    return True


@helper
def is_rejected(account: Record, params: Record, most_leverage: int, is_too_small: bool, needed: int) -> bool:
    """Whether the exchange says no to an entry, and count why: in the order in which it looks."""
    if is_too_small:
        account.below_minimum += 1
    elif params.leverage > most_leverage:
        account.over_leverage += 1
    elif needed > account.wallet - account.bound:
        account.no_margin += 1
    else:
        return False
    return True


@helper
def left_at_market(place: Record, lot: Record, terms: Record, price: float) -> int:
    """The ticks of an exit at market, at an open."""
    return worse_ticks(quoted(price, -place.side, terms.half_spread), -place.side, terms.slippage, lot)


@helper
def left_at_level(place: Record, lot: Record, terms: Record, price: float) -> int:
    """The ticks of a stop or target that fired at a price."""
    return worse_ticks(price, -place.side, terms.half_spread + terms.slippage, lot)


@helper
def is_used_up(place: Record, price: float) -> bool:
    """Whether a price is at the liquidation price or beyond it."""
    is_beyond: bool = place.liquidation > 0.0 and place.side * (price - place.liquidation) <= 0.0
    return is_beyond


@helper
def forced_end(place: Record, lot: Record, terms: Record, params: Record, price: float) -> tuple[int, int]:
    """The ticks and the fee of closing by force at a price: it costs the margin and no more."""
    ticks = forced_ticks(place.side, place.entry_ticks, params.leverage, price, lot)
    rest = place.margin + gain(place.side, place.entry_ticks, ticks, place.lots, lot)
    return ticks, forced_fee(ticks, place.lots, terms.liquidation_ppm, rest, lot)


@helper
def over(place: Record, account: Record, lot: Record, trade: Record, ticks: int, exit_fee: int) -> None:
    """Close the books on a position."""
    gross, fees = gain(place.side, place.entry_ticks, ticks, place.lots, lot), place.fees + exit_fee
    trade.side, trade.lots, trade.entry_ms = place.side, place.lots, place.entry_ms
    trade.entry_ticks, trade.exit_ticks, trade.reason = place.entry_ticks, ticks, place.reason
    trade.regime, trade.confidence = place.regime, place.confidence
    trade.gross, trade.fees, trade.funding = gross, fees, place.funding
    trade.stop_ticks = nearest_ticks(place.first_stop, lot)
    trade.risk = worth(abs(trade.entry_ticks - trade.stop_ticks), place.lots, lot)
    account.trades += 1
    account.wallet += gross - exit_fee
    account.bound -= place.margin
    account.open -= 1
    place.stage = FLAT


@helper
def counted(account: Record, trade: Record, params: Record) -> None:
    """A closed trade in the account's limits: the streak, its lock, and the latch of a liquidation."""
    account.streak = after(account.streak, trade.gross - trade.fees + trade.funding < 0)
    if account.streak >= params.max_loss_streak:
        account.streak, account.locked_until_ms = 0, locked_until(trade.exit_ms, params.loss_streak_lock_hours)
    if trade.reason == ExitReason.LIQUIDATED.value and account.latched_ms == 0:
        account.latched_ms = trade.exit_ms
