"""Ready-made words of the model for tests: each builder gives something ordinary, and takes by name what matters.

Walks are seeded, so a failure comes back. Recorded candles are read where they are present, and skip the test where not.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as parquet
import pytest

from engine.execution.ids import client_id, intent_id
from engine.execution.lot_rules import lot_rules
from engine.features import pipeline
from engine.model.market import DAY_MS, INTERVAL_MS, Bar, Bracket, LotRules, SymbolRules
from engine.model.orders import ExitPlan, Fill, IntentState, Role, Trade, TriggerBy
from engine.model.saved import EntryIntent, Holding, SavedAccount, SavedDesk, StopOrder
from engine.model.signals import Features, Opinion, Proposal, Regime, RegimeState, Side, Sides, Vote, Votes
from engine.model.situation import Situation
from engine.params import TradingParams
from engine.state import ledger

HOUR_MS: Final = INTERVAL_MS["1h"]
START_MS: Final = 1_700_000_000_000 // HOUR_MS * HOUR_MS
RECORDED: Final = Path(__file__).parents[2] / "shared" / "data" / "candles"
INTENT: Final = intent_id("test", "ETHUSDT", "bar:1:1")
BRACKETS: Final = (
    Bracket(50_000.0, 125, 0.004, 0.0),
    Bracket(600_000.0, 100, 0.005, 50.0),
    Bracket(3_000_000.0, 75, 0.0065, 950.0),
    Bracket(1e12, 10, 0.05, 131_450.0),
)


def a_bar(number: int = 0, /, **parts: float) -> Bar:
    """A quiet bar around 2000, the `number`th hour of the walk."""
    bar = Bar(START_MS + number * HOUR_MS, 2_000.0, 2_010.0, 1_990.0, 2_005.0, 1_000.0)
    return bar._replace(**parts)  # type: ignore[arg-type]  # the names are a bar's


def walk(count: int, seed: int, *, price: float = 2_000.0, swing: float = 0.006, first: int = 0) -> list[Bar]:
    """A seeded walk of sound bars with changing drift, quiet stretches, spikes of volume and flat bars."""
    chance, bars, drift = random.Random(seed), [], 0.0
    for number in range(first, first + count):
        if chance.random() < 0.02:
            drift = chance.gauss(0.0, swing / 3)
        opened, size = price, swing * (0.3 if number % 400 < 120 else 1.0)
        price = max(0.01, price * math.exp(chance.gauss(drift, size)))
        if chance.random() < 0.01:
            price = opened
        high = max(opened, price) * (1 + abs(chance.gauss(0, size / 2)))
        low = min(opened, price) * (1 - min(0.5, abs(chance.gauss(0, size / 2))))
        volume = 0.0 if chance.random() < 0.005 else 1_000 * math.exp(chance.gauss(0, 0.7))
        bars.append(Bar(START_MS + number * HOUR_MS, opened, high, low, price, volume))
    return bars


def recorded(name: str, count: int, start: int = 0) -> list[Bar]:
    """Real candles, `name` like "BTCUSDT-1h"."""
    path = RECORDED / f"{name}.parquet"
    if not path.exists():
        pytest.skip(f"recorded candles {path.name} are not on this machine")
    table = parquet.read_table(path, columns=["open_time", "open", "high", "low", "close", "volume"])
    rows = table.slice(start, count).to_pydict()
    bars = [Bar(*row) for row in zip(*rows.values(), strict=True)]
    assert len(bars) == count, f"{path.name} has no {count} candles from {start} on"
    return bars


def params(**values: Any) -> TradingParams:
    """The tunables as they come, with some changed."""
    return TradingParams(**values)


def rules(**parts: Any) -> SymbolRules:
    """Rules like those of ETHUSDT."""
    ordinary: dict[str, Any] = {
        "symbol": "ETHUSDT",
        "tick_size": Decimal("0.01"),
        "step_size": Decimal("0.001"),
        "min_quantity": Decimal("0.001"),
        "max_market_quantity": Decimal(2_000),
        "min_notional": Decimal(20),
        "is_trading": True,
        "brackets": BRACKETS,
    }
    return SymbolRules(**{**ordinary, **parts})


def lot(**parts: Any) -> LotRules:
    """The grid of such rules in whole numbers."""
    return lot_rules(rules(**parts))


def features(**parts: float) -> Features:
    """A quiet bar in a healthy rising market: no rule but the trend and MACD has much to say."""
    quiet = Features(
        open=2_000.0,
        high=2_010.0,
        low=1_995.0,
        close=2_005.0,
        volume=1_000.0,
        rsi=52.0,
        macd=1.0,
        macd_signal=0.5,
        ema_short=2_002.0,
        ema_long=2_000.0,
        ema_trend=1_995.0,
        ema_slow=1_950.0,
        band_low=1_960.0,
        band_mid=2_000.0,
        band_high=2_040.0,
        atr=20.0,
        atr_mean=20.0,
        adx=30.0,
        adx_before=29.0,
        plus_di=25.0,
        minus_di=15.0,
        volume_sma=1_000.0,
        close_back=2_000.0,
        ema_cross_age=10,
        macd_cross_age=10,
    )
    return quiet._replace(**parts)  # type: ignore[arg-type]  # the names are the features'


def unknown() -> Features:
    """What the first bar looks like: only itself is known."""
    nothing = Features(*[math.nan] * len(Features._fields))  # type: ignore[arg-type]  # the ages are set below
    bar = a_bar()
    known = {"open": bar.open, "high": bar.high, "low": bar.low, "close": bar.close, "volume": bar.volume}
    return nothing._replace(**known, ema_cross_age=1_000_000, macd_cross_age=1_000_000)


def regime(kind: Regime = Regime.BULL_TREND, age: int = 10) -> RegimeState:
    """A regime that is not new."""
    return RegimeState(kind, age)


def opinion(proposal: Proposal = Proposal.PROPOSE_LONG, confidence: float = 0.9) -> Opinion:
    """A sure opinion."""
    return Opinion(0.9 * proposal, proposal, confidence)


def votes(**cast: Vote) -> Votes:
    """Everybody abstains but those named."""
    return Votes(*[Vote(0, 0.0)] * len(Votes._fields))._replace(**cast)


def situation(**parts: Any) -> Situation:
    """A moment in which nothing stands against an entry."""
    clear = Situation(
        sides=int(Sides.BOTH),
        is_paused=False,
        is_halted=False,
        is_latched=False,
        symbol_locked_ms=0,
        bars_since_exit=1_000_000_000,
        data_age_ms=100,
        data_age_limit_ms=3_000,
        bars_seen=1_000,
        warmup_bars=1_000,
        has_position=False,
        is_ready=True,
        equity=10_000.0,
        peak_equity=10_000.0,
        day_start_equity=10_000.0,
        available=10_000.0,
        open_positions=0,
        loss_streak=0,
        streak_locked_ms=0,
        price=2_005.0,
        spread_bps=1.0,
        funding_rate=0.0001,
        funding_in_ms=4 * HOUR_MS,
    )
    return clear._replace(**parts)


def plan(side: int = 1, **parts: float) -> ExitPlan:
    """A plan at 2000 with an R of 30: stop 1970, target 2060, wide stop 1940 (mirrored for a short)."""
    levels = ExitPlan(side, 2_000.0, 30.0, 2_000.0 - side * 30, 2_000.0 + side * 60, 2_000.0 - side * 60, 2_000.0, START_MS)
    return levels._replace(**parts)  # type: ignore[arg-type]  # the names are a plan's


def looked_at(bars: Sequence[Bar], params: TradingParams) -> list[Features]:
    """The features of each bar, from the first on."""
    state, seen = pipeline.start(params), []
    interval_ms = bars[1].open_time_ms - bars[0].open_time_ms
    for bar in bars:
        state, now = pipeline.step(state, bar, bar.open_time_ms // interval_ms, params)
        seen.append(now)
    return seen


def a_fill(**parts: Any) -> Fill:
    """Our entry's only fill: one ETH bought at 2000 for a fee of 1."""
    ordinary: dict[str, Any] = {
        "symbol": "ETHUSDT",
        "trade_id": 1,
        "order_id": 11,
        "client_id": client_id(Role.ENTRY, INTENT, 0),
        "side": Side.LONG,
        "quantity": Decimal(1),
        "price": Decimal(2_000),
        "fee": Decimal(1),
        "fee_asset": "USDT",
        "realised": Decimal(0),
        "time_ms": START_MS + 5,
    }
    return Fill(**{**ordinary, **parts})


def a_holding(side: Side = Side.LONG, **parts: Any) -> Holding:
    """A position of one ETH since START_MS, told of but not yet covered."""
    opened = ledger.opened(a_fill(side=side), INTENT, 7, plan(int(side)), 20.0, 10, None, seen_ms=1_000)
    return replace(opened, is_told=True, **parts)


def a_trade(**parts: Any) -> Trade:
    """A trade that won 30 before 2 of fees."""
    return replace(a_holding().trade, gross=Decimal(30), fees=Decimal(2), exit_time_ms=START_MS + HOUR_MS, **parts)


def a_stop(role: Role = Role.TIGHT_STOP, generation: int = 1, **parts: Any) -> StopOrder:
    """A stop of that position, seen resting on the exchange."""
    level = {Role.TIGHT_STOP: 1_970, Role.WIDE_STOP: 1_940, Role.TARGET: 2_060}[role]
    ordinary: dict[str, Any] = {
        "client_id": client_id(role, INTENT, generation),
        "role": role,
        "quantity": None if role is Role.WIDE_STOP else Decimal(1),
        "trigger_price": Decimal(level),
        "trigger_by": TriggerBy.MARK if role is Role.WIDE_STOP else TriggerBy.LAST,
        "algo_id": 100 + generation,
        "is_seen": True,
        "is_cancelling": False,
        "refusals": 0,
        "sent_ms": 1_000,
        "retry_at_ms": 2_000,
        "fired_ms": 0,
        "child_order_id": 0,
    }
    return StopOrder(**{**ordinary, **parts})


def an_entry(state: IntentState = IntentState.SENT, **parts: Any) -> EntryIntent:
    """An entry of one ETH, signed at wire time 1000 with 5 s to live."""
    ordinary: dict[str, Any] = {
        "intent_id": INTENT,
        "cause": "bar:1:1",
        "client_id": client_id(Role.ENTRY, INTENT, 0),
        "symbol": "ETHUSDT",
        "side": Side.LONG,
        "quantity": Decimal(1),
        "expected_price": 2_000.0,
        "atr": 20.0,
        "leverage": 10,
        "state": state,
        "signed_ms": 1_000,
        "deadline_ms": 6_000,
        "not_found": 0,
        "asked_ms": 1_000,
        "executed": Decimal(0),
        "final": None,
        "ruling": None,
    }
    return EntryIntent(**{**ordinary, **parts})


def a_desk(**parts: Any) -> SavedDesk:
    """A desk's memory with nothing in it but what is given."""
    return SavedDesk(symbol="ETHUSDT", sides=Sides.BOTH, **parts)


def an_account(**parts: Any) -> SavedAccount:
    """An account of 10 000 whose day has begun."""
    ordinary: dict[str, Any] = {
        "wallet": Decimal(10_000),
        "peak_equity": Decimal(10_000),
        "day_ms": START_MS - START_MS % DAY_MS,
        "day_start_equity": Decimal(10_000),
    }
    return SavedAccount(**{**ordinary, **parts})
