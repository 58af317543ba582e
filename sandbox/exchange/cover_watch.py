"""How long a position stood without a live stop, in wire time and in market time (the two are never mixed)."""

import time
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Naked:
    """One stretch without cover."""

    symbol: str
    from_market_ms: int
    wire_ms: int
    market_ms: int


@dataclass(slots=True)
class CoverWatch:
    """Open stretches by symbol, and the finished ones."""

    finished: list[Naked] = field(default_factory=list)
    _since: dict[str, tuple[float, int]] = field(default_factory=dict)

    def look(self, symbol: str, is_naked: bool, market_ms: int) -> None:
        """Note whether the symbol has a position that nothing covers."""
        if is_naked:
            self._since.setdefault(symbol, (time.monotonic(), market_ms))
        elif symbol in self._since:
            self.finished.append(self._stretch(symbol, market_ms))
            del self._since[symbol]

    def report(self, market_ms: int) -> dict[str, Any]:
        """Give the longest stretches, those that still last included, and every one of them."""
        stretches = [*self.finished, *(self._stretch(symbol, market_ms) for symbol in self._since)]
        return {
            "uncovered_ms_max": max((one.wire_ms for one in stretches), default=0),
            "uncovered_market_ms_max": max((one.market_ms for one in stretches), default=0),
            "uncovered": [
                {"symbol": one.symbol, "from_ms": one.from_market_ms, "wire_ms": one.wire_ms, "market_ms": one.market_ms}
                for one in stretches
            ],
        }

    def _stretch(self, symbol: str, market_ms: int) -> Naked:
        wire_s, since_ms = self._since[symbol]
        return Naked(symbol, since_ms, int((time.monotonic() - wire_s) * 1000), market_ms - since_ms)
