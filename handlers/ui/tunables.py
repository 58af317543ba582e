"""Words for the tunables: title, unit, group, and their values as people read them."""

from typing import Final

from engine.model.signals import Regime
from engine.params import BY_NAME, TUNABLES, Tunable
from handlers.ui.language import Texts, marked
from handlers.ui.names import REGIME, RULE

GROUP: Final = {
    "size": marked("📐 Size and risk"),
    "veto": marked("🛑 Limits"),
    "gate": marked("🚪 Entry gate"),
    "decision": marked("🎚 Decision"),
    "exits": marked("🎯 Exits"),
    "confirm": marked("✋ Confirm cards"),
    "regime": marked("🧭 Regime"),
    "rules": marked("📏 Rules"),
    "weights": marked("⚖ Rule weights"),
    "indicators": marked("📈 Indicators"),
}
TITLE: Final = {
    "rsi_period": marked("RSI period"),
    "macd_fast": marked("MACD fast period"),
    "macd_slow": marked("MACD slow period"),
    "macd_signal": marked("MACD signal period"),
    "ema_short": marked("Short EMA period"),
    "ema_long": marked("Long EMA period"),
    "ema_trend": marked("Trend EMA period"),
    "ema_slow": marked("Slow EMA period"),
    "bollinger_period": marked("Bollinger period"),
    "bollinger_deviations": marked("Bollinger width"),
    "atr_period": marked("ATR period"),
    "atr_mean_period": marked("ATR mean period"),
    "adx_period": marked("ADX period"),
    "volume_period": marked("Volume mean period"),
    "volatility_lookback": marked("Volatility look-back"),
    "regime_adx": marked("ADX from which a trend counts"),
    "fresh_cross_bars": marked("A cross is fresh for"),
    "trend_span": marked("Trend: full strength at"),
    "momentum_long_from": marked("Momentum long above RSI"),
    "momentum_long_to": marked("Momentum long below RSI"),
    "momentum_short_from": marked("Momentum short above RSI"),
    "momentum_short_to": marked("Momentum short below RSI"),
    "momentum_span": marked("Momentum: full strength at"),
    "breakout_base": marked("Breakout: strength at the band"),
    "reversion_distance": marked("Reversion: distance needed"),
    "reversion_base": marked("Reversion: first strength"),
    "reversion_span": marked("Reversion: full strength after"),
    "volume_factor": marked("Volume spike from"),
    "volume_span": marked("Volume: full strength after"),
    "macd_span": marked("MACD: full strength at"),
    "volatility_factor": marked("Volatility rise from"),
    "volatility_gain": marked("Volatility: gain"),
    "bias_threshold": marked("Bias threshold"),
    "activation_threshold": marked("Confidence threshold"),
    "adx_minimum": marked("Smallest ADX for an entry"),
    "adx_chop_filter": marked("Filter for a falling ADX"),
    "adx_falling_from": marked("ADX is falling from above"),
    "adx_falling_threshold": marked("ADX is falling by"),
    "stable_bars": marked("Trend is stable after"),
    "cooldown_bars": marked("Pause after an exit"),
    "risk_per_trade": marked("Risk per trade"),
    "stop_atr_multiplier": marked("Stop distance"),
    "max_position_value_ratio": marked("Margin cap per position"),
    "leverage": marked("Leverage"),
    "min_position_value": marked("Smallest position"),
    "liquidation_buffer": marked("Room before liquidation"),
    "max_positions": marked("Positions at once"),
    "max_atr_fraction": marked("Highest volatility"),
    "max_drawdown": marked("Drawdown limit (latch)"),
    "max_spread_bps": marked("Widest spread"),
    "max_funding_rate": marked("Highest funding rate"),
    "funding_window_minutes": marked("Funding is near within"),
    "max_daily_loss": marked("Daily loss limit"),
    "max_loss_streak": marked("Losses in a row"),
    "loss_streak_lock_hours": marked("Pause after a loss streak"),
    "take_profit_multiplier": marked("Target distance"),
    "exit_on_range": marked("Leave when the trend ends"),
    "max_position_hours": marked("Longest holding time"),
    "proposal_seconds": marked("A card stays open for"),
    "max_price_drift_atr": marked("Price may drift by"),
}
BARE: Final = ("bias", "confidence", "strength", "weight")  # numbers between 0 and 1, or plain multiples: no unit is said
UNIT: Final = {
    "bars": marked("bars"),
    "deviations": marked("deviations"),
    "ATR": marked("ATR"),
    "ADX": marked("ADX"),
    "RSI": marked("RSI"),
    "R": marked("R"),
    "times average": marked("× average"),
    "times": marked("×"),
    "fraction of equity": marked("of equity"),
    "fraction of price": marked("of the price"),
    "fraction of peak equity": marked("of peak equity"),
    "fraction of the day's first equity": marked("of the day's first equity"),
    "on/off": marked("1 on, 0 off"),
    "USDT": marked("USDT"),
    "positions": marked("positions"),
    "bps": marked("bps"),
    "minutes": marked("minutes"),
    "trades": marked("trades"),
    "hours": marked("hours"),
    "seconds": marked("seconds"),
}
REGIME_OF_WEIGHTS: Final = {
    "range": Regime.RANGE,
    "bull_trend": Regime.BULL_TREND,
    "bear_trend": Regime.BEAR_TREND,
    "unclear": Regime.UNCLEAR,
}
GROUPS: Final = tuple(group for group in GROUP if any(tunable.group == group for tunable in TUNABLES))


def title(texts: Texts, name: str) -> str:
    """What a tunable is called."""
    if not name.startswith("weight."):
        return texts.label(TITLE[name])
    _, rule, regime = name.split(".")
    return texts.label(
        marked("{rule}, {regime}"), rule=texts.label(RULE[rule]), regime=texts.label(REGIME[REGIME_OF_WEIGHTS[regime]])
    )


def value(texts: Texts, name: str, number: float) -> str:
    """A tunable's value with its unit."""
    unit = BY_NAME[name].unit
    if unit == "on/off":
        return texts.label(marked("on")) if number else texts.label(marked("off"))
    if unit in BARE:
        return _two_digits(texts, number)
    if unit == "fraction":
        return _percent(texts, number)
    if unit.startswith("fraction of"):
        return f"{_percent(texts, number)} {texts.label(UNIT[unit])}"
    return f"{texts.numbers.short(number, 4)} {texts.label(UNIT[unit])}"


def shown(texts: Texts, name: str, number: float) -> str:
    """A tunable's value alone, for a small button."""
    unit = BY_NAME[name].unit
    if unit == "on/off" or unit in BARE:
        return value(texts, name, number)
    return _percent(texts, number) if unit.startswith("fraction") else texts.numbers.short(number, 4)


def allowed(texts: Texts, tunable: Tunable) -> str:
    """A tunable's range, in the way its value is typed."""
    if tunable.unit == "on/off":
        return texts.label(UNIT["on/off"])
    return f"{typed(tunable, tunable.low)} – {typed(tunable, tunable.high)}"


def typed(tunable: Tunable, number: float) -> str:
    """A value as it is typed behind a command: with a point, without grouping, fractions in percent."""
    if tunable.unit.startswith("fraction"):
        return _digits(number * 100) + "%"
    return _digits(number)


def _digits(number: float) -> str:
    text = f"{number:.6f}"
    return text.rstrip("0").rstrip(".")


def _percent(texts: Texts, number: float) -> str:
    return texts.numbers.percent(number, 2 if round(number, 4) == round(number, 8) else 4)


def _two_digits(texts: Texts, number: float) -> str:
    return texts.numbers.fixed(number, 2) if round(number, 2) == number else texts.numbers.short(number, 4)


def of_group(group: str) -> tuple[Tunable, ...]:
    return tuple(tunable for tunable in TUNABLES if tunable.group == group)


def steps(tunable: Tunable, number: float) -> tuple[float, float]:
    """The next smaller and larger value that the buttons offer: about a tenth, in round numbers, inside the range."""
    if tunable.unit == "on/off":
        return 0.0, 1.0
    step = 1.0 if tunable.whole and number < 20 else _round_step(max(abs(number), tunable.high / 1_000) / 10)
    if tunable.whole:
        step = max(1.0, round(step))
    down, up = max(tunable.low, number - step), min(tunable.high, number + step)
    return round(down, 6), round(up, 6)


def _round_step(size: float) -> float:
    power = 1.0
    while power > size:
        power /= 10
    while power * 10 <= size:
        power *= 10
    return next(power * factor for factor in (5, 2, 1) if power * factor <= size * 1.0001)
