"""The door for the conversation: ask for something, or look. Handlers know nothing else of the engine."""

from collections.abc import Sequence
from typing import Protocol

from engine.model.commands import Asked, Command
from engine.model.messages import Reply
from engine.model.orders import Trade
from engine.model.signals import Ruling
from engine.model.view import EngineView
from engine.params import TradingParams


class EngineControl(Protocol):
    """What handlers may do with the engine."""

    @property
    def label(self) -> str:
        """PAPER, TESTNET, DEMO or LIVE: stands in the first line of every message about money."""

    @property
    def interval(self) -> str:
        """The bars' interval in the exchange's words, such as `1h`."""

    def asked(self, who: str) -> Asked:
        """Stamp a wish with who asks and both times."""

    async def ask(self, command: Command) -> Reply:
        """Put a wish into the queue and wait for the Trader's answer."""

    def view(self) -> EngineView:
        """A picture of everything, taken now."""

    def params(self) -> TradingParams:
        """The tunables that hold now."""

    def rulings(self, symbol: str, count: int) -> Sequence[Ruling]:
        """The newest rulings of a symbol, newest first; at most the last 500 are kept in memory."""

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Closed trades that ended since a moment of market time, newest first, from the store."""
