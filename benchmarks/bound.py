"""The bound: what a bare compiled loop takes for as many indicators, votes and exits as ours, written for speed alone.

Fixed periods, multiplications in place of divisions, running sums that drift, no grid, no account, no ledger, no funnel:
nothing here is good enough to trade on, and nothing checks it. It only shows what the machine could do.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, Final

import numba
import numpy as np
from peers import contest

ENTRY_COST: Final = 0.0002
FEE: Final = 0.0005
RISK: Final = 0.01
THRESHOLD: Final = 0.7
LIMIT_BARS: Final = 1_440
WARM_BARS: Final = 1_000
COOL_BARS: Final = 3


def bare[F: Callable[..., Any]](function: F) -> F:
    """Compile."""
    made: F = numba.njit(nogil=True)(function)
    return made


@bare
def averages(seen: Any, close: float) -> Any:
    """EMA 9, 21, 50, 200, MACD 12/26/9 and the ages of two crosses."""
    short, long, trend, slow, fast, late, signal, was_apart, apart_age, was_macd, macd_age = seen
    short += (close - short) * (2.0 / 10.0)
    long += (close - long) * (2.0 / 22.0)
    trend += (close - trend) * (2.0 / 51.0)
    slow += (close - slow) * (2.0 / 201.0)
    fast += (close - fast) * (2.0 / 13.0)
    late += (close - late) * (2.0 / 27.0)
    signal += (fast - late - signal) * (2.0 / 10.0)
    apart, macd = short > long, fast - late > signal
    apart_age = apart_age + 1 if apart == was_apart else 0
    macd_age = macd_age + 1 if macd == was_macd else 0
    return short, long, trend, slow, fast, late, signal, apart, apart_age, macd, macd_age


@bare
def moves(seen: Any, high: float, low: float, close: float, last_high: float, last_low: float, last_close: float) -> Any:
    """Wilder's averages: gains, losses, ranges, directional moves and ADX."""
    gain, loss, atr, plus, minus, adx = seen
    change, up, down = close - last_close, high - last_high, last_low - low
    gain += (max(change, 0.0) - gain) * (1.0 / 14.0)
    loss += (max(-change, 0.0) - loss) * (1.0 / 14.0)
    atr += (max(high, last_close) - min(low, last_close) - atr) * (1.0 / 14.0)
    plus += ((up if up > down and up > 0.0 else 0.0) - plus) * (1.0 / 14.0)
    minus += ((down if down > up and down > 0.0 else 0.0) - minus) * (1.0 / 14.0)
    whole = plus + minus
    adx += ((100.0 * abs(plus - minus) / whole if whole > 0.0 else 0.0) - adx) * (1.0 / 14.0)
    return gain, loss, atr, plus, minus, adx


@bare
def unit(value: float) -> float:
    """Cut to 0..1."""
    return min(max(value, 0.0), 1.0)


@bare
def opinion(lines: Any, atr: float, rsi: float, close: float, is_trend: bool, windows: Any) -> Any:
    """Seven votes weighed: the side, and how sure."""
    short, long, trend, _, fast, late, signal, _, apart_age, _, macd_age = lines
    mid, deviation, volume_share, range_share, lean_open, lean_back = windows
    per_atr = 1.0 / atr
    for_, against, long_weight, short_weight = 0.0, 0.0, 0.0, 0.0
    apart, macd = (short - long) * per_atr, (fast - late - signal) * per_atr
    strength = 1.0 if apart_age < 3 else unit(2.0 * abs(apart))
    if apart > 0.0:
        for_, long_weight = for_ + strength, long_weight + 1.0
    else:
        against, short_weight = against + strength, short_weight + 1.0
    strength = 1.0 if macd_age < 3 else unit(4.0 * abs(macd))
    if macd > 0.0:
        for_, long_weight = for_ + strength, long_weight + 1.0
    else:
        against, short_weight = against + strength, short_weight + 1.0
    if 55.0 < rsi < 80.0:
        for_, long_weight = for_ + unit((rsi - 50.0) * 0.05), long_weight + 1.0
    elif 20.0 < rsi < 45.0:
        against, short_weight = against + unit((50.0 - rsi) * 0.05), short_weight + 1.0
    beyond = abs(close - mid) - deviation
    away = (close - trend) * per_atr
    signs = (close - mid if beyond > 0.0 else 0.0, -away, lean_open, lean_back)
    strengths = (0.5 + beyond * per_atr, 0.5 + (abs(away) - 2.0) * 0.25, (volume_share - 1.0) / 3.0, 2.0 * (range_share - 1.0))
    casts = (beyond > 0.0, abs(away) > 2.0 and not is_trend, volume_share > 2.0, range_share > 1.25)
    for place in range(4):
        if casts[place] and signs[place] > 0.0:
            for_, long_weight = for_ + unit(strengths[place]), long_weight + 1.0
        elif casts[place] and signs[place] < 0.0:
            against, short_weight = against + unit(strengths[place]), short_weight + 1.0
    lean = (long_weight - short_weight) / (long_weight + short_weight)
    share = 1.0 / 6.0 if is_trend else 1.0 / 7.0
    if lean > 0.3:
        return 1, for_ * share
    return (-1, against * share) if lean < -0.3 else (0, 0.0)


@bare
def look(open_: Any, high: Any, low: Any, close: Any, volume: Any, wishes: Any, adxs: Any, atrs: Any, regimes: Any) -> None:
    """All bars: the side where everything but ADX's minimum lets an entry through, else 0; ADX, ATR and the regime."""
    lines = (close[0], close[0], close[0], close[0], close[0], close[0], 0.0, True, 100, True, 100)
    state = (0.0, 0.0, high[0] - low[0], 0.0, 0.0, 0.0)
    total = squares = volumes = ranges = 0.0
    origin, ring = close[0], np.zeros(50)
    regime, age, adx_before = 0, 0, 0.0
    for bar in range(1, len(close)):
        lines = averages(lines, close[bar])
        state = moves(state, high[bar], low[bar], close[bar], high[bar - 1], low[bar - 1], close[bar - 1])
        gain, loss, atr, _, _, adx = state
        value, volumes = close[bar] - origin, volumes + volume[bar]
        total, squares, ranges = total + value, squares + value * value, ranges + atr - ring[bar % 50]
        ring[bar % 50] = atr
        if bar > 20:
            old = close[bar - 20] - origin
            total, squares, volumes = total - old, squares - old * old, volumes - volume[bar - 20]
        mean = total * 0.05
        deviation = 2.0 * math.sqrt(max(squares * 0.05 - mean * mean, 0.0))
        rsi = 100.0 * gain / (gain + loss + 1e-12)
        is_trend, above = adx >= 20.0, close[bar] > lines[1]
        now = 0 if not is_trend else (1 if above and rsi > 50.0 else (-1 if not above and rsi < 50.0 else 2))
        age, regime = (age + 1, regime) if now == regime else (0, now)
        back = close[bar] - close[max(bar - 3, 0)]
        lean = close[bar] - open_[bar]
        windows = (mean + origin, deviation, 20.0 * volume[bar] / (volumes + 1e-12), 50.0 * atr / ranges, lean, back)
        side, sure = opinion(lines, atr + 1e-12, rsi, close[bar], now * now == 1, windows)
        is_falling = adx_before > 50.0 and adx <= 0.95 * adx_before
        is_wish = side == now and sure >= THRESHOLD and age >= 3 and not is_falling and bar >= WARM_BARS
        wishes[bar], adxs[bar], atrs[bar], regimes[bar] = side if is_wish else 0, adx, atr, now
        adx_before = adx


@bare
def walk(prices: Any, wishes: Any, adxs: Any, atrs: Any, regimes: Any, setting: Any, trades: Any) -> int:
    """The trades of one setting from what was seen; a row each: bars of entry and exit, side, prices, net."""
    gate, stop_atr, target_r = setting
    open_, close = prices[0], prices[3]
    count, bar, last = 0, WARM_BARS, len(close) - 1
    while bar < last:
        side = int(wishes[bar])
        if side == 0 or adxs[bar] < gate:
            bar += 1
            continue
        entry = open_[bar + 1] * (1.0 + side * ENTRY_COST)
        distance = stop_atr * atrs[bar]
        left, price = held(prices, atrs, regimes, bar + 1, side, entry, distance, stop_atr, target_r)
        if left > last:
            break
        fill, quantity = price * (1.0 - side * ENTRY_COST), RISK / distance
        trades[count, 0], trades[count, 1], trades[count, 2], trades[count, 3], trades[count, 4] = (
            bar + 1,
            left,
            side,
            entry,
            fill,
        )
        trades[count, 5] = quantity * (side * (fill - entry) - FEE * (entry + fill))
        count, bar = count + 1, left + COOL_BARS
    return count


@bare
def held(
    prices: Any, atrs: Any, regimes: Any, begin: int, side: int, entry: float, distance: float, stop_atr: float, target_r: float
) -> Any:
    """The bar on which a position is left, and the price before costs. Past the end: it is still held."""
    open_, high, low, close = prices
    stop, target, best = entry - side * distance, entry + side * distance * target_r, close[begin]
    for bar in range(begin, len(close)):
        worst, reach = (low[bar], high[bar]) if side > 0 else (high[bar], low[bar])
        if side * (worst - stop) <= 0.0:
            return bar, open_[bar] if side * (open_[bar] - stop) < 0.0 else stop
        if side * (reach - target) >= 0.0:
            return bar, open_[bar] if side * (open_[bar] - target) > 0.0 else target
        if regimes[bar] == -side or bar - begin >= LIMIT_BARS:
            return (bar + 1, open_[bar + 1]) if bar + 1 < len(close) else (bar + 1, 0.0)
        best = close[bar] if side * (close[bar] - best) > 0.0 else best
        trail = best - side * atrs[bar] * stop_atr
        stop = trail if side * (trail - stop) > 0.0 else stop
    return len(close), 0.0


class Bound:
    """The loop over one year, with the arrays that it writes into."""

    def __init__(self, year: contest.Year) -> None:
        bars = len(year.close)
        self._year, self._prices = year, (year.open, year.high, year.low, year.close)
        self._wishes, self._regimes = np.zeros(bars, dtype=np.int8), np.zeros(bars, dtype=np.int8)
        self._adxs, self._atrs = np.zeros(bars), np.zeros(bars)
        self._trades = np.zeros((bars // 2, 6))

    def look(self) -> None:
        """Indicators and votes."""
        year = self._year
        look(year.open, year.high, year.low, year.close, year.volume, self._wishes, self._adxs, self._atrs, self._regimes)

    def walked(self, settings: contest.Settings) -> contest.Result:
        """The trades of one setting after `look`."""
        seen = (self._wishes, self._adxs, self._atrs, self._regimes)
        count = walk(self._prices, *seen, tuple(settings), self._trades)
        return contest.Result(count, float(self._trades[:count, 5].sum()))


def once(bound: Bound, settings: contest.Settings) -> contest.Result:
    """Everything for one setting."""
    bound.look()
    return bound.walked(settings)


def many(bound: Bound, grid: Sequence[contest.Settings]) -> list[contest.Result]:
    """Indicators and votes once, then setting by setting."""
    bound.look()
    return [bound.walked(settings) for settings in grid]


if __name__ == "__main__":
    contest.compete(
        name="bound",
        version=f"numba {numba.__version__}",
        prepare=Bound,
        once=once,
        many=many,
        counted="arrays -> one compiled pass for indicators and votes -> one for trades",
    )
