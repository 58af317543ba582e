"""A walk against the Trader itself: equal where it is, and whatever differs is named."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from bot.backtest_audit import paper
from engine.backtest.audit.trader import TRADE_FIELDS, Exchange, trader_compared
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.kernel import Walker
from engine.backtest.result import Closed, Rejection, Run
from engine.model.orders import ExitReason
from engine.model.signals import Code, Regime, Side
from tests import builders
from tests.markets import made_up
from tests.past import UNLIMITED, history

QUICK = {"ema_slow": 30, "ema_trend": 20, "atr_mean_period": 10, "stable_bars": 0, "cooldown_bars": 0}
PARAMS = builders.params(activation_threshold=0.2, max_positions=2, **QUICK, **UNLIMITED)
TERMS = Simulation(warmup_bars=60)


@cache
def made_up_two() -> tuple[SymbolHistory, ...]:
    return made_up(5, 200), made_up(6, 160, symbol="BTCUSDT", first=40)


@cache
def walked() -> Run:
    run = Walker(made_up_two(), TERMS).run(PARAMS)
    assert len(run.trades) > 5
    return run


def differences(run: Run, exchange: Exchange | None = None) -> tuple[str, ...]:
    histories = made_up_two()
    return trader_compared(run, histories, TERMS, PARAMS, exchange or paper(histories, TERMS)).differences


def with_trade(at: int, **parts: Any) -> Run:
    """The walk with one trade told otherwise."""
    trades = list(walked().trades)
    of_history = {name: parts.pop(name) for name in ("regime", "confidence") if name in parts}
    trades[at] = replace(trades[at], trade=replace(trades[at].trade, **parts), **of_history)
    return replace(walked(), trades=tuple(trades))


def test_recorded_candles_agree_and_say_how_much_was_compared() -> None:
    histories, params = [history("LTCUSDT-15m", 0, 900)], builders.params(activation_threshold=0.4, **UNLIMITED)
    terms = Simulation(warmup_bars=250)
    run = Walker(histories, terms).run(params)

    seen = trader_compared(run, histories, terms, params, paper(histories, terms))

    assert seen.differences == ()
    assert seen.trades == seen.replayed == len(run.trades) > 10
    assert seen.judged == run.judged > 600


def test_made_up_markets_agree() -> None:
    assert differences(walked()) == ()


@pytest.mark.parametrize("field", TRADE_FIELDS)
def test_one_field_of_one_trade_is_found_and_named(field: str) -> None:
    trade = walked().trades[2].trade
    others: dict[str, Any] = {"symbol": "XRPUSDT", "side": Side(-trade.side), "reason": ExitReason.MANUAL}
    given = getattr(trade, field)
    other = others[field] if field in others else given + (1 if isinstance(given, int) else Decimal("0.00000001"))

    (found,) = differences(with_trade(2, **{field: other}))

    assert found.startswith(f"trade 3 of {trade.symbol} at 20")
    assert f": {field}: " in found
    assert found.endswith(" walked")


@pytest.mark.parametrize(("field", "value"), [("regime", Regime.UNCLEAR), ("confidence", 0.123)])
def test_what_a_trade_came_from_is_compared_too(field: str, value: Any) -> None:
    (found,) = differences(with_trade(0, **{field: value}))

    assert f": {field}: " in found


def fewer(run: Run) -> tuple[Closed, ...]:
    return run.trades[:-1]


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda run: {"trades": fewer(run)}, "trades: "),
        (lambda run: {"wallet_after": run.wallet_after + Decimal("0.00000001")}, "wallet: "),
        (lambda run: {"latched_ms": run.end_ms}, "latched, in bars: 0 replayed"),
        (lambda run: {"judged": run.judged - 1}, "judged: "),
        (lambda run: {"entered": run.entered + 1}, "entered: "),
        (lambda run: {"funnel": {**run.funnel, Code.ADX_LOW: 1}}, "ADX_LOW: "),
        (lambda run: {"rejected": {Rejection.NO_MARGIN: 3}}, "rejected, no_margin: 0 replayed, 3 walked"),
    ],
)
def test_what_differs_in_the_account_or_the_funnel_is_named(change: Callable[[Run], dict[str, Any]], named: str) -> None:
    (found,) = differences(replace(walked(), **change(walked())))

    assert found.startswith(named)


def test_what_is_left_open_is_compared_field_by_field() -> None:
    histories = made_up_two()
    for bars in range(199, 100, -1):
        shorter = [replace(one, candles=one.candles.part(0, min(bars, len(one.candles)))) for one in histories]
        run = Walker(shorter, TERMS).run(PARAMS)
        if run.left_open:
            break
    (left, *others) = run.left_open

    equal = trader_compared(run, shorter, TERMS, PARAMS, paper(shorter, TERMS))
    other = replace(run, left_open=(replace(left, quantity=left.quantity + 1), *others))
    seen = trader_compared(other, shorter, TERMS, PARAMS, paper(shorter, TERMS))

    assert equal.differences == ()
    assert [one.partition(": ")[0] for one in seen.differences] == [f"{left.symbol} left open"]
    assert "quantity" in seen.differences[0]


def test_a_rejection_that_the_walk_does_not_know_is_told_by_its_number() -> None:
    params = PARAMS._replace(leverage=1, max_position_value_ratio=1.0, risk_per_trade=0.05)
    histories = [made_up(seed, 200, symbol=f"A{seed}USDT") for seed in range(3)]
    run = Walker(histories, TERMS).run(params)
    known = paper(histories, TERMS)

    seen = trader_compared(run, histories, TERMS, params, known._replace(rejections={}))

    assert run.rejected
    assert trader_compared(run, histories, TERMS, params, known).differences == ()
    assert any(one.startswith("rejected, -") for one in seen.differences)
    assert all(one.startswith("rejected, ") for one in seen.differences)
