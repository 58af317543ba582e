"""A run's trades against the page's, bar for bar and reason for reason.

Levels are taken from the prices at which the run really entered, so that slippage moves no touch. A bar that holds both stop
and target may go either way: the page follows the run through it, and the bar is listed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np

from tests.audit.page_files import moment
from tests.audit.page_signals import Bars
from tests.audit.page_trades import Place, Rules, Trade, page_trades

LONG: Final = ("long", "buy", "1", "+1")
SHORT: Final = ("short", "sell", "-1")
SAME_REASON: Final = {
    "stop": "stop_loss",
    "trail": "trailing_stop",
    "trailing": "trailing_stop",
    "target": "take_profit",
    "regime": "regime_change",
    "time": "time_limit",
}


class SeenTrade(NamedTuple):
    """A trade of the run; times are the open times of the bars in which it was entered and left."""

    symbol: str
    side: int
    entry_bar_ms: int
    entry_price: float
    exit_bar_ms: int
    exit_price: float
    reason: str


@dataclass(slots=True)
class Comparison:
    """What was found: `differences` fail the run, `ambiguous`, `resumed` and `ends` are only listed."""

    page: list[Trade]
    seen: list[SeenTrade]
    matched: int = 0
    differences: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    resumed: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)


def compare(candles: Sequence[Bars], trades: Sequence[Mapping[str, Any]], rules: Rules, *, tolerance: float) -> Comparison:
    """Hold the trades of a report against the page; `tolerance` is the allowed fraction between two prices."""
    seen = [read_seen(trade, candles[0].interval_ms) for trade in trades]
    page, forced = followed(candles, seen, rules._replace(fills=real_fills(candles, seen, tolerance)))
    comparison = Comparison(page, seen)
    bars = {one.symbol: one for one in candles}
    apart_until: int | None = None
    for mine, theirs in pairs(page, seen):
        begin, end = span(mine, theirs)
        if apart_until is not None and begin >= apart_until:
            comparison.resumed.append(f"both flat, compared anew from {moment(begin)}")
            apart_until = None
        found = judge(comparison, mine, theirs, bars, tolerance)
        note = " (follows from the difference before)" if apart_until is not None else ""
        comparison.differences += [line + note for line in found]
        if found or apart_until is not None:
            apart_until = max(end, apart_until or 0)
    for mine in page:
        if mine.ambiguous:
            way = "the run went the other way" if (mine.symbol, mine.exit_time_ms) in forced else "as the page"
            comparison.ambiguous.append(
                f"{mine.symbol} {moment(mine.exit_time_ms)}: stop {mine.stop:.8g} and target {mine.target:.8g} in one bar, "
                f"{mine.reason}; {way}"
            )
    return comparison


def read_seen(trade: Mapping[str, Any], interval_ms: int) -> SeenTrade:
    """Read one trade of a report."""
    side = str(trade["side"]).lower()
    if side not in LONG + SHORT:
        raise ValueError(f"unknown side {trade['side']!r}")
    reason = str(trade["reason"]).lower()
    return SeenTrade(
        symbol=str(trade["symbol"]),
        side=1 if side in LONG else -1,
        entry_bar_ms=int(trade["entry_time_ms"]) // interval_ms * interval_ms,
        entry_price=float(trade["entry_price"]),
        exit_bar_ms=int(trade["exit_time_ms"]) // interval_ms * interval_ms,
        exit_price=float(trade["exit_price"]),
        reason=SAME_REASON.get(reason, reason),
    )


def real_fills(candles: Sequence[Bars], seen: Sequence[SeenTrade], tolerance: float) -> dict[Place, float]:
    """Take the entry prices that lie close enough to the open of their bar."""
    bars = {one.symbol: one for one in candles}
    fills: dict[Place, float] = {}
    for trade in seen:
        first = open_price(bars.get(trade.symbol), trade.entry_bar_ms)
        if first is not None and is_near(trade.entry_price, first, tolerance):
            fills[(trade.symbol, trade.entry_bar_ms)] = trade.entry_price
    return fills


def followed(candles: Sequence[Bars], seen: Sequence[SeenTrade], rules: Rules) -> tuple[list[Trade], dict[Place, str]]:
    """Walk the page, taking the run's way, one after the other, through the bars where both ways are right."""
    runs = {(trade.symbol, trade.entry_bar_ms, trade.side): trade for trade in seen}
    forced: dict[Place, str] = {}
    while True:
        page = page_trades(candles, rules._replace(forced=forced))
        for mine in page:
            theirs = runs.get((mine.symbol, mine.entry_time_ms, mine.side))
            place = (mine.symbol, mine.exit_time_ms)
            if theirs is None or not mine.ambiguous or place in forced or theirs.exit_bar_ms != mine.exit_time_ms:
                continue
            if (theirs.reason == "take_profit") != (mine.reason == "take_profit"):
                forced[place] = theirs.reason
                break
        else:
            return page, forced


def pairs(page: Sequence[Trade], seen: Sequence[SeenTrade]) -> Iterator[tuple[Trade | None, SeenTrade | None]]:
    """Join by symbol and bar of entry, in the order of time; a second trade with the same place stands alone."""
    mine = {(trade.entry_time_ms, trade.symbol): trade for trade in page}
    theirs: dict[tuple[int, str], list[SeenTrade]] = {}
    for trade in seen:
        theirs.setdefault((trade.entry_bar_ms, trade.symbol), []).append(trade)
    for place in sorted(mine.keys() | theirs.keys()):
        found = theirs.get(place, [None])
        yield mine.get(place), found[0]
        yield from ((None, other) for other in found[1:])


def span(mine: Trade | None, theirs: SeenTrade | None) -> tuple[int, int]:
    """Say from when to when either of the two is in the market."""
    begins = [one.entry_time_ms for one in (mine,) if one] + [one.entry_bar_ms for one in (theirs,) if one]
    ends = [one.exit_time_ms for one in (mine,) if one] + [one.exit_bar_ms for one in (theirs,) if one]
    return min(begins), max(ends)


def judge(
    comparison: Comparison, mine: Trade | None, theirs: SeenTrade | None, bars: Mapping[str, Bars], tolerance: float
) -> list[str]:
    """Give a line for each thing in which the two differ."""
    if mine is None:
        assert theirs is not None
        last_open = max(int(one.open_time[-1]) for one in bars.values())
        if theirs.entry_bar_ms > last_open:
            comparison.ends.append(f"{named(theirs)}: entered after the last bar")
            return []
        return [f"{named(theirs)}: the page has no such entry; the run left {moment(theirs.exit_bar_ms)} by {theirs.reason}"]
    if theirs is None:
        if mine.reason == "open":
            comparison.ends.append(f"{named(mine)}: still open on the page after the last bar, and not closed in the run")
            return []
        return [f"{named(mine)}: missing in the run; the page leaves {moment(mine.exit_time_ms)} by {mine.reason}"]
    found = []
    if mine.side != theirs.side:
        return [f"{named(theirs)}: the page has the other side"]
    first = open_price(bars[mine.symbol], mine.entry_time_ms)
    assert first is not None
    if not is_near(theirs.entry_price, first, tolerance):
        found.append(f"{named(mine)}: entered at {theirs.entry_price:.8g}, the bar opened at {first:.8g}")
    found += judge_exit(comparison, mine, theirs, tolerance)
    comparison.matched += not found
    return found


def judge_exit(comparison: Comparison, mine: Trade, theirs: SeenTrade, tolerance: float) -> list[str]:
    """Compare bar, reason and price of the way out."""
    if mine.reason == "open":
        if theirs.exit_bar_ms >= mine.exit_time_ms:
            comparison.ends.append(f"{named(mine)}: still open on the page, the run ended it with the market ({theirs.reason})")
            return []
        return [f"{named(mine)}: left {moment(theirs.exit_bar_ms)} by {theirs.reason}, on the page it is held to the end"]
    if theirs.exit_bar_ms != mine.exit_time_ms or theirs.reason != mine.reason:
        return [
            f"{named(mine)}: left {moment(theirs.exit_bar_ms)} by {theirs.reason} at {theirs.exit_price:.8g}, "
            f"on the page {moment(mine.exit_time_ms)} by {mine.reason} at {mine.exit_price:.8g}"
        ]
    if not is_near(theirs.exit_price, mine.exit_price, tolerance):
        return [f"{named(mine)}: left by {mine.reason} at {theirs.exit_price:.8g}, on the page at {mine.exit_price:.8g}"]
    return []


def named(trade: Trade | SeenTrade) -> str:
    """Name a trade."""
    begin = trade.entry_time_ms if isinstance(trade, Trade) else trade.entry_bar_ms
    return f"{trade.symbol} {'long' if trade.side > 0 else 'short'} {moment(begin)}"


def open_price(bars: Bars | None, time_ms: int) -> float | None:
    """Look up the open of a bar."""
    if bars is None:
        return None
    index = int(np.searchsorted(bars.open_time, time_ms))
    if index >= len(bars.open_time) or bars.open_time[index] != time_ms:
        return None
    return float(bars.open[index])


def is_near(price: float, wanted: float, tolerance: float) -> bool:
    """Say whether two prices are as good as the same."""
    return abs(price - wanted) <= tolerance * wanted
