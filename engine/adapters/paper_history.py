"""The market over requests, as paper mode reads it: the exchange on paper hears the rules before whoever asked for them.

What it judges orders by and what the trader makes them by are the same rules, whoever reads them and why.
"""

from collections.abc import Sequence

from engine.model.events import BarClosed, RulesLoaded
from engine.ports import History, Post


class PaperHistory:
    """Fulfils `History`. `see` hears the rules first."""

    def __init__(self, history: History, see: Post) -> None:
        self._history = history
        self._see = see

    async def rules(self, symbols: Sequence[str]) -> Sequence[RulesLoaded]:
        """Read the exchange's rules, and have them heard."""
        found = await self._history.rules(symbols)
        for rules in found:
            self._see(rules)
        return found

    async def closed_bars(self, symbol: str, interval: str, count: int, since_ms: int) -> Sequence[BarClosed]:
        """Read closed bars."""
        return await self._history.closed_bars(symbol, interval, count, since_ms)
