"""A symbol's closed bars in order, and what they look like: features and regime, one step a bar."""

from collections import deque
from typing import Final

from engine.features import pipeline, regime
from engine.market.bars import Placement, place, sound
from engine.model.market import Bar
from engine.model.signals import Features, Regime, RegimeState
from engine.params import TradingParams

BARS_KEPT: Final = 2_000  # for charts, and for warming up again when a period was tuned


class BarBook:
    """Takes each bar once and in order. `features` is None and the regime RANGE until the first bar."""

    def __init__(self, interval_ms: int, params: TradingParams) -> None:
        self.interval_ms = interval_ms
        self.bars: deque[Bar] = deque(maxlen=BARS_KEPT)
        self.rejected = 0
        self.repaired = 0
        self.asked_ms = 0  # wire; when what is missing behind the newest bar was last asked for; 0 = nothing is
        self._begin(params)

    def _begin(self, params: TradingParams) -> None:
        self._params = params
        self._state = pipeline.start(params)
        self.features: Features | None = None
        self.regime = RegimeState(Regime.RANGE, 0)
        self.regime_before = self.regime
        self.count = 0

    @property
    def last_open_ms(self) -> int:
        """When the newest bar opened; 0 before the first."""
        return self.bars[-1].open_time_ms if self.bars else 0

    @property
    def last_close_ms(self) -> int:
        """When the newest bar closed and the next one opened; 0 before the first."""
        return self.last_open_ms + self.interval_ms if self.bars else 0

    def take(self, bar: Bar) -> Placement:
        """Place a bar, and step the features with it if it is the next one."""
        if not sound(bar, self.interval_ms):
            self.rejected += 1
            return Placement.UNSOUND
        placement = Placement(place(self.last_open_ms, bar.open_time_ms, self.interval_ms))
        if placement is Placement.NEXT:
            self.asked_ms = 0
            self.bars.append(bar)
            self._step(bar)
        return placement

    def take_after_hole(self, bar: Bar) -> Placement:
        """Forget the bars before a hole that nothing fills, and warm up again: features know no holes."""
        self.bars.clear()
        self._begin(self._params)
        return self.take(bar)

    def _step(self, bar: Bar) -> None:
        number = bar.open_time_ms // self.interval_ms
        self._state, self.features = pipeline.step(self._state, bar, number, self._params)
        self.regime_before = self.regime
        self.regime = regime.advance(self.regime, regime.classify(self.features, self._params))
        self.count += 1

    def retune(self, params: TradingParams) -> None:
        """Go on under other settings; the kept bars are gone through again where a period changed."""
        if _periods(params) == _periods(self._params):
            return
        self._begin(params)
        for bar in self.bars:
            self._step(bar)


def _periods(params: TradingParams) -> tuple[object, ...]:
    """What the features and the regime are computed with."""
    return tuple(params)[: params._fields.index("fresh_cross_bars")]
