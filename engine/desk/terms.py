"""The terms on which one symbol is traded: names, grid, rules and settings that the desk's functions share."""

from dataclasses import dataclass, replace
from decimal import Decimal

from engine.execution.lot_rules import decimal_price, nearest_ticks
from engine.model.market import LotRules, SymbolRules
from engine.model.orders import TriggerBy
from engine.model.saved import EntryIntent
from engine.params import TradingParams


@dataclass(frozen=True, slots=True)
class DeskTerms:
    """`tight_trigger` is the price that the tight stop and the target watch; the wide stop watches the mark price."""

    namespace: str
    symbol: str
    interval_ms: int
    warmup_bars: int
    tight_trigger: TriggerBy
    rules: SymbolRules
    lot: LotRules
    params: TradingParams

    def on_grid(self, price: float) -> Decimal:
        """A level of the plan as the exchange writes it."""
        return decimal_price(nearest_ticks(price, self.lot), self.rules)

    def as_sized(self, entry: EntryIntent) -> "DeskTerms":
        """The terms that an entry's size was reckoned with: what was tuned while it was on its way is for the next one."""
        if not entry.stop_multiple:
            return self
        stop, target = entry.stop_multiple, entry.target_multiple
        return replace(self, params=self.params._replace(stop_atr_multiplier=stop, take_profit_multiplier=target))

    def bar_open(self, time_ms: int) -> int:
        """The opening time of the bar that a moment lies in."""
        return time_ms - time_ms % self.interval_ms
