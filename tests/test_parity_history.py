"""The compiled walk is the Trader itself: over recorded and over made-up candles both make the same trades, to the last digit,
and refuse the same bars for the same reasons.
"""

import random
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.backtest.history import Candles, Costs, Simulation, SymbolHistory
from engine.backtest.kernel import Walker
from engine.backtest.result import RawTrades, Rejection, Run
from engine.model.market import DAY_MS, INTERVAL_MS, Bracket
from engine.model.orders import ExitReason
from engine.model.signals import Code, Side, Sides
from engine.params import TradingParams
from tests import builders
from tests.markets import FIRST_MS, eager_params, made_up
from tests.past import UNLIMITED, compared, history

SHORT_WARMUP: Final = Simulation(warmup_bars=250)
NAMES: Final = ("ETHUSDT", "BTCUSDT", "SOLUSDT")


def equal(histories: list[SymbolHistory], simulation: Simulation, **values: Any) -> Run:
    """Walk both ways, insist that nothing differs, and give the walk."""
    seen = compared(histories, simulation, builders.params(**values))
    assert seen.differences == []
    return seen.run


def reasons(run: Run) -> set[ExitReason | None]:
    return {one.trade.reason for one in run.trades}


@pytest.mark.parametrize(("name", "begin", "count"), [("LTCUSDT-15m", 0, 900), ("BTCUSDT-1h", 20_000, 900)])
def test_recorded_bars_give_the_same_trades_and_refusals(name: str, begin: int, count: int) -> None:
    run = equal([history(name, begin, begin + count)], SHORT_WARMUP, activation_threshold=0.4, **UNLIMITED)

    assert len(run.trades) > 10
    assert {ExitReason.STOP_LOSS, ExitReason.TAKE_PROFIT, ExitReason.TRAILING_STOP} <= reasons(run)
    assert run.funnel[Code.ADX_LOW] > run.funnel[Code.POSITION_OPEN] > 0


@pytest.mark.parametrize("leverage", [20, 50])
def test_minutes_of_a_crash_give_the_same_trades_however_close_the_liquidation_lies(leverage: int) -> None:
    crash = history("ETHUSDT-1m", 199_300, 200_300)  # 2021-05-19, from 09:40 on

    run = equal(
        [crash],
        SHORT_WARMUP,
        activation_threshold=0.2,
        stop_atr_multiplier=0.3,
        leverage=leverage,
        max_atr_fraction=0.2,
        cooldown_bars=0,
        **UNLIMITED,
    )

    assert len(run.trades) > 50


def test_a_range_and_six_hours_end_the_same_positions() -> None:
    bars = history("XRPUSDT-15m", 50_000, 51_000)

    run = equal([bars], SHORT_WARMUP, activation_threshold=0.3, exit_on_range=1, max_position_hours=6.0, **UNLIMITED)

    assert {ExitReason.TIME_LIMIT, ExitReason.REGIME_CHANGE} <= reasons(run)


@pytest.mark.parametrize(("sides", "side"), [(Sides.LONG, Side.LONG), (Sides.SHORT, Side.SHORT)])
def test_one_side_only_and_a_beginning_within_the_candles(sides: Sides, side: Side) -> None:
    bars = history("SOLUSDT-1h", 2_000, 2_800)
    from_ms = int(bars.candles.open_time_ms[400])

    run = equal([bars], replace(SHORT_WARMUP, sides=sides, from_ms=from_ms), activation_threshold=0.3, **UNLIMITED)

    assert {one.trade.side for one in run.trades} == {side}
    assert min(one.trade.entry_time_ms for one in run.trades) >= from_ms
    assert run.funnel[Code.SIDE_NOT_ALLOWED] > 0


def test_an_entry_decided_on_the_bar_that_closes_at_the_beginning_is_taken_at_its_open() -> None:
    bars, params = history("SOLUSDT-1h", 2_000, 2_800), {"activation_threshold": 0.3, **UNLIMITED}
    whole = equal([bars], SHORT_WARMUP, **params)
    later = next(one.trade.entry_time_ms for one in whole.trades if one.trade.entry_time_ms > whole.begin_ms + DAY_MS)

    run = equal([bars], replace(SHORT_WARMUP, from_ms=later), **params)
    between = equal([bars], replace(SHORT_WARMUP, from_ms=later + 1), **params)

    assert run.trades[0].trade.entry_time_ms == run.begin_ms == later
    assert between.trades[0].trade.entry_time_ms > later
    assert between.begin_ms == later + bars.candles.interval_ms
    assert between.judged == run.judged - 1


@pytest.mark.parametrize(
    ("rejection", "parts", "values"),
    [
        (Rejection.NO_MARGIN, {}, {"leverage": 1, "max_position_value_ratio": 1.0, "risk_per_trade": 0.05}),
        (Rejection.BELOW_MINIMUM, {"min_notional": Decimal(995)}, {"leverage": 1, "max_position_value_ratio": 0.1}),
        (
            Rejection.OVER_LEVERAGE,
            {"brackets": (Bracket(10_000.0, 10, 0.005, 0.0), Bracket(1e12, 1, 0.01, 50.0))},
            {"leverage": 10, "max_position_value_ratio": 0.1, "risk_per_trade": 0.05},
        ),
    ],
)
def test_what_the_exchange_rejects_at_the_open_is_counted_and_accounts_for_every_entry(
    rejection: Rejection, parts: dict[str, Any], values: dict[str, Any]
) -> None:
    bars = history("ETHUSDT-1h", 2_000, 2_800)
    fine = replace(bars.rules, step_size=Decimal("0.00001"), min_quantity=Decimal("0.00001"), **parts)

    run = equal([replace(bars, rules=fine)], SHORT_WARMUP, activation_threshold=0.3, **values, **UNLIMITED)

    assert run.rejected.get(rejection, 0) > 0
    assert run.entered - len(run.trades) - len(run.left_open) - sum(run.rejected.values()) in (0, 1)  # decided on the last bar


def test_days_made_of_hours_give_the_same_trades() -> None:
    run = equal(
        [daily(history("BTCUSDT-1h", 0, 24 * 1_000))],
        SHORT_WARMUP,
        activation_threshold=0.2,
        max_atr_fraction=0.2,
        max_position_hours=336.0,
        **UNLIMITED,
    )

    assert len(run.trades) > 20
    assert any(one.trade.funding for one in run.trades)


def daily(given: SymbolHistory) -> SymbolHistory:
    """Hours added up to days of UTC; what does not make a whole day is left out."""
    hours = given.candles
    begin = int(np.flatnonzero(hours.open_time_ms % DAY_MS == 0)[0])
    part = hours.part(begin, begin + (len(hours) - begin) // 24 * 24)
    opened, high, low, close, volume = (
        column.reshape(-1, 24) for column in (part.open, part.high, part.low, part.close, part.volume)
    )
    prices = (opened[:, 0].copy(), high.max(axis=1), low.min(axis=1), close[:, -1].copy())
    return replace(given, candles=Candles(hours.symbol, DAY_MS, part.open_time_ms[::24].copy(), *prices, volume.sum(axis=1)))


@pytest.mark.parametrize(("symbols", "most"), [(2, 1), (3, 2), (3, 3)])
def test_several_symbols_share_one_account(symbols: int, most: int) -> None:
    names = ("SOLUSDT-1h", "XRPUSDT-1h", "BNBUSDT-1h")[:symbols]
    histories = [history(name, 3_000 + 25 * at, 3_500 + 10 * at) for at, name in enumerate(names)]

    run = equal(histories, SHORT_WARMUP, activation_threshold=0.3, max_positions=most, **UNLIMITED)

    assert len({one.trade.symbol for one in run.trades}) == symbols
    assert any(one.trade.funding for one in run.trades)
    assert (run.funnel.get(Code.TOO_MANY_POSITIONS, 0) > 0) == (most < symbols)


@pytest.mark.parametrize(
    ("limit", "value", "code"),
    [
        ("max_drawdown", 0.015, Code.LATCHED),
        ("max_daily_loss", 0.005, Code.DAILY_LOSS),
        ("max_loss_streak", 2, Code.LOSS_STREAK),
    ],
)
def test_limits_of_the_account_hold_on_the_same_bars(limit: str, value: float, code: Code) -> None:
    bars = history("ETHUSDT-1h", 1_200, 1_900)

    run = equal([bars], SHORT_WARMUP, activation_threshold=0.3, **{**UNLIMITED, limit: value})

    assert run.funnel[code] > 0
    assert (run.latched_ms > 0) == (code is Code.LATCHED)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(
    seed=st.integers(0, 1_000_000),
    symbols=st.sampled_from((1, 1, 2, 3)),
    interval=st.sampled_from(("1m", "15m", "1h", "4h", "1d")),
    warmup_bars=st.sampled_from((1, 20, 60)),
    sides=st.sampled_from(Sides),
    late_bars=st.sampled_from((0, 70)),
    wallet=st.sampled_from((100, 10_000, 1_000_000)),
)
def test_made_up_markets_under_any_settings_give_the_same(
    seed: int, symbols: int, interval: str, warmup_bars: int, sides: Sides, late_bars: int, wallet: int
) -> None:
    chance = random.Random(seed)
    histories = [
        made_up(seed + at, chance.randint(100, 180), symbol=name, interval=interval, first=chance.choice((0, 0, 7, 40)))
        for at, name in enumerate(NAMES[:symbols])
    ]
    from_ms = FIRST_MS + late_bars * INTERVAL_MS[interval] if late_bars else 0
    costs = Costs(*(chance.choice((0, one, 7 * one)) for one in (500, 100, 100, 12_500)))
    simulation = Simulation(Decimal(wallet), costs, warmup_bars, sides, from_ms)

    assert compared(histories, simulation, eager_params(chance)).differences == []


def test_a_walk_that_goes_otherwise_is_told_in_every_field(monkeypatch: pytest.MonkeyPatch) -> None:
    run = Walker.run

    def otherwise(walker: Walker, params: TradingParams) -> Run:
        return run(walker, params._replace(stop_atr_multiplier=1.01 * params.stop_atr_multiplier, adx_minimum=24.0))

    monkeypatch.setattr(Walker, "run", otherwise)

    seen = compared([history("ETHUSDT-1h", 0, 700)], SHORT_WARMUP, builders.params(activation_threshold=0.3, **UNLIMITED))

    told = " ".join(seen.differences)
    assert all(f": {name} " in told or f"{name}:" in told for name in ("quantity", "first_stop", "fees", "wallet", "ADX_LOW"))


def columns(raw: RawTrades) -> list[bytes]:
    return [np.ascontiguousarray(column).tobytes() for column in raw]


def test_passing_by_what_cannot_be_entered_changes_no_trade() -> None:
    trades = 0
    for seed in range(12):
        chance = random.Random(seed)
        histories = [made_up(seed + at, 1_500, symbol=name, first=50 * at) for at, name in enumerate(NAMES[: 1 + seed % 3])]
        walker, params = Walker(histories, Simulation(warmup_bars=60)), eager_params(chance)

        counted, quick = (walker.walked(params, is_counted=way) for way in (True, False))

        assert columns(counted.trades) == columns(quick.trades)
        assert counted.account["wallet"] == quick.account["wallet"]
        trades += len(quick.trades.side)
    assert trades > 300


@pytest.mark.parametrize(("leverage", "stop"), [(20, 1.0), (50, 0.5), (100, 0.3)])
def test_gaps_beyond_the_liquidation_price_end_the_same_positions_and_all_entries(leverage: int, stop: float) -> None:
    eager = {"take_profit_multiplier": 5.0, "max_position_hours": 48.0, "max_atr_fraction": 0.2, "cooldown_bars": 0}
    given = {**eager, **UNLIMITED, "leverage": leverage, "stop_atr_multiplier": stop, "stable_bars": 0}
    liquidated = 0
    for seed in range(10):
        params = eager_params(random.Random(seed), **given, max_position_value_ratio=0.1)

        seen = compared([made_up(seed, 250)], Simulation(warmup_bars=20), params)

        assert seen.differences == []
        if ExitReason.LIQUIDATED in reasons(seen.run):
            liquidated += 1
            assert seen.run.trades[-1].trade.reason is ExitReason.LIQUIDATED
            assert seen.run.latched_ms > 0
    assert liquidated >= 2


def test_a_position_at_the_end_of_its_candles_is_left_open_whatever_others_go_on() -> None:
    went_on = made_up(371_321, 140, symbol="BTCUSDT", interval="1d")
    left = set[str]()
    for seed in range(6):
        ended = made_up(seed, 120, interval="1d")
        params = eager_params(random.Random(seed), max_position_hours=48.0, max_positions=2, **UNLIMITED)
        seen = compared([ended, went_on], Simulation(warmup_bars=20), params)

        assert seen.differences == []
        left |= {one.symbol for one in seen.run.left_open}
    assert "ETHUSDT" in left


def test_threads_side_by_side_walk_as_one_after_the_other() -> None:
    walker = Walker([made_up(5, 4_000), made_up(6, 4_000, symbol="BTCUSDT")], Simulation(warmup_bars=60))
    wanted = [eager_params(random.Random(at % 5), activation_threshold=0.05 + 0.02 * at) for at in range(20)]
    alone = [columns(walker.trades(params)) for params in wanted]

    with ThreadPoolExecutor(4) as threads:
        together = [columns(raw) for raw in threads.map(walker.trades, wanted)]

    assert together == alone
