"""Ready-made runs over history for tests of what is told about them: given results in R, everything else ordinary."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final

import numpy as np

from engine.backtest.history import Candles
from engine.backtest.result import Closed, LeftOpen, Run
from engine.model.market import DAY_MS, INTERVAL_MS
from engine.model.orders import ExitReason, Trade
from engine.model.signals import Code, Regime, Side

HOUR_MS: Final = INTERVAL_MS["1h"]
BEGIN_MS: Final = 1_704_067_200_000  # 2024-01-01
RISK: Final = Decimal(100)  # what each trade risks: R in money


def a_closed(number: int, in_r: float, **parts: Any) -> Closed:
    """A trade that ended `number` days after the beginning with this net result in R; 0.10 of fees, 0.01 of funding paid."""
    side = parts.pop("side", Side.LONG if number % 2 == 0 else Side.SHORT)
    fees, funding = Decimal("0.10"), Decimal("-0.01")
    trade = Trade(
        intent_id=f"intent{number}",
        number=number + 1,
        symbol=parts.pop("symbol", "ETHUSDT"),
        side=side,
        entry_time_ms=BEGIN_MS + number * DAY_MS + 2 * HOUR_MS,
        entry_price=Decimal(2_000),
        quantity=Decimal(2),
        first_stop=Decimal(2_000) - int(side) * 50,
        exit_time_ms=BEGIN_MS + number * DAY_MS + 7 * HOUR_MS,
        exit_price=Decimal(2_010),
        reason=parts.pop("reason", ExitReason.TAKE_PROFIT if in_r > 0 else ExitReason.STOP_LOSS),
        gross=Decimal(str(in_r)) * RISK + fees - funding,
        fees=fees,
        funding=funding,
    )
    ordinary: dict[str, Any] = {
        "regime": Regime.BULL_TREND if side is Side.LONG else Regime.BEAR_TREND,
        "confidence": 0.7 + (number % 5) * 0.05,
        "bars_held": 5,
    }
    return Closed(trade, **{**ordinary, **parts})


def a_run(results_in_r: Sequence[float] = (), *, trades: Sequence[Closed] | None = None, days: int = 120, **parts: Any) -> Run:
    """A run of so many days over 1h bars whose trades came to these results."""
    closed = tuple(a_closed(at, in_r) for at, in_r in enumerate(results_in_r)) if trades is None else tuple(trades)
    day_ms = BEGIN_MS + DAY_MS * np.arange(days, dtype=np.int64)
    wallet = Decimal(10_000)
    equity = [float(wallet + sum(one.trade.net for one in closed if one.trade.exit_time_ms <= at + DAY_MS)) for at in day_ms]
    ordinary: dict[str, Any] = {
        "symbols": ("ETHUSDT",),
        "interval_ms": HOUR_MS,
        "begin_ms": BEGIN_MS,
        "end_ms": BEGIN_MS + days * DAY_MS,
        "wallet_before": wallet,
        "wallet_after": wallet + sum((one.trade.net for one in closed), Decimal(0)),
        "trades": closed,
        "left_open": (),
        "day_ms": day_ms,
        "day_equity": np.asarray(equity, dtype=np.float64),
        "bars": days * 24 + 1_000,
        "judged": days * 24,
        "entered": len(closed),
        "rejected": {},
        "bars_in_position": sum(one.bars_held for one in closed),
        "drawdown": 0.05,
        "latched_ms": 0,
        "funnel": {Code.ADX_LOW: days * 11, Code.CONFIDENCE_LOW: days * 20, Code.LATCHED: 0, Code.NEUTRAL: days * 11},
        "held_return": {"ETHUSDT": 0.08},
    }
    return Run(**{**ordinary, **parts})


def left_open() -> LeftOpen:
    """A short that history ended with."""
    money = Decimal("-12.30"), Decimal("1.80"), Decimal("0.36")
    return LeftOpen("ETHUSDT", Side.SHORT, BEGIN_MS + 100 * DAY_MS, Decimal(2_400), Decimal("1.5"), *money)


def hourly(run: Run, *, first: float = 2_000.0, last: float = 2_160.0, warmup: int = 100) -> Candles:
    """Candles of such a run: flat while warming up, then straight from one price to the other."""
    count = (run.end_ms - run.begin_ms) // HOUR_MS
    path = np.concatenate((np.full(warmup + 1, first), np.linspace(first, last, count + 1)[1:]))
    opened, price = path[:-1], path[1:]
    times = run.begin_ms + HOUR_MS * np.arange(-warmup, count, dtype=np.int64)
    return Candles("ETHUSDT", HOUR_MS, times, opened, price + 20, price - 20, price, np.full(len(price), 10.0))


def moved_to(one: Closed, exit_time_ms: int) -> Closed:
    """The same trade, ended at another time."""
    return replace(one, trade=replace(one.trade, exit_time_ms=exit_time_ms))
