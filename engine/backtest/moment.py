"""A decision in history: the row of a bar and the account become what the crafts are asked with."""

from typing import Final

import numpy as np

from engine.backtest.compiled import helper, inlined
from engine.backtest.holding import equity
from engine.backtest.records import FLAT, LEAVING, Record, Records
from engine.desk.ruling import Judged, examined
from engine.execution.exits import opposed, overdue, trailed
from engine.execution.fills import UNITS, quoted, spread_in_bps
from engine.model.orders import ExitPlan, ExitReason
from engine.model.signals import Features, Opinion, Proposal, Regime, RegimeState, Vote, Votes
from engine.model.situation import Situation
from engine.risk.entry_gate import gate_checks

NAN: Final = np.nan
NO_LIMIT_MS: Final = 1


@inlined
def regime_of(number: int) -> Regime:
    """A regime by its number, which is how rows hold it."""
    if number == Regime.BULL_TREND.value:
        return Regime.BULL_TREND
    if number == Regime.BEAR_TREND.value:
        return Regime.BEAR_TREND
    if number == Regime.UNCLEAR.value:
        return Regime.UNCLEAR
    return Regime.RANGE


@helper
def proposal_of(side: int) -> Proposal:
    """A proposal by its sign."""
    if side > 0:
        return Proposal.PROPOSE_LONG
    if side < 0:
        return Proposal.PROPOSE_SHORT
    return Proposal.NEUTRAL


@inlined
def features_of(close: float, atr: float, adx: float, adx_before: float) -> Features:
    """What gate, size and veto read of a bar whose votes are cast already. The rest is not asked for."""
    return Features(
        open=NAN,
        high=NAN,
        low=NAN,
        close=close,
        volume=NAN,
        rsi=NAN,
        macd=NAN,
        macd_signal=NAN,
        ema_short=NAN,
        ema_long=NAN,
        ema_trend=NAN,
        ema_slow=NAN,
        band_low=NAN,
        band_mid=NAN,
        band_high=NAN,
        atr=atr,
        atr_mean=NAN,
        adx=adx,
        adx_before=adx_before,
        plus_di=NAN,
        minus_di=NAN,
        volume_sma=NAN,
        close_back=NAN,
        ema_cross_age=0,
        macd_cross_age=0,
    )


@inlined
def looked_at(
    rows: Records,
    places: Records,
    symbols: Records,
    brackets: Records,
    payments: Records,
    account: Record,
    terms: Record,
    params: Record,
    symbol: int,
    bar: int,
    close_ms: int,
) -> Judged:
    """Ask everything about a closed bar."""
    at = symbols[symbol].begin + bar
    row, adx_before = rows[at], rows[at - 1].adx if bar > 0 else NAN
    silent = Vote(0, 0.0)
    votes = Votes(silent, silent, silent, silent, silent, silent, silent)
    payment = next_payment(payments, symbols[symbol].payments_from, symbols[symbol].payments_to, close_ms)
    rate, due_ms = (payments[payment].rate_e8, payments[payment].time_ms) if payment >= 0 else (0, close_ms)
    money = equity(account, places, symbols)
    now = situation(places[symbol], account, terms, bar, close_ms, row.open, row.close, money, rate, due_ms)
    features, regime, opinion = features_of(row.close, row.atr, row.adx, adx_before), regime_state_of(row), opinion_of(row)
    return examined(features, regime, votes, opinion, now, symbols[symbol], brackets[symbol], params)


@inlined
def passes(candidate: Record, place: Record, account: Record, terms: Record, params: Record, first: int) -> bool:
    """Ask the gate alone about a candidate: it reads neither prices nor money."""
    features = features_of(NAN, NAN, candidate.adx, candidate.adx_before)
    now = situation(place, account, terms, candidate.step - first, 0, NAN, NAN, NAN, 0, 0)
    is_open = True
    for check in gate_checks(features, regime_state_of(candidate), opinion_of(candidate), now, params):
        is_open = is_open and check.held
    return is_open


@inlined
def regime_state_of(row: Record) -> RegimeState:
    """The regime of a bar, or of a candidate."""
    return RegimeState(regime_of(row.regime), row.age)


@inlined
def opinion_of(row: Record) -> Opinion:
    """What the rules said. The bias itself was not kept."""
    return Opinion(NAN, proposal_of(row.side), row.confidence)


@inlined
def situation(
    place: Record,
    account: Record,
    terms: Record,
    bar: int,
    close_ms: int,
    opening: float,
    price: float,
    equity_now: float,
    rate_e8: int,
    due_ms: int,
) -> Situation:
    """Everything besides the bar."""
    own = 1 if place.stage != FLAT else 0
    bid, ask = quoted(opening, -1, terms.half_spread), quoted(opening, 1, terms.half_spread)
    return Situation(
        sides=terms.sides,
        is_paused=False,
        is_halted=False,
        is_latched=account.latched_ms > 0,
        symbol_locked_ms=0,
        bars_since_exit=bar - place.exit_bar,
        data_age_ms=0,
        data_age_limit_ms=NO_LIMIT_MS,
        bars_seen=bar + 1,
        warmup_bars=terms.warmup_bars,
        has_position=own == 1,
        is_ready=True,
        equity=equity_now,
        peak_equity=account.peak,
        day_start_equity=account.day_start,
        available=(account.wallet - account.bound) / UNITS,
        open_positions=account.open - own,
        loss_streak=account.streak,
        streak_locked_ms=max(0, account.locked_until_ms - close_ms),
        price=price,
        spread_bps=spread_in_bps(bid, ask),
        funding_rate=rate_e8 / UNITS,
        funding_in_ms=due_ms - close_ms,
        is_taken=False,
        is_ending=False,
        is_refused=False,
        is_store_down=False,
        is_guarded=False,
        is_silent=False,
    )


@helper
def next_payment(payments: Records, begin: int, end: int, time_ms: int) -> int:
    """The place of the first settlement after a moment, or -1."""
    low, high = begin, end
    while low < high:
        middle = (low + high) // 2
        if payments[middle].time_ms > time_ms:
            high = middle
        else:
            low = middle + 1
    return low if low < end else -1


@inlined
def held_on(place: Record, lot: Record, row: Record, close_ms: int, plan: ExitPlan, params: Record) -> ExitPlan:
    """What a closed bar does to a position: a reason to leave at the next open, or a nearer stop."""
    if opposed(place.side, regime_of(row.regime), params):
        place.stage, place.reason = LEAVING, ExitReason.REGIME_CHANGE.value
    elif overdue(plan, close_ms, params):
        place.stage, place.reason = LEAVING, ExitReason.TIME_LIMIT.value
    else:
        return trailed(plan, row.close, row.atr, lot, params)
    return plan
