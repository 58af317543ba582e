"""The list of trades that the trading page prescribes for recorded bars: an independent second reading of pages 3 to 6.

No slippage, no fees, account limits off. Whatever is decided on a close fills at the next open; levels move on closes and
are touched inside bars.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

import numpy as np

from tests.audit.page_signals import Bars, Readings, Signals, read_signals

type Path = Literal["stop_first", "venue_path"]
type Place = tuple[str, int]  # a symbol and the open time of a bar

TICKS: Final = {"ETHUSDT": 0.01, "BTCUSDT": 0.1, "SOLUSDT": 0.001, "BNBUSDT": 0.01, "XRPUSDT": 0.0001, "LTCUSDT": 0.01}
HOUR_MS: Final = 3_600_000
STOP_ATR: Final = 1.5
TARGET_R: Final = 2.0
COOLDOWN_BARS: Final = 3
MAX_CORRELATION: Final = 0.8
LEVEL_SLACK: Final = 1e-6  # of a tick: float noise in recorded prices


class Rules(NamedTuple):
    """How the bars are walked. `fills` replaces entry prices, `forced` the reason where a bar holds both levels."""

    path: Path = "stop_first"
    warmup: int = 1000
    max_positions: int = 1
    activation_threshold: float = 0.7
    max_position_hours: float = 24.0
    ticks: Mapping[str, float] = TICKS
    readings: Readings = Readings()
    fills: Mapping[Place, float] = {}
    forced: Mapping[Place, str] = {}


class Trade(NamedTuple):
    """One trade of the page; `exit_kind` is next_open, gap, level, or open for a position that outlives the bars."""

    symbol: str
    side: int
    decided_at: int
    entry_time_ms: int
    entry_price: float
    exit_time_ms: int
    exit_kind: str
    exit_price: float
    reason: str
    ambiguous: bool
    stop: float
    target: float


class Exit(NamedTuple):
    """A way out that was found inside a bar or at its open."""

    reason: str
    kind: str
    price: float
    ambiguous: bool


@dataclass(slots=True)
class Desk:
    """What is held of one symbol. `side` is 0 when flat; `coming` is a side, or an exit's reason, due at the next open."""

    bars: Bars
    signals: Signals
    tick: float
    side: int = 0
    entry_bar: int = 0
    entry: float = 0.0
    stop: float = 0.0
    target: float = 0.0
    best: float = 0.0
    has_trailed: bool = False
    coming_side: int = 0
    coming_exit: str = ""
    freed_at: int = -(10**9)  # the bar from which the cooldown counts
    trades: list[Trade] = field(default_factory=list)

    def on_grid(self, price: float) -> float:
        """Round to the nearest tick."""
        return round(price / self.tick) * self.tick


def page_trades(candles: Sequence[Bars], rules: Rules) -> list[Trade]:
    """Walk bars that share their open times; trades come in the order of their entries, symbols in the order given."""
    threshold = rules.activation_threshold
    return walk(
        candles, [read_signals(bars, activation_threshold=threshold, readings=rules.readings) for bars in candles], rules
    )


def walk(candles: Sequence[Bars], signals: Sequence[Signals], rules: Rules) -> list[Trade]:
    """Go bar by bar: first what happens inside the bar to every symbol, then what is decided on its close."""
    desks = [Desk(*pair, rules.ticks[pair[0].symbol]) for pair in zip(candles, signals, strict=True)]
    first = rules.warmup - 1 if rules.readings.warm_bar_decides else rules.warmup
    last = len(candles[0].close) - 1
    for bar in range(first, last + 1):
        for desk in desks:
            live_through(desk, bar, rules)
        for desk in desks:
            decide(desk, bar, desks, rules)
    for desk in desks:
        if desk.side:
            write_down(desk, last, Exit("open", "open", float(desk.bars.close[last]), ambiguous=False))
    order = {desk.bars.symbol: place for place, desk in enumerate(desks)}
    return sorted((trade for desk in desks for trade in desk.trades), key=lambda one: (one.entry_time_ms, order[one.symbol]))


def live_through(desk: Desk, bar: int, rules: Rules) -> None:
    """The bar from its open to just before its close: fill what was decided, then look for touches."""
    if desk.coming_exit:
        decided = bar - 1 if rules.readings.cooldown_from_decision else bar
        write_down(desk, bar, Exit(desk.coming_exit, "next_open", float(desk.bars.open[bar]), ambiguous=False))
        desk.freed_at = decided
    if desk.coming_side:
        open_position(desk, bar, rules)
    if desk.side:
        found = touched(desk, bar, rules)
        if found is not None:
            write_down(desk, bar, found)


def open_position(desk: Desk, bar: int, rules: Rules) -> None:
    """Fill at the open; levels from the entry price and the ATR of the bar that decided."""
    side, entry_time = desk.coming_side, int(desk.bars.open_time[bar])
    desk.side, desk.coming_side, desk.entry_bar, desk.has_trailed = side, 0, bar, False
    desk.entry = rules.fills.get((desk.bars.symbol, entry_time), float(desk.bars.open[bar]))
    distance = STOP_ATR * float(desk.signals.atr[bar - 1])
    desk.stop = desk.on_grid(desk.entry - side * distance)
    if rules.readings.r_from_rounded_stop:
        distance = abs(desk.entry - desk.stop)
    desk.target = desk.on_grid(desk.entry + side * TARGET_R * distance)
    desk.best = desk.entry if rules.readings.best_close_from_entry else -side * np.inf


def touched(desk: Desk, bar: int, rules: Rules) -> Exit | None:
    """Stop and target against one bar. A bar counts as ambiguous where its path, not its open, decides which came first."""
    bars, side, slack = desk.bars, desk.side, desk.tick * LEVEL_SLACK
    first, low, high = float(bars.open[bar]), float(bars.low[bar]), float(bars.high[bar])
    best, worst = (high, low) if side > 0 else (low, high)
    stop_reason = "trailing_stop" if desk.has_trailed else "stop_loss"
    at_stop, at_target = side * (worst - desk.stop) <= slack, side * (best - desk.target) >= -slack
    if not at_stop and not at_target:
        return None
    stop_gaps, target_gaps = side * (first - desk.stop) <= slack, side * (first - desk.target) >= -slack
    ambiguous = at_stop and at_target and not stop_gaps
    stopped = Exit(stop_reason, "gap" if stop_gaps else "level", first if stop_gaps else desk.stop, ambiguous)
    taken = Exit("take_profit", "gap" if target_gaps else "level", first if target_gaps else desk.target, ambiguous)
    if not (at_stop and at_target):
        return stopped if at_stop else taken
    forced = rules.forced.get((bars.symbol, int(bars.open_time[bar])))
    if ambiguous and forced is not None:
        return taken if forced == "take_profit" else stopped
    if rules.path == "stop_first" or stop_gaps:
        return stopped
    goes_to_low = low_comes_first(first, low, high, float(bars.close[bar]))
    return taken if target_gaps or goes_to_low != (side > 0) else stopped


def low_comes_first(first: float, low: float, high: float, close: float) -> bool:
    """Say whether the venue's way visits the low first: the nearer extreme, at the same distance by the bar's colour."""
    up, down = round(high - first, 9), round(first - low, 9)
    return down < up or (down == up and close > first)


def write_down(desk: Desk, bar: int, found: Exit) -> None:
    """End the position."""
    times = desk.bars.open_time
    desk.trades.append(
        Trade(
            symbol=desk.bars.symbol,
            side=desk.side,
            decided_at=int(times[desk.entry_bar]),  # bars are seamless: this close is that open
            entry_time_ms=int(times[desk.entry_bar]),
            entry_price=desk.entry,
            exit_time_ms=int(times[bar]),
            exit_kind=found.kind,
            exit_price=found.price,
            reason=found.reason,
            ambiguous=found.ambiguous,
            stop=desk.stop,
            target=desk.target,
        )
    )
    desk.side, desk.coming_exit, desk.freed_at = 0, "", bar


def decide(desk: Desk, bar: int, desks: Sequence[Desk], rules: Rules) -> None:
    """The close of a bar: move the stop and judge the exits of a position, or look for an entry."""
    if desk.side:
        trail(desk, bar, rules.readings)
        desk.coming_exit = exit_on_close(desk, bar, rules)
    elif desk.signals.entry[bar] and bar >= desk.freed_at + COOLDOWN_BARS:
        side = int(desk.signals.entry[bar])
        held = list(others_held(desk, desks, rules.readings))
        if len(held) >= rules.max_positions:
            return
        compared = held if len(held) >= rules.readings.correlated_from_held else []
        if not any(is_correlated(desk, side, other, bar, desks, rules.readings) for other in compared):
            desk.coming_side = side


def trail(desk: Desk, bar: int, readings: Readings) -> None:
    """Best close since entry less 1.5 ATR of now; never loosens."""
    close, side = float(desk.bars.close[bar]), desk.side
    desk.best = max(desk.best, close) if side > 0 else min(desk.best, close)
    wanted = desk.best - side * STOP_ATR * float(desk.signals.atr[bar])
    least = desk.tick if readings.trail_needs_whole_tick else 0.0
    level = desk.on_grid(wanted)
    if side * (wanted - desk.stop) >= least and side * (level - desk.stop) > desk.tick / 2:
        desk.stop, desk.has_trailed = level, True


def exit_on_close(desk: Desk, bar: int, rules: Rules) -> str:
    """The opposite trend, then the time limit; empty where neither says so."""
    bars, readings = desk.bars, rules.readings
    if readings.stop_behind_close_exits and desk.side * (float(bars.close[bar]) - desk.stop) <= 0:
        return "trailing_stop"
    if desk.signals.regime[bar] == -desk.side:
        return "regime_change"
    closed_at = int(bars.open_time[bar]) + bars.interval_ms - int(readings.close_is_last_ms)
    is_over = closed_at - int(bars.open_time[desk.entry_bar]) >= rules.max_position_hours * HOUR_MS
    return "time_limit" if is_over else ""


def others_held(desk: Desk, desks: Sequence[Desk], readings: Readings) -> Iterator[Desk]:
    """The other symbols that take a place: held and not just given up, or entering."""
    for other in desks:
        stays = other.side != 0 and (not other.coming_exit or readings.exit_frees_next_close)
        if other is not desk and (stays or other.coming_side):
            yield other


def is_correlated(desk: Desk, side: int, other: Desk, bar: int, desks: Sequence[Desk], readings: Readings) -> bool:
    """Judge |rho| of the log returns against a position on the same side, or mirrored on the other."""
    names = [one.bars.symbol for one in desks]
    is_later = names.index(other.bars.symbol) > names.index(desk.bars.symbol)
    end = bar + 1 - int(readings.rho_later_symbol_lags and is_later)
    window = slice(end - readings.rho_returns - 1, end)
    returns = [np.diff(np.log(one.bars.close[window])) for one in (desk, other)]
    if any(np.ptp(one) == 0 for one in returns):
        return False
    rho = float(np.corrcoef(returns[0], returns[1])[0, 1])
    held_side = other.side or other.coming_side
    return rho * side * held_side > MAX_CORRELATION
