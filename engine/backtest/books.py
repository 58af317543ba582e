"""A walk's numbers put through the ledger: each entry and exit becomes a fill, and is booked as a live one is."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from engine.backtest.history import Floats, Ints, Simulation, SymbolHistory
from engine.backtest.records import HELD, Record
from engine.backtest.result import Closed, LeftOpen, RawTrades, Rejection, Run, Walked
from engine.desk.entries import cause_of
from engine.execution import fills
from engine.execution.ids import intent_id
from engine.execution.lot_rules import decimal_price, decimal_quantity, lot_rules, nearest_ticks, price_at
from engine.model.events import FundingPaid
from engine.model.market import DAY_MS, LotRules, SymbolRules
from engine.model.orders import ExitPlan, ExitReason, Fill
from engine.model.saved import SavedDesk
from engine.model.signals import Code, Regime, Side, Sides
from engine.state import ledger

type Grid = tuple[SymbolRules, LotRules]

NAMESPACE: Final = "history"
NAN: Final = float("nan")


def money(units: int) -> Decimal:
    """Units of 1e-8 as a number of the quote asset, exactly."""
    return Decimal(int(units)).scaleb(-8)


def run_of(histories: Sequence[SymbolHistory], simulation: Simulation, walked: Walked) -> Run:
    """What a counted walk came to."""
    account = walked.account[0]
    candles, grids = [one.candles for one in histories], [(one.rules, lot_rules(one.rules)) for one in histories]
    first_ms, end_ms = min(int(one.open_time_ms[0]) for one in candles), max(one.end_ms for one in candles)
    warm_ms = min(int(one.open_time_ms[0]) + simulation.warmup_bars * one.interval_ms for one in candles)
    interval_ms = candles[0].interval_ms
    asked_ms = -(-simulation.from_ms // interval_ms) * interval_ms  # a bar closes then, and an entry may be made at its end
    begin_ms = max(first_ms, min(warm_ms, end_ms), asked_ms)
    left = tuple(_left_open(one, place) for one, place in zip(histories, walked.places, strict=True) if place["stage"] >= HELD)
    wallet = money(account["wallet"])
    day_ms, equity = _days(walked, first_ms, float(wallet + sum((one.unrealised for one in left), Decimal(0))))
    return Run(
        symbols=tuple(one.symbol for one in candles),
        interval_ms=interval_ms,
        begin_ms=begin_ms,
        end_ms=end_ms,
        wallet_before=simulation.wallet,
        wallet_after=wallet,
        trades=tuple(_closed(walked.trades, at, grids, simulation) for at in range(len(walked.trades.side))),
        left_open=left,
        day_ms=day_ms,
        day_equity=equity,
        bars=sum(len(one) for one in candles),
        judged=int(account["judged"]),
        entered=int(account["entered"]),
        rejected={one: int(account[one.value]) for one in Rejection if account[one.value]},
        bars_in_position=int(account["bars_in_position"]),
        drawdown=float(account["drawdown"]),
        latched_ms=int(account["latched_ms"]),
        funnel={code: int(walked.funnel[code]) for code in Code if walked.funnel[code]},
        held_return={one.candles.symbol: _held_return(one, begin_ms) for one in histories},
    )


def _closed(raw: RawTrades, at: int, grids: Sequence[Grid], simulation: Simulation) -> Closed:
    rules, lot = grids[int(raw.symbol[at])]
    side, lots, entry_ms = Side(int(raw.side[at])), int(raw.lots[at]), int(raw.entry_ms[at])
    quantity = decimal_quantity(lots, rules)
    entry_fee = fills.fee(int(raw.entry_ticks[at]), lots, simulation.costs.taker_ppm, lot)
    bought = _fill(rules, 2 * at + 1, side, quantity, int(raw.entry_ticks[at]), entry_fee, 0, entry_ms)
    exit_fee, gross, exit_ms = int(raw.fees[at]) - entry_fee, int(raw.gross[at]), int(raw.exit_ms[at])
    sold = _fill(rules, 2 * at + 2, Side(-side), quantity, int(raw.exit_ticks[at]), exit_fee, gross, exit_ms)
    stop = price_at(int(raw.stop_ticks[at]), lot)
    plan = ExitPlan(side, float(bought.price), NAN, stop, NAN, NAN, NAN, entry_ms)
    name = intent_id(NAMESPACE, rules.symbol, cause_of(entry_ms, side))
    holding = ledger.opened(bought, name, at + 1, plan, NAN, 0, None, entry_ms)
    desk = SavedDesk(rules.symbol, Sides.BOTH, holding=holding)
    desk = ledger.funded(desk, FundingPaid(rules.symbol, money(raw.funding[at]), name, exit_ms, exit_ms))
    assert desk.holding is not None
    trade = ledger.finished(ledger.reduced(desk.holding, sold, sold.time_ms), ExitReason(int(raw.reason[at])))
    return Closed(trade, Regime(int(raw.regime[at])), float(raw.confidence[at]), int(raw.bars_held[at]))


def _fill(
    rules: SymbolRules, number: int, side: Side, quantity: Decimal, ticks: int, fee: int, realised: int, time_ms: int
) -> Fill:
    """One execution; fee and result in units of 1e-8."""
    return Fill(
        symbol=rules.symbol,
        trade_id=number,
        order_id=number,
        client_id="",
        side=side,
        quantity=quantity,
        price=decimal_price(ticks, rules),
        fee=money(fee),
        fee_asset="",
        realised=money(realised),
        time_ms=time_ms,
    )


def _left_open(history: SymbolHistory, place: Record) -> LeftOpen:
    rules, lot = history.rules, lot_rules(history.rules)
    side, lots, entry_ticks = int(place["side"]), int(place["lots"]), int(place["entry_ticks"])
    mark = nearest_ticks(float(history.candles.close[-1]), lot)
    return LeftOpen(
        symbol=rules.symbol,
        side=Side(side),
        entry_time_ms=int(place["entry_ms"]),
        entry_price=decimal_price(entry_ticks, rules),
        quantity=decimal_quantity(lots, rules),
        unrealised=money(fills.gain(side, entry_ticks, mark, lots, lot)),
        fees=money(place["fees"]),
        funding=money(place["funding"]),
    )


def _days(walked: Walked, first_ms: int, last_equity: float) -> tuple[Ints, Floats]:
    """UTC days and the equity at their ends: what the next day began with, and for the last one what there is now."""
    begun = walked.days["day_ms"]
    days = np.concatenate([np.array([first_ms - first_ms % DAY_MS], np.int64), begun])
    return days, np.concatenate([walked.days["equity"], np.array([last_equity])])


def _held_return(history: SymbolHistory, begin_ms: int) -> float:
    """What holding the symbol over the judged time would have brought, as a fraction, before costs."""
    candles = history.candles
    at = min(max((begin_ms - int(candles.open_time_ms[0])) // candles.interval_ms, 0), len(candles) - 1)
    return float(candles.close[-1] / candles.open[at] - 1.0)
