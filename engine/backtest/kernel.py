"""History at the speed of the machine: many settings walked over the same candles, by the crafts' own functions, compiled."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from engine.backtest import records, track
from engine.backtest.books import run_of
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.records import Records
from engine.backtest.result import RawTrades, Run, Walked
from engine.backtest.walk import walk
from engine.execution.fills import MILLION, UNITS, is_reckonable, most_lots
from engine.execution.lot_rules import lot_rules
from engine.model.market import DAY_MS
from engine.model.signals import Code
from engine.params import TradingParams

TRACKS_KEPT: Final = 2
MANY_BARS: Final = 2_000_000  # so many are kept once only: a row is 64 bytes


class BadHistory(ValueError):
    """Candles that cannot be walked together. The text says what is wrong, and what to do."""


class Laid(NamedTuple):
    """Rows and candidates of all symbols, for the settings that share them."""

    rows: Records
    symbols: Records
    candidates: Records


class Walker:
    """Candles of some symbols under the terms of a simulation, walked under any setting. Safe to use from several threads.

    Raises `BadHistory` where the candles do not fit together.
    """

    def __init__(self, histories: Sequence[SymbolHistory], simulation: Simulation) -> None:
        _check(histories)
        self.histories = tuple(histories)
        self.simulation = simulation
        rules = [one.rules for one in histories]
        self._symbols = _placed(self.histories, records.symbol_records(rules))
        self._brackets = records.bracket_records(rules)
        self._payments = _payments(self.histories)
        self._laid: dict[tuple[object, ...], Laid] = {}  # never changed, only replaced: other threads may be reading it

    @property
    def first_ms(self) -> int:
        """When the first candle of all opened."""
        return min(int(one.candles.open_time_ms[0]) for one in self.histories)

    @property
    def end_ms(self) -> int:
        """When the last candle of all closed."""
        return max(one.candles.end_ms for one in self.histories)

    @property
    def interval_ms(self) -> int:
        """The interval of all candles."""
        return self.histories[0].candles.interval_ms

    def run(self, params: TradingParams) -> Run:
        """Walk once, rule on every bar, and put the fills through the ledger."""
        return run_of(self.histories, self.simulation, self.walked(params, is_counted=True))

    def trades(self, params: TradingParams) -> RawTrades:
        """Closed trades only: for searches."""
        return self.walked(params, is_counted=False).trades

    def walked(self, params: TradingParams, *, is_counted: bool) -> Walked:
        """Walk once. `is_counted` rules on every bar; without it, bars on which nothing can be entered are passed by."""
        laid = self._lay(params, is_whole=is_counted)
        wallet = int(self.simulation.wallet * UNITS)
        account = records.new_account(wallet, self.first_ms - self.first_ms % DAY_MS)
        places, trades = records.new_places(len(self.histories)), np.empty(len(laid.rows), records.TRADE)
        days, funnel = np.empty((self.end_ms - self.first_ms) // DAY_MS + 2, records.DAY), np.zeros(len(Code), np.int64)
        walk(
            laid.rows,
            laid.symbols,
            self._brackets,
            self._payments,
            laid.candidates,
            self._terms(is_counted=is_counted),
            records.params_record(params),
            account,
            places,
            trades,
            days,
            funnel,
            laid.symbols["candidates_from"].copy(),
        )
        closed = trades[: account["trades"][0]]
        columns = RawTrades(*(closed[name] for name in RawTrades._fields))
        return Walked(account, places, columns, days[: account["days"][0]], funnel)

    def _lay(self, params: TradingParams, *, is_whole: bool) -> Laid:
        """Features, regime and opinions of all symbols."""
        name, whole = (*track.key(params), is_whole), (*track.key(params), True)
        known = self._laid.get(whole) or self._laid.get(name)
        if known is not None:
            return known
        bars = int(self._symbols["count"].sum())
        before, kept = [*self._laid.items()], TRACKS_KEPT if bars <= MANY_BARS else 1
        self._laid = dict(before[max(0, len(before) - kept + 1) :])
        rows, found = np.empty(bars, records.ROW), np.empty(bars, records.CANDIDATE)
        symbols, candidates = self._symbols.copy(), 0
        for symbol, history in zip(symbols, self.histories, strict=True):
            part = rows[symbol["begin"] : symbol["begin"] + symbol["count"]]
            symbol["candidates_from"] = candidates
            candidates += track.fill(part, found[candidates:], symbol["first"], history.candles, params, is_whole=is_whole)
            symbol["candidates_to"] = candidates
        made = Laid(rows, symbols, found[:candidates])  # the rest of it was never touched, and takes no memory
        self._laid = {**self._laid, name: made}
        return made

    def _terms(self, *, is_counted: bool) -> Records:
        made, costs, simulation = np.zeros(1, records.TERMS), self.simulation.costs, self.simulation
        made["first_ms"], made["interval_ms"] = self.first_ms, self.interval_ms
        made["steps"] = (self.end_ms - self.first_ms) // self.interval_ms
        made["half_spread"], made["slippage"] = costs.half_spread_ppm / MILLION, costs.slippage_ppm / MILLION
        made["taker_ppm"], made["liquidation_ppm"] = costs.taker_ppm, costs.liquidation_ppm
        made["warmup_bars"], made["sides"] = simulation.warmup_bars, int(simulation.sides)
        made["from_ms"], made["is_counted"] = simulation.from_ms, is_counted
        return made


def _check(histories: Sequence[SymbolHistory]) -> None:
    if not histories:
        raise BadHistory("no candles were given")
    names = [one.candles.symbol for one in histories]
    if len(set(names)) < len(names):
        raise BadHistory(f"a symbol was given twice: {', '.join(sorted(names))}")
    if len({one.candles.interval_ms for one in histories}) > 1:
        raise BadHistory("all candles must be of one interval")
    for one in histories:
        times = one.candles.open_time_ms
        if not len(times):
            raise BadHistory(f"{one.candles.symbol}: no candles")
        if np.any(np.diff(times) != one.candles.interval_ms) or times[0] % one.candles.interval_ms:
            raise BadHistory(f"{one.candles.symbol}: the candles have holes or are not aligned to their interval")
        tick, step, highest = one.rules.tick_size, one.rules.step_size, float(one.candles.high.max())
        if not is_reckonable(highest, lot_rules(one.rules)):
            raise BadHistory(
                f"{one.candles.symbol}: prices up to {highest:g} on a grid of {tick:f} by {step:f} are too many digits"
            )


def _placed(histories: Sequence[SymbolHistory], symbols: Records) -> Records:
    """Say of each symbol where its rows and its payments lie, and at which step it begins."""
    first_ms, row, payment = min(int(one.candles.open_time_ms[0]) for one in histories), 0, 0
    for symbol, one in zip(symbols, histories, strict=True):
        symbol["begin"], symbol["count"] = row, len(one.candles)
        symbol["first"] = (int(one.candles.open_time_ms[0]) - first_ms) // one.candles.interval_ms
        symbol["max_lots"] = min(symbol["max_lots"], most_lots(float(one.candles.high.max()), lot_rules(one.rules)))
        symbol["payments_from"], symbol["payments_to"] = payment, payment + len(one.funding.time_ms)
        row, payment = row + len(one.candles), payment + len(one.funding.time_ms)
    return symbols


def _payments(histories: Sequence[SymbolHistory]) -> Records:
    made = np.empty(sum(len(one.funding.time_ms) for one in histories), records.PAYMENT)
    made["time_ms"] = np.concatenate([one.funding.time_ms for one in histories])
    made["rate_e8"] = np.concatenate([one.funding.rate_e8 for one in histories])
    return made
