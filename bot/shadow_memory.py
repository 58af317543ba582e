"""What a shadow remembers: kept in memory at once, and written to the store by somebody else, now and then."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from engine.adapters.codec import decode, encode
from engine.model.notices import Notice
from engine.model.orders import Trade
from engine.model.saved import SavedState
from engine.model.shadow import ShadowPlan
from engine.model.signals import Ruling
from engine.model.view import NO_BRAKES, Brakes

TRADES_KEPT: Final = 5_000


class ShadowMemory:
    """Fulfils `Store`, `BookStore` and `BrakesFile` for one shadow. `changed` says that something is to be written."""

    def __init__(self, plan: ShadowPlan) -> None:
        self.plan = plan
        self.state: SavedState | None = None
        self.books: dict[str, Any] | None = None
        self.closed = deque[Trade](maxlen=TRADES_KEPT)
        self.changed = True
        self._brakes = NO_BRAKES

    async def load(self) -> SavedState | None:
        """The state."""
        return self.state

    async def trades(self, since_ms: int) -> Sequence[Trade]:
        """Closed trades, newest first."""
        return [trade for trade in reversed(self.closed) if trade.exit_time_ms >= since_ms]

    async def save(
        self, state: SavedState | None, rulings: Sequence[Ruling], notices: Sequence[Notice], trades: Sequence[Trade]
    ) -> None:
        """Keep state and trades. Nobody is told what a shadow notices."""
        self.state = state or self.state
        self.closed.extend(trades)
        self.changed = True

    async def load_books(self) -> dict[str, Any] | None:
        """The books of the exchange on paper."""
        return self.books

    async def save_books(self, books: dict[str, Any]) -> None:
        """Keep them."""
        self.books = books
        self.changed = True

    def read(self) -> Brakes:
        """What holds entries back."""
        return self._brakes

    def write(self, brakes: Brakes) -> None:
        """Keep it: the state holds it too."""
        self._brakes = brakes

    def texts(self) -> dict[str, bytes]:
        """All of it, to be written down."""
        return {
            "plan": encode(self.plan),
            "state": encode(self.state),
            "books": msgspec.json.encode(self.books),
            "trades": encode(tuple(self.closed)),
        }


def remembered(texts: Mapping[str, bytes]) -> ShadowMemory | None:
    """The shadow that was written down; None where there is none. Raises `Undecodable`."""
    if "plan" not in texts:
        return None
    memory = ShadowMemory(decode(texts["plan"], ShadowPlan))
    memory.state = decode(texts["state"], SavedState | None)  # type: ignore[arg-type]  # a union is no class
    memory.books = msgspec.json.decode(texts["books"])
    memory.closed.extend(decode(texts["trades"], tuple[Trade, ...]))
    memory.changed = False
    return memory
