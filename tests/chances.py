"""Settings and moments drawn at random from all that is allowed, unknown values among them. The chance is the caller's."""

import random

from engine.model.situation import Situation
from engine.params import RegimeWeights, RuleWeights, TradingParams
from tests import builders

NAN = float("nan")


def random_params(chance: random.Random) -> TradingParams:
    """Settings from the whole allowed range, small periods more often, so that rings turn over."""
    weights = RegimeWeights(
        *(RuleWeights(*(chance.choice((0.0, 0.5, 1.0, 3.7)) for _ in RuleWeights._fields)) for _ in RegimeWeights._fields)
    )
    fast = chance.randint(2, 15)
    return builders.params(
        rsi_period=chance.randint(2, 30),
        macd_fast=fast,
        macd_slow=fast + chance.randint(1, 20),
        macd_signal=chance.randint(2, 12),
        ema_short=chance.randint(2, 12),
        ema_long=chance.randint(13, 40),
        ema_trend=chance.randint(2, 60),
        ema_slow=chance.randint(2, 90),
        bollinger_period=chance.randint(2, 40),
        bollinger_deviations=chance.uniform(0.5, 3.0),
        atr_period=chance.randint(2, 30),
        atr_mean_period=chance.randint(2, 60),
        adx_period=chance.randint(2, 30),
        volume_period=chance.randint(2, 40),
        volatility_lookback=chance.randint(1, 9),
        regime_adx=chance.uniform(0.0, 50.0),
        fresh_cross_bars=chance.randint(1, 6),
        reversion_distance=chance.uniform(0.0, 4.0),
        volume_factor=chance.uniform(0.5, 3.0),
        volatility_factor=chance.uniform(0.5, 2.0),
        bias_threshold=chance.uniform(0.0, 1.0),
        activation_threshold=chance.uniform(0.05, 0.95),
        adx_chop_filter=chance.randint(0, 1),
        adx_falling_from=chance.uniform(10.0, 60.0),
        stop_atr_multiplier=chance.uniform(0.1, 6.0),
        risk_per_trade=chance.uniform(0.0001, 0.05),
        max_position_value_ratio=chance.uniform(0.001, 1.0),
        leverage=chance.randint(1, 125),
        max_position_hours=chance.uniform(0.01, 100.0),
        exit_on_range=chance.randint(0, 1),
        weights=weights,
    )


def random_situation(chance: random.Random, price: float) -> Situation:
    """A moment in which anything may stand against an entry, unknown values among it."""
    equity = chance.choice((0.0, 37.5, 10_000.0, 1e9, NAN))
    return builders.situation(
        sides=chance.randint(1, 3),
        is_paused=chance.random() < 0.1,
        is_latched=chance.random() < 0.1,
        symbol_locked_ms=chance.choice((0, 0, 5_000)),
        bars_since_exit=chance.choice((0, 1, 5, 1_000_000_000)),
        data_age_ms=chance.choice((0, 3_000, 3_001)),
        has_position=chance.random() < 0.2,
        equity=equity,
        peak_equity=equity * chance.uniform(1.0, 1.2),
        day_start_equity=equity * chance.uniform(0.9, 1.1),
        available=chance.choice((equity, 0.0, NAN)),
        open_positions=chance.randint(0, 2),
        price=chance.choice((price, price, price, NAN)),
        spread_bps=chance.choice((0.5, 30.0, NAN)),
        funding_rate=chance.uniform(-0.003, 0.003),
        funding_in_ms=chance.choice((0, 1, 299_999, 300_000, 9_000_000)),
    )
