"""History walked twice, by the Trader itself and compiled, and everything in which the two differ.

`python -m tests.past --all [--json FILE]` compares them over all recorded 1h and 15m candles. FILE keeps what was compared:
begun again, it goes on with the rest. It ends with 1 where anything differed.
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import pytest

from bot.histories import load_histories
from engine.adapters.paper_books import PaperBooks
from engine.adapters.paper_counter import PaperCounter
from engine.adapters.paper_exchange import PaperExchange
from engine.adapters.paper_fills import Costs as PaperCosts
from engine.adapters.paper_intake import BELOW_NOTIONAL, LEVERAGE_LIMIT, NO_MARGIN
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.kernel import Walker
from engine.backtest.replay import Replay, ReplayClock
from engine.backtest.result import Rejection, Run
from engine.execution.fills import MILLION
from engine.model.signals import Code, Ruling, Verdict
from engine.params import TradingParams
from tests.builders import RECORDED

UNLIMITED: Final[dict[str, Any]] = {"max_drawdown": 1.0, "max_daily_loss": 1.0, "max_loss_streak": 1000}
"""Account-wide limits off: with them on, most long histories end early."""
TRADE_FIELDS: Final = (
    *("symbol", "side", "entry_time_ms", "entry_price", "quantity", "first_stop"),
    *("exit_time_ms", "exit_price", "reason", "gross", "fees", "funding"),
)
REJECTIONS: Final = {
    BELOW_NOTIONAL[0]: Rejection.BELOW_MINIMUM,
    LEVERAGE_LIMIT[0]: Rejection.OVER_LEVERAGE,
    NO_MARGIN[0]: Rejection.NO_MARGIN,
}
WHOLE: Final = {
    "without limits": TradingParams(activation_threshold=0.4, **UNLIMITED),
    "tight": TradingParams(
        activation_threshold=0.3, stop_atr_multiplier=0.4, leverage=20, exit_on_range=1, max_position_hours=6.0, **UNLIMITED
    ),
    "as it comes": TradingParams(),
}
MOST_SHOWN: Final = 5
WORKERS: Final = 2


class Compared(NamedTuple):
    """What two walks came to: where they differ, what the compiled one gave, and how many trades the Trader made."""

    differences: list[str]
    run: Run
    replayed: int


class Rulings(list[Ruling]):
    """What a replay keeps of its rulings: how often each check did not hold on a judged bar, and the entries themselves."""

    def __init__(self, histories: Sequence[SymbolHistory], simulation: Simulation) -> None:
        super().__init__()
        self.judged = 0
        self.funnel = Counter[Code]()
        self.entries = dict[tuple[str, int], Ruling]()
        self._from_ms = {
            one.candles.symbol: max(
                int(one.candles.open_time_ms[0]) + simulation.warmup_bars * one.candles.interval_ms, simulation.from_ms
            )
            for one in histories
        }

    def __iadd__(self, others: Iterable[Ruling]) -> Self:  # type: ignore[override,misc]  # a list that forgets
        for one in others:
            if one.close_time_ms >= self._from_ms[one.symbol]:
                self.judged += 1
                self.funnel.update(one.refusal_codes)
            if one.verdict is Verdict.ENTERED:
                self.entries[one.symbol, one.close_time_ms] = one
        return self


def history(name: str, begin: int = 0, end: int | None = None) -> SymbolHistory:
    """Recorded candles as the product reads them, `name` like "BTCUSDT-1h", with the funding recorded beside them."""
    path = RECORDED / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"recorded candles {path.name} are not on this machine")
    loaded = load_histories((path,), interval=None, begin_ms=None, end_ms=None, warmup_bars=0, rules=None, funding=())
    return cut(loaded.histories[0], begin, end)


def cut(given: SymbolHistory, begin: int, end: int | None = None) -> SymbolHistory:
    """A part of a history. Funding stays whole: what is paid before or after is nobody's."""
    return replace(given, candles=given.candles.part(begin, len(given.candles) if end is None else end))


def open_counter(histories: Sequence[SymbolHistory], simulation: Simulation) -> Callable[[ReplayClock], PaperCounter]:
    """The exchange of a replay, with the money and the costs of the simulation."""

    def opened(clock: ReplayClock) -> PaperCounter:
        costs = simulation.costs
        ppm = (costs.taker_ppm, costs.slippage_ppm, costs.half_spread_ppm, costs.liquidation_ppm)
        exchange = PaperExchange(PaperBooks(simulation.wallet), PaperCosts(*(Decimal(one) / MILLION for one in ppm)))
        return PaperCounter(exchange, symbols=[one.candles.symbol for one in histories], clock=clock)

    return opened


def compared(histories: Sequence[SymbolHistory], simulation: Simulation, params: TradingParams) -> Compared:
    """Walk both ways, and list what differs."""
    run = Walker(histories, simulation).run(params)
    replay = Replay(histories, simulation, params, open_counter(histories, simulation))
    rulings = Rulings(histories, simulation)
    replay.rulings = rulings
    replay.run()
    found = [*trade_differences(replay, rulings, run), *funnel_differences(rulings, run), *account_differences(replay, run)]
    found += _unequal("rejected", {REJECTIONS[code]: count for code, count in replay.rejected.items()}, run.rejected)
    return Compared(found, run, len(replay.trades))


def trade_differences(replay: Replay, rulings: Rulings, run: Run) -> Iterator[str]:
    """Trades, one by one and field by field, with the rulings that they came from."""
    yield from _unequal("trades", len(replay.trades), len(run.trades))
    for at, (replayed, walked) in enumerate(zip(replay.trades, run.trades, strict=False)):
        name = f"trade {at} of {replayed.symbol} at {replayed.entry_time_ms}"
        for field in TRADE_FIELDS:
            yield from _unequal(f"{name}: {field}", getattr(replayed, field), getattr(walked.trade, field))
        origin = rulings.entries[replayed.symbol, replayed.entry_time_ms]
        yield from _unequal(f"{name}: regime", origin.regime.regime, walked.regime)
        yield from _unequal(f"{name}: confidence", origin.opinion.confidence, walked.confidence)


def funnel_differences(rulings: Rulings, run: Run) -> Iterator[str]:
    """How many bars were judged and entered, and how often each check did not hold."""
    yield from _unequal("judged", rulings.judged, run.judged)
    yield from _unequal("entered", len(rulings.entries), run.entered)
    for code in Code:
        yield from _unequal(f"{code.name}", rulings.funnel[code], run.funnel.get(code, 0))


def account_differences(replay: Replay, run: Run) -> Iterator[str]:
    """The money at the end, the latch, and what was left open."""
    saved, desks = replay.trader.books.saved, replay.trader.desks
    yield from _unequal("wallet", saved.wallet, run.wallet_after)
    # Where in a bar the latch was set, only its settlements could tell: entries are decided on closes, so the bar is compared.
    latches = (saved.latch.set_ms if saved.latch else 0, run.latched_ms)
    yield from _unequal("latched, in bars", *(-(-one // run.interval_ms) for one in latches))
    held = {symbol: desk.memory.holding for symbol, desk in desks.items() if desk.memory.holding is not None}
    walked = {one.symbol: one for one in run.left_open}
    yield from _unequal("left open", sorted(held), sorted(walked))
    for symbol in held.keys() & walked.keys():
        trade, left = held[symbol].trade, walked[symbol]
        values = (trade.side, trade.entry_time_ms, trade.entry_price, held[symbol].quantity)
        yield from _unequal(f"{symbol} open", values, (left.side, left.entry_time_ms, left.entry_price, left.quantity))


def _unequal(name: str, replayed: object, walked: object) -> Iterator[str]:
    if replayed != walked:
        yield f"{name}: {replayed} replayed, {walked} walked"


# --- the whole of all files ---------------------------------------------------------------------------------------------


def whole(name: str, settings: str) -> dict[str, Any]:
    """One file under one of the settings, from its first candle to its last."""
    began = time.monotonic()
    given = history(name)
    seen = compared([given], Simulation(), WHOLE[settings])
    return {
        "file": name,
        "settings": settings,
        "bars": len(given.candles),
        "trades": seen.replayed,
        "judged": seen.run.judged,
        "differences": len(seen.differences),
        "first": seen.differences[:MOST_SHOWN],
        "seconds": round(time.monotonic() - began, 1),
    }


def recorded_names(intervals: Sequence[str]) -> list[str]:
    """The recorded files of some intervals, the short ones first."""
    files = [file for one in intervals for file in RECORDED.glob(f"*-{one}.parquet")]
    return [file.stem for file in sorted(files, key=lambda file: file.stat().st_size)]


def compare_all(intervals: Sequence[str], kept: Path | None) -> int:
    """Compare what is not in `kept` yet, two files at a time; the number of differences."""
    done: list[dict[str, Any]] = json.loads(kept.read_text()) if kept is not None and kept.exists() else []
    have = {(one["file"], one["settings"]) for one in done}
    wanted = [(name, one) for one in WHOLE for name in recorded_names(intervals) if (name, one) not in have]
    with ProcessPoolExecutor(WORKERS) as pool:
        for future in as_completed([pool.submit(whole, *one) for one in wanted]):
            done.append(future.result())
            print("{file}, {settings}: {bars} bars, {trades} trades, {differences} differences".format(**done[-1]), flush=True)
            for line in done[-1]["first"]:
                print(f"  {line}", flush=True)
            if kept is not None:
                partial = kept.with_suffix(".partial")
                partial.write_text(json.dumps(done, indent=1))
                partial.replace(kept)
    trades, bars = (sum(one[name] for one in done) for name in ("trades", "bars"))
    differences = sum(one["differences"] for one in done)
    print(f"{len(done)} walks, {bars:,} bars, {trades:,} trades: {differences} differences")
    return int(differences)


def main() -> int:
    """Compare, and say with 1 that something differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.past", description="history replayed against history compiled")
    parser.add_argument("--all", action="store_true", required=True, help="the whole of all recorded files")
    parser.add_argument("--json", type=Path, help="what was compared is kept here, and not compared again")
    parser.add_argument("--intervals", nargs="+", default=["1h", "15m"])
    given = parser.parse_args()
    return 1 if compare_all(given.intervals, given.json) else 0


if __name__ == "__main__":
    sys.exit(main())
