"""Every tunable once: its name, unit, range, default and group (trading rules, `../docs/trading.md`).

`TradingParams` holds numbers only, so the crafts that read it can be compiled for history. Values are checked at the
border by `checked`, never inside.
"""

import math
from typing import Final, Literal, NamedTuple


class RuleWeights(NamedTuple):
    """One weight per rule for one regime. 0 takes the rule out of every sum."""

    trend_following: float = 1.0
    momentum: float = 1.0
    breakout: float = 1.0
    mean_reversion: float = 1.0
    volume_spike: float = 1.0
    macd: float = 1.0
    volatility: float = 1.0


class RegimeWeights(NamedTuple):
    """A rule set per regime."""

    range: RuleWeights = RuleWeights()
    bull_trend: RuleWeights = RuleWeights(mean_reversion=0.0)
    bear_trend: RuleWeights = RuleWeights(mean_reversion=0.0)
    unclear: RuleWeights = RuleWeights()


class TradingParams(NamedTuple):
    """All tunables. The ranges and units stand in `TUNABLES`."""

    # indicators
    rsi_period: int = 14
    macd_fast: int = 12
    macd_slow: int = 26
    macd_signal: int = 9
    ema_short: int = 9
    ema_long: int = 21
    ema_trend: int = 50
    ema_slow: int = 200
    bollinger_period: int = 20
    bollinger_deviations: float = 2.0
    atr_period: int = 14
    atr_mean_period: int = 50
    adx_period: int = 14
    volume_period: int = 20
    volatility_lookback: int = 3
    # regime
    regime_adx: float = 20.0
    # rules
    fresh_cross_bars: int = 3
    trend_span: float = 0.5
    momentum_long_from: float = 55.0
    momentum_long_to: float = 80.0
    momentum_short_from: float = 20.0
    momentum_short_to: float = 45.0
    momentum_span: float = 20.0
    breakout_base: float = 0.5
    reversion_distance: float = 2.0
    reversion_base: float = 0.5
    reversion_span: float = 4.0
    volume_factor: float = 2.0
    volume_span: float = 3.0
    macd_span: float = 0.25
    volatility_factor: float = 1.25
    volatility_gain: float = 2.0
    weights: RegimeWeights = RegimeWeights()
    # decision
    bias_threshold: float = 0.3
    activation_threshold: float = 0.7
    # gate
    adx_minimum: float = 25.0
    adx_chop_filter: int = 1
    adx_falling_from: float = 50.0
    adx_falling_threshold: float = 0.05
    stable_bars: int = 3
    cooldown_bars: int = 3
    # size
    risk_per_trade: float = 0.01
    stop_atr_multiplier: float = 1.5
    max_position_value_ratio: float = 0.10
    leverage: int = 10
    min_position_value: float = 5.0
    liquidation_buffer: float = 0.20
    # veto
    max_positions: int = 1
    max_atr_fraction: float = 0.05
    max_drawdown: float = 0.10
    max_spread_bps: float = 10.0
    max_funding_rate: float = 0.001
    funding_window_minutes: float = 5.0
    max_daily_loss: float = 0.05
    max_loss_streak: int = 4
    loss_streak_lock_hours: float = 12.0
    # exits
    take_profit_multiplier: float = 2.0
    exit_on_range: int = 0
    max_position_hours: float = 24.0
    # confirm
    proposal_seconds: float = 60.0
    max_price_drift_atr: float = 0.25


class Tunable(NamedTuple):
    """What a tunable may be. `riskier` tells which way raises the owner's risk: up, down, either or no way."""

    name: str
    group: str
    unit: str
    low: float
    high: float
    whole: bool = False
    riskier: Literal["up", "down", "either", "none"] = "either"


TUNABLES: Final = (
    Tunable("rsi_period", "indicators", "bars", 2, 100, whole=True),
    Tunable("macd_fast", "indicators", "bars", 2, 100, whole=True),
    Tunable("macd_slow", "indicators", "bars", 3, 200, whole=True),
    Tunable("macd_signal", "indicators", "bars", 2, 100, whole=True),
    Tunable("ema_short", "indicators", "bars", 2, 200, whole=True),
    Tunable("ema_long", "indicators", "bars", 2, 400, whole=True),
    Tunable("ema_trend", "indicators", "bars", 2, 500, whole=True),
    Tunable("ema_slow", "indicators", "bars", 2, 500, whole=True),
    Tunable("bollinger_period", "indicators", "bars", 2, 200, whole=True),
    Tunable("bollinger_deviations", "indicators", "deviations", 0.5, 5),
    Tunable("atr_period", "indicators", "bars", 2, 100, whole=True),
    Tunable("atr_mean_period", "indicators", "bars", 2, 500, whole=True),
    Tunable("adx_period", "indicators", "bars", 2, 100, whole=True),
    Tunable("volume_period", "indicators", "bars", 2, 200, whole=True),
    Tunable("volatility_lookback", "indicators", "bars", 1, 50, whole=True),
    Tunable("regime_adx", "regime", "ADX", 0, 100, riskier="down"),
    Tunable("fresh_cross_bars", "rules", "bars", 1, 50, whole=True, riskier="up"),
    Tunable("trend_span", "rules", "ATR", 0.01, 10, riskier="down"),
    Tunable("momentum_long_from", "rules", "RSI", 0, 100, riskier="down"),
    Tunable("momentum_long_to", "rules", "RSI", 0, 100, riskier="up"),
    Tunable("momentum_short_from", "rules", "RSI", 0, 100, riskier="down"),
    Tunable("momentum_short_to", "rules", "RSI", 0, 100, riskier="up"),
    Tunable("momentum_span", "rules", "RSI", 1, 100, riskier="down"),
    Tunable("breakout_base", "rules", "strength", 0, 1, riskier="up"),
    Tunable("reversion_distance", "rules", "ATR", 0, 20, riskier="down"),
    Tunable("reversion_base", "rules", "strength", 0, 1, riskier="up"),
    Tunable("reversion_span", "rules", "ATR", 0.01, 50, riskier="down"),
    Tunable("volume_factor", "rules", "times average", 0, 100, riskier="down"),
    Tunable("volume_span", "rules", "times average", 0.01, 100, riskier="down"),
    Tunable("macd_span", "rules", "ATR", 0.01, 10, riskier="down"),
    Tunable("volatility_factor", "rules", "times average", 0, 10, riskier="down"),
    Tunable("volatility_gain", "rules", "times", 0, 100, riskier="up"),
    Tunable("bias_threshold", "decision", "bias", 0, 1, riskier="down"),
    Tunable("activation_threshold", "decision", "confidence", 0.05, 0.95, riskier="down"),
    Tunable("adx_minimum", "gate", "ADX", 0, 100, riskier="down"),
    Tunable("adx_chop_filter", "gate", "on/off", 0, 1, whole=True, riskier="down"),
    Tunable("adx_falling_from", "gate", "ADX", 0, 100, riskier="up"),
    Tunable("adx_falling_threshold", "gate", "fraction", 0, 1, riskier="up"),
    Tunable("stable_bars", "gate", "bars", 0, 500, whole=True, riskier="down"),
    Tunable("cooldown_bars", "gate", "bars", 0, 500, whole=True, riskier="down"),
    Tunable("risk_per_trade", "size", "fraction of equity", 0.0001, 0.05, riskier="up"),
    Tunable("stop_atr_multiplier", "size", "ATR", 0.1, 10, riskier="up"),
    Tunable("max_position_value_ratio", "size", "fraction of equity", 0.001, 1, riskier="up"),
    Tunable("leverage", "size", "times", 1, 125, whole=True, riskier="up"),
    Tunable("min_position_value", "size", "USDT", 0, 100_000, riskier="none"),
    Tunable("liquidation_buffer", "size", "R", 0, 5, riskier="down"),
    Tunable("max_positions", "veto", "positions", 1, 100, whole=True, riskier="up"),
    Tunable("max_atr_fraction", "veto", "fraction of price", 0.0001, 1, riskier="up"),
    Tunable("max_drawdown", "veto", "fraction of peak equity", 0.001, 1, riskier="up"),
    Tunable("max_spread_bps", "veto", "bps", 0, 1_000, riskier="up"),
    Tunable("max_funding_rate", "veto", "fraction", 0, 1, riskier="up"),
    Tunable("funding_window_minutes", "veto", "minutes", 0, 480, riskier="down"),
    Tunable("max_daily_loss", "veto", "fraction of the day's first equity", 0.001, 1, riskier="up"),
    Tunable("max_loss_streak", "veto", "trades", 1, 1_000, whole=True, riskier="up"),
    Tunable("loss_streak_lock_hours", "veto", "hours", 0, 720, riskier="down"),
    Tunable("take_profit_multiplier", "exits", "R", 0.1, 50),
    Tunable("exit_on_range", "exits", "on/off", 0, 1, whole=True, riskier="none"),
    Tunable("max_position_hours", "exits", "hours", 0.01, 8_760, riskier="up"),
    Tunable("proposal_seconds", "confirm", "seconds", 5, 3_600, riskier="up"),
    Tunable("max_price_drift_atr", "confirm", "ATR", 0, 10, riskier="up"),
    *(
        Tunable(f"weight.{rule}.{regime}", "weights", "weight", 0, 10)
        for regime in RegimeWeights._fields
        for rule in RuleWeights._fields
    ),
)
BY_NAME: Final = {tunable.name: tunable for tunable in TUNABLES}


class BadParam(ValueError):
    """A tunable's name or value is wrong. The text says what is allowed."""


def checked(name: str, value: float) -> float:
    """Return the value, or raise `BadParam` where the name is unknown or the value outside its range."""
    tunable = BY_NAME.get(name)
    if tunable is None:
        raise BadParam(f"unknown setting {name!r}")
    if not math.isfinite(value) or not tunable.low <= value <= tunable.high:
        raise BadParam(f"{name} is {tunable.low:g} to {tunable.high:g} {tunable.unit}, not {value:g}")
    if tunable.whole and value != int(value):
        raise BadParam(f"{name} is a whole number, not {value:g}")
    return int(value) if tunable.whole else float(value)


def read(params: TradingParams, name: str) -> float:
    """Return one tunable by its name, `weight.<rule>.<regime>` included."""
    if name.startswith("weight."):
        _, rule, regime = name.split(".")
        return float(getattr(getattr(params.weights, regime), rule))
    return float(getattr(params, name))


def tuned(params: TradingParams, name: str, value: float) -> TradingParams:
    """Return the parameters with one tunable changed. Raises `BadParam`."""
    value = checked(name, value)
    if not name.startswith("weight."):
        return params._replace(**{name: value})  # type: ignore[arg-type]  # the name was checked above
    _, rule, regime = name.split(".")
    weights = getattr(params.weights, regime)._replace(**{rule: value})
    return params._replace(weights=params.weights._replace(**{regime: weights}))


def conflict(params: TradingParams) -> str:
    """Say which tunables contradict each other, or ""."""
    if params.macd_fast >= params.macd_slow:
        return f"macd_fast ({params.macd_fast}) must be shorter than macd_slow ({params.macd_slow})"
    if params.ema_short >= params.ema_long:
        return f"ema_short ({params.ema_short}) must be shorter than ema_long ({params.ema_long})"
    if params.momentum_long_from >= params.momentum_long_to:
        return "momentum_long_from must be below momentum_long_to"
    if params.momentum_short_from >= params.momentum_short_to:
        return "momentum_short_from must be below momentum_short_to"
    return ""


def raises_risk(name: str, before: float, after: float) -> bool:
    """Tell whether a change needs the second factor."""
    riskier = BY_NAME[name].riskier
    if before == after or riskier == "none":
        return False
    return riskier == "either" or (after > before) == (riskier == "up")
