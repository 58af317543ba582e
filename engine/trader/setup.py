"""What a Trader is told once, before its first event."""

from dataclasses import dataclass

from engine.model.commands import DecisionMode
from engine.model.orders import TriggerBy
from engine.params import TradingParams


@dataclass(frozen=True, slots=True)
class TraderSetup:
    """`params` and `mode` hold until the owner changes them in chat; what was changed there wins over them."""

    namespace: str  # mode and account: names orders, and keeps states of different accounts apart
    symbols: tuple[str, ...]
    interval_ms: int
    warmup_bars: int
    tight_trigger: TriggerBy
    params: TradingParams
    mode: DecisionMode
