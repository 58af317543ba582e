"""The compiled walk against the Trader itself: the same candles replayed, and everything in which the two differ.

The exchange of the replay is handed in, with the numbers by which it says no: adapters are strangers here.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Final, NamedTuple, Self

from engine.backtest import replay as replays
from engine.backtest.audit.found import TraderCompared
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.replay import Replay, ReplayClock
from engine.backtest.result import Rejection, Run
from engine.model.signals import Code, Ruling, Verdict
from engine.params import TradingParams

TRADE_FIELDS: Final = (
    *("symbol", "side", "entry_time_ms", "entry_price", "quantity", "first_stop"),
    *("exit_time_ms", "exit_price", "reason", "gross", "fees", "funding"),
)


class Exchange(NamedTuple):
    """The exchange of a replay: how it is opened, and what its codes of an entry's rejection mean."""

    open_counter: Callable[[ReplayClock], replays.Counter]
    rejections: Mapping[int, Rejection]


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


def trader_compared(
    run: Run, histories: Sequence[SymbolHistory], simulation: Simulation, params: TradingParams, exchange: Exchange
) -> TraderCompared:
    """Let the Trader itself walk what a run has walked, and list what differs."""
    replay = Replay(histories, simulation, params, exchange.open_counter)
    rulings = Rulings(histories, simulation)
    replay.rulings = rulings
    replay.run()
    found = [*trade_differences(replay, rulings, run), *funnel_differences(rulings, run), *account_differences(replay, run)]
    found += rejection_differences(replay, run, exchange.rejections)
    return TraderCompared(len(run.trades), len(replay.trades), rulings.judged, tuple(found))


def trade_differences(replay: Replay, rulings: Rulings, run: Run) -> Iterator[str]:
    """Trades, one by one and field by field, with the rulings that they came from."""
    yield from _unequal("trades", len(replay.trades), len(run.trades))
    for at, (replayed, walked) in enumerate(zip(replay.trades, run.trades, strict=False), 1):
        name = f"trade {at} of {replayed.symbol} at {_moment(replayed.entry_time_ms)}"
        for field in TRADE_FIELDS:
            yield from _unequal(f"{name}: {field}", getattr(replayed, field), getattr(walked.trade, field))
        origin = rulings.entries.get((replayed.symbol, replayed.entry_time_ms))
        yield from _unequal(f"{name}: regime", origin and origin.regime.regime, walked.regime)
        yield from _unequal(f"{name}: confidence", origin and origin.opinion.confidence, walked.confidence)


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
    for symbol in sorted(held.keys() & walked.keys()):
        trade, left = held[symbol].trade, walked[symbol]
        for field in ("side", "entry_time_ms", "entry_price"):
            yield from _unequal(f"{symbol} left open: {field}", getattr(trade, field), getattr(left, field))
        yield from _unequal(f"{symbol} left open: quantity", held[symbol].quantity, left.quantity)


def rejection_differences(replay: Replay, run: Run, meant: Mapping[int, Rejection]) -> Iterator[str]:
    """How many entries the exchange said no to, and why; a code that the walk does not know by its number."""
    replayed = {meant.get(code, code): count for code, count in replay.rejected.items()}
    for why in (*Rejection, *(one for one in replayed if not isinstance(one, Rejection))):
        walked = run.rejected.get(why, 0) if isinstance(why, Rejection) else 0
        yield from _unequal(f"rejected, {why}", replayed.get(why, 0), walked)


def _unequal(name: str, replayed: object, walked: object) -> Iterator[str]:
    if replayed != walked:
        yield f"{name}: {_shown(replayed)} replayed, {_shown(walked)} walked"


def _shown(value: object) -> str:
    return value.name if isinstance(value, Enum) else str(value)


def _moment(time_ms: int) -> str:
    return f"{datetime.fromtimestamp(time_ms / 1_000, UTC):%Y-%m-%d %H:%M}"
