"""History knows nothing of the future: what comes later changes nothing before it, and a side drawn by lot earns nothing.

Each proof is held against a walk that does cheat, or pay: a test that cannot fail proves nothing.
"""

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any, Final, NamedTuple

import numpy as np
import pytest

from bot.histories import load_histories
from engine.backtest import track
from engine.backtest.history import Candles, Costs, Funding, Simulation, SymbolHistory
from engine.backtest.kernel import Walker
from engine.backtest.records import ENTERING, HELD
from engine.backtest.result import Walked
from engine.model.market import INTERVAL_MS
from engine.model.signals import Regime
from engine.params import TradingParams
from tests import builders
from tests.builders import RECORDED
from tests.markets import FIRST_MS, eager_params, made_up
from tests.past import UNLIMITED, cut, history

FREE: Final = Costs(taker_ppm=0, half_spread_ppm=0, slippage_ppm=0)
NO_FUNDING: Final = Funding(np.array([], np.int64), np.array([], np.int64))
WARM: Final = Simulation(warmup_bars=250)
EAGER: Final = builders.params(activation_threshold=0.3, max_positions=2, **UNLIMITED)
ROOMY: Final = {**UNLIMITED, "leverage": 10, "max_position_value_ratio": 0.1}
"""No gap makes an entry dearer than the margin allows: an entry that was decided is made, whatever comes."""
STEPS: Final = 60  # of a martingale within a bar
SURE: Final = 2.576  # standard errors on either side of a mean: 99 in 100

type Rows = list[tuple[Any, ...]]


class Known(NamedTuple):
    """What a walk came to by a moment: trades closed before it, entries made before it, and entries decided for it."""

    closed: Rows
    entered: Rows
    decided: Rows


def walked(histories: list[SymbolHistory], simulation: Simulation, params: TradingParams) -> Walked:
    return Walker(histories, simulation).walked(params, is_counted=True)


def known(by: Walked, by_ms: int) -> Known:
    """What was known of a walk at a moment. Where its candles end then, the entries that wait for the next open are decided."""
    trades = list(zip(*(column.tolist() for column in by.trades), strict=True))
    made = [one[:4] + one[5:6] for one in trades]
    decided: Rows = []
    for symbol, place in enumerate(by.places):
        if place["stage"] >= HELD:
            made.append((symbol, *(int(place[name]) for name in ("side", "lots", "entry_ms", "entry_ticks"))))
        elif place["stage"] == ENTERING:
            decided.append((symbol, int(place["side"]), int(place["lots"])))
    decided += [one[:3] for one in made if one[3] == by_ms]
    return Known([one for one in trades if one[4] < by_ms], sorted(one for one in made if one[3] < by_ms), sorted(decided))


def markets() -> Iterator[tuple[list[SymbolHistory], Simulation, TradingParams]]:
    """Recorded ones, made-up ones, and two at a time."""
    yield [history("ETHUSDT-1h", 0, 2_000)], WARM, EAGER
    yield [history("XRPUSDT-15m", 70_000, 72_000)], WARM, EAGER
    yield [history(name, 2_000, 4_000) for name in ("SOLUSDT-1h", "BNBUSDT-1h")], WARM, EAGER
    for seed in range(4):
        some = [made_up(seed, 800), made_up(seed + 9, 800, symbol="BTCUSDT")]
        yield some, Simulation(warmup_bars=60), eager_params(random.Random(seed), **ROOMY)


def beginnings(histories: list[SymbolHistory], simulation: Simulation, params: TradingParams, ends: Iterable[int]) -> int:
    """Cut the candles at some places, insist that nothing changes before these, and count what was decided at them."""
    whole, decided = walked(histories, simulation, params), 0
    for end in ends:
        end_ms = histories[0].candles.part(0, end).end_ms
        part = known(walked([cut(one, 0, end) for one in histories], simulation, params), end_ms)
        assert part == known(whole, end_ms)
        decided += len(part.decided)
    return decided


def test_any_beginning_of_the_candles_gives_the_trades_and_decisions_of_the_whole() -> None:
    decided = 0
    for histories, simulation, params in markets():
        decided += beginnings(histories, simulation, params, range(300, len(histories[0].candles), 29))
    assert decided > 5


@pytest.mark.parametrize("name", ["LTCUSDT-1m.202307", "SOLUSDT-15m"])
def test_a_file_read_up_to_some_day_gives_the_trades_of_the_whole_though_its_rules_are_inferred(name: str) -> None:
    """The lot of the one would be another by its later prices, the tick of the other too."""
    whole = read(name)
    expected, interval_ms = walked([whole], Simulation(), EAGER), whole.candles.interval_ms

    for bars in (1_100, 3_000, 9_000):
        end_ms = int(whole.candles.open_time_ms[0]) + bars * interval_ms
        part, all_ = known(walked([read(name, end_ms)], Simulation(), EAGER), end_ms), known(expected, end_ms)
        assert part.closed == all_.closed
        assert part.entered == all_.entered
    assert len(part.closed) > 100


def read(name: str, end_ms: int | None = None) -> SymbolHistory:
    """Recorded candles up to a moment, as the product reads them."""
    path = RECORDED / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"recorded candles {path.name} are not on this machine")
    ways: dict[str, Any] = {"interval": None, "begin_ms": None, "rules": None, "funding": ()}
    return load_histories((path,), end_ms=end_ms, warmup_bars=1_000, **ways).histories[0]


def shuffled(candles: Candles, at: int) -> Candles:
    """Bars from a place on in another order: their times stay."""
    order = np.concatenate((np.arange(at), at + np.random.default_rng(at).permutation(len(candles) - at)))
    opened, high, low, close, volume = (getattr(candles, one)[order] for one in ("open", "high", "low", "close", "volume"))
    return replace(candles, open=opened, high=high, low=low, close=close, volume=volume)


def shifted(candles: Candles, at: int) -> Candles:
    """Bars from a place on at other prices, and each one a bar earlier."""
    order = np.concatenate((np.arange(at), np.minimum(np.arange(at, len(candles)) + 1, len(candles) - 1)))
    factor = np.where(np.arange(len(candles)) < at, 1.0, 1.25)
    opened, high, low, close = (getattr(candles, one)[order] * factor for one in ("open", "high", "low", "close"))
    return replace(candles, open=opened, high=high, low=low, close=close, volume=candles.volume[order])


@pytest.mark.parametrize("changed", [shuffled, shifted])
def test_another_future_changes_nothing_before_it(changed: Callable[[Candles, int], Candles]) -> None:
    for histories, simulation, params in markets():
        whole = walked(histories, simulation, params)
        for at in range(350, len(histories[0].candles) - 100, 149):
            others = [replace(one, candles=changed(one.candles, at)) for one in histories]
            by_ms = int(histories[0].candles.open_time_ms[at])

            assert known(walked(others, simulation, params), by_ms) == known(whole, by_ms)


def test_a_walk_that_looks_one_bar_ahead_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    fill = track.fill

    def peeking(rows: Any, *given: Any, **named: Any) -> int:
        candidates = fill(rows, *given, **named)
        for name in ("confidence", "age", "regime", "side"):
            rows[name][:-1] = rows[name][1:].copy()
        return candidates

    monkeypatch.setattr(track, "fill", peeking)
    histories, simulation, params = next(markets())

    with pytest.raises(AssertionError):
        beginnings(histories, simulation, params, range(300, 2_000, 7))


# --- sides drawn by lot ---------------------------------------------------------------------------------------------------


def drawn_by_lot(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Let chance propose: sides at random bars, each in the regime that lets it in."""
    fill, chance = track.fill, np.random.default_rng(seed)

    def drawn(rows: Any, *given: Any, **named: Any) -> int:
        candidates = fill(rows, *given, **named)
        side = chance.choice(np.array([-1, 0, 0, 1], np.int8), len(rows))
        rows["side"], rows["confidence"], rows["age"], rows["adx"] = side, 1.0, 100, 30.0
        rows["regime"] = np.where(side > 0, int(Regime.BULL_TREND), int(Regime.BEAR_TREND))
        return candidates

    monkeypatch.setattr(track, "fill", drawn)


def martingale(seed: int, count: int) -> SymbolHistory:
    """A price that goes a tick up or down, all the time: every level is met exactly, and nobody can earn or lose on it."""
    moves = np.random.default_rng(seed).choice(np.array([-1, 1], np.int64), (count, STEPS))
    path = 2_000_000 + np.cumsum(moves).reshape(count, STEPS)
    opened = np.concatenate(([2_000_000], path[:-1, -1]))
    extremes = np.maximum(path.max(axis=1), opened), np.minimum(path.min(axis=1), opened)
    times = FIRST_MS + INTERVAL_MS["1h"] * np.arange(count, dtype=np.int64)
    first, high, low, close = (np.round(ticks / 100.0, 2) for ticks in (opened, *extremes, path[:, -1]))
    candles = Candles("ETHUSDT", INTERVAL_MS["1h"], times, first, high, low, close, np.ones(count))
    return SymbolHistory(candles, builders.rules(), NO_FUNDING)


def interval_in_r(given: SymbolHistory, costs: Costs) -> tuple[float, float, int]:
    """Where the mean result of a trade lies, with 99 % certainty, in R, and the number of trades."""
    params = builders.params(stop_atr_multiplier=3.0, cooldown_bars=0, exit_on_range=0, **UNLIMITED)
    walker = Walker([given], Simulation(costs=costs, warmup_bars=100))
    raw = walker.walked(params, is_counted=True).trades
    results = (raw.gross - raw.fees + raw.funding) / raw.risk
    mean, error = float(results.mean()), float(results.std(ddof=1)) / len(results) ** 0.5
    return mean - SURE * error, mean + SURE * error, len(results)


@pytest.mark.parametrize("seed", range(3))
def test_sides_drawn_by_lot_earn_and_lose_nothing_on_a_martingale_without_costs(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_by_lot(monkeypatch, seed)

    low, high, trades = interval_in_r(martingale(seed, 60_000), FREE)

    assert trades > 5_000
    assert low < 0.0 < high
    assert high - low < 0.1


@pytest.mark.parametrize("name", ["BTCUSDT-1h", "ETHUSDT-15m", "XRPUSDT-15m"])
def test_sides_drawn_by_lot_earn_and_lose_nothing_on_recorded_candles_before_costs(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn_by_lot(monkeypatch, 7)

    low, high, trades = interval_in_r(replace(history(name), funding=NO_FUNDING), FREE)

    assert trades > 1_000
    assert low < 0.0 < high


def test_sides_drawn_by_lot_lose_what_trading_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn_by_lot(monkeypatch, 7)

    _, high, _ = interval_in_r(replace(history("ETHUSDT-15m"), funding=NO_FUNDING), Costs())

    assert high < 0.0
