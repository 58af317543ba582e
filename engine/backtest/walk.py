"""The second walk: the account through time, all symbols side by side, with the account-wide limits.

The order within a step is that of the replay: what happens at a bar's open, what its prices touch, what its close says.
An entry or exit decided on a close goes out at the next open. Inside a bar the stop is judged before the target.
"""

from engine.backtest.compiled import compiled_bare, helper
from engine.backtest.history import Ints
from engine.backtest.holding import (
    counted,
    entered,
    equity,
    forced_end,
    is_used_up,
    keep_plan,
    left_at_level,
    left_at_market,
    over,
    plan_with,
    rest_stop,
    stop_reason_of,
    watch,
)
from engine.backtest.moment import held_on, looked_at, next_payment, passes
from engine.backtest.records import ENTERING, FLAT, HELD, LEAVING, Record, Records
from engine.desk.ruling import Judged, is_entry
from engine.execution.exits import touched
from engine.execution.fills import fee, funding
from engine.model.grid import nearest_ticks
from engine.model.market import DAY_MS, PriceWindow
from engine.model.orders import ExitReason

STOP_TOUCHED = 1


@compiled_bare
def walk(
    rows: Records,
    symbols: Records,
    brackets: Records,
    payments: Records,
    candidates: Records,
    terms_: Records,
    params_: Records,
    account_: Records,
    places: Records,
    trades: Records,
    days: Records,
    funnel: Ints,
    cursor: Ints,
) -> None:
    """Walk all steps. Writes account, places, trades, days and the funnel (how often each check did not hold)."""
    account, terms, params = account_[0], terms_[0], params_[0]
    step = 0
    while step < terms.steps:
        begin_ms, end_ms = terms.first_ms + step * terms.interval_ms, terms.first_ms + (step + 1) * terms.interval_ms
        if account.open > 0:
            opened(rows, symbols, payments, brackets, account, terms, params, places, trades, step, begin_ms)
        turned(account, places, symbols, days, begin_ms)
        if account.open > 0:
            lived(rows, symbols, payments, account, terms, params, places, trades, step, end_ms)
        for symbol in range(len(places)):
            bar = bar_of(symbols, symbol, step)
            if bar >= 0:
                closed(rows, symbols, brackets, payments, account, terms, params, places, funnel, symbol, bar, end_ms)
        step += 1
        if account.open == 0 and terms.is_counted == 0:
            if account.latched_ms > 0:
                return
            step = next_step(places, symbols, candidates, account, terms, params, cursor, step)


@helper
def bar_of(symbols: Records, symbol: int, step: int) -> int:
    """The number of a symbol's bar at a step, or -1."""
    bar = step - symbols[symbol].first
    return bar if bar < symbols[symbol].count else -1


@helper
def next_step(
    places: Records,
    symbols: Records,
    candidates: Records,
    account: Record,
    terms: Record,
    params: Record,
    cursor: Ints,
    least: int,
) -> int:
    """The next step that can change anything while nothing is held: the next candidate of any symbol that passes the gate.

    What the gate refuses once it refuses for good: of what it reads, only the waiting after an exit changes, and begins anew.
    """
    nearest: int = terms.steps
    for symbol in range(len(cursor)):
        at, end, place, first = cursor[symbol], symbols[symbol].candidates_to, places[symbol], symbols[symbol].first
        while at < end:
            one = candidates[at]
            is_near = one.step >= least and one.confidence >= params.activation_threshold
            if is_near and passes(one, place, account, terms, params, first):
                break
            at += 1
        cursor[symbol] = at
        if at < end and candidates[at].step < nearest:
            nearest = candidates[at].step
    return nearest


@helper
def opened(
    rows: Records,
    symbols: Records,
    payments: Records,
    brackets: Records,
    account: Record,
    terms: Record,
    params: Record,
    places: Records,
    trades: Records,
    step: int,
    time_ms: int,
) -> None:
    """The open of a step: gaps first, then what was decided on the closes before."""
    for symbol in range(len(places)):
        place, bar = places[symbol], bar_of(symbols, symbol, step)
        if place.stage >= HELD and bar >= 0:
            price = rows[symbols[symbol].begin + bar].open
            window = PriceWindow(price, price, price)
            touched_at(place, symbols[symbol], account, terms, params, trades, symbol, bar, window, time_ms)
            place.mark = price
            watch(account, places, symbols, time_ms, params)
    for symbol in range(len(places)):
        place, lot, bar = places[symbol], symbols[symbol], bar_of(symbols, symbol, step)
        if place.stage == FLAT or place.stage == HELD or bar < 0:
            continue
        price = rows[lot.begin + bar].open
        if place.stage == ENTERING and entered(place, account, lot, brackets[symbol], terms, params, time_ms, price):
            place.entry_bar = bar
            place.next_payment = next_payment(payments, lot.payments_from, lot.payments_to, time_ms)
            watch(account, places, symbols, time_ms, params)
            rest_stop(place, price)
        if place.stage == LEAVING:
            ticks = left_at_market(place, lot, terms, price)
            exit_fee = fee(ticks, place.lots, terms.taker_ppm, lot)
            ended(place, lot, account, params, trades, symbol, bar, time_ms, ticks, exit_fee)
            watch(account, places, symbols, time_ms, params)


@helper
def turned(account: Record, places: Records, symbols: Records, days: Records, time_ms: int) -> None:
    """A new UTC day begins with the equity of its first moment."""
    day_ms = time_ms - time_ms % DAY_MS
    if day_ms > account.day_ms:
        account.day_ms, account.day_start = day_ms, equity(account, places, symbols)
        day = days[account.days]
        day.day_ms, day.equity = day_ms, account.day_start
        account.days += 1


@helper
def lived(
    rows: Records,
    symbols: Records,
    payments: Records,
    account: Record,
    terms: Record,
    params: Record,
    places: Records,
    trades: Records,
    step: int,
    end_ms: int,
) -> None:
    """What a bar's prices touch, then the marks at its close and the funding that fell due by then."""
    for symbol in range(len(places)):
        place, bar = places[symbol], bar_of(symbols, symbol, step)
        if place.stage >= HELD and bar >= 0:
            row = rows[symbols[symbol].begin + bar]
            account.bars_in_position += 1
            window = PriceWindow(row.open, row.low, row.high)
            if touched_at(place, symbols[symbol], account, terms, params, trades, symbol, bar, window, end_ms - 1):
                watch(account, places, symbols, end_ms - 1, params)
    for symbol in range(len(places)):
        place, lot, bar = places[symbol], symbols[symbol], bar_of(symbols, symbol, step)
        if place.stage >= HELD and bar >= 0:
            place.mark = rows[lot.begin + bar].close
            watch(account, places, symbols, end_ms, params)
            while 0 <= place.next_payment < lot.payments_to and payments[place.next_payment].time_ms <= end_ms:
                rate_e8 = payments[place.next_payment].rate_e8
                amount = funding(place.side, nearest_ticks(place.mark, lot), place.lots, rate_e8, lot)
                place.funding += amount
                account.wallet += amount
                place.next_payment += 1
                watch(account, places, symbols, end_ms, params)


@helper
def touched_at(
    place: Record,
    lot: Record,
    account: Record,
    terms: Record,
    params: Record,
    trades: Records,
    symbol: int,
    bar: int,
    window: PriceWindow,
    time_ms: int,
) -> bool:
    """Leave where the prices touch a level; one that lies beyond the liquidation price came too late."""
    touch = touched(plan_with(place, place.resting_stop), window)
    if touch.kind == 0:
        return False
    if is_used_up(place, touch.price):
        place.reason = ExitReason.LIQUIDATED.value
        ticks, exit_fee = forced_end(place, lot, terms, params, touch.price)
    else:
        place.reason = stop_reason_of(place) if touch.kind == STOP_TOUCHED else ExitReason.TAKE_PROFIT.value
        ticks = left_at_level(place, lot, terms, touch.price)
        exit_fee = fee(ticks, place.lots, terms.taker_ppm, lot)
    ended(place, lot, account, params, trades, symbol, bar, time_ms, ticks, exit_fee)
    return True


@helper
def ended(
    place: Record,
    lot: Record,
    account: Record,
    params: Record,
    trades: Records,
    symbol: int,
    bar: int,
    time_ms: int,
    ticks: int,
    exit_fee: int,
) -> None:
    """A position was left at some ticks."""
    trade = trades[account.trades]
    trade.symbol, trade.exit_ms, trade.bars_held = symbol, time_ms, bar - place.entry_bar
    over(place, account, lot, trade, ticks, exit_fee)
    place.exit_bar = bar
    counted(account, trade, params)


@helper
def closed(
    rows: Records,
    symbols: Records,
    brackets: Records,
    payments: Records,
    account: Record,
    terms: Record,
    params: Record,
    places: Records,
    funnel: Ints,
    symbol: int,
    bar: int,
    close_ms: int,
) -> None:
    """A closed bar: levels first, then the ruling."""
    place, lot = places[symbol], symbols[symbol]
    row = rows[lot.begin + bar]
    if place.stage == HELD:
        keep_plan(place, held_on(place, lot, row, close_ms, plan_with(place, place.stop), params))
        if place.stage == HELD:
            rest_stop(place, row.close)
    is_judged = bar + 1 >= terms.warmup_bars and close_ms >= terms.from_ms
    is_possible = place.stage == FLAT and row.side != 0 and row.confidence >= params.activation_threshold
    if not (is_judged and (is_possible or terms.is_counted == 1)):
        return
    judged = looked_at(rows, places, symbols, brackets, payments, account, terms, params, symbol, bar, close_ms)
    if terms.is_counted == 1:
        account.judged += 1
        count(judged, funnel)
    if is_entry(judged):
        place.stage, place.side, place.lots = ENTERING, judged.opinion.proposal.value, judged.size.lots
        place.atr, place.confidence, place.regime = row.atr, row.confidence, row.regime
        account.open += 1
        account.entered += 1


@helper
def count(judged: Judged, funnel: Ints) -> None:
    """Count every check that did not hold, by its place among the codes."""
    at = 0
    for check in judged.gate:
        funnel[at] += 0 if check.held else 1
        at += 1
    for check in judged.size_checks:
        funnel[at] += 0 if check.held else 1
        at += 1
    for check in judged.veto:
        funnel[at] += 0 if check.held else 1
        at += 1
