"""The one queue into the Trader. Facts and wishes are never dropped; of quotes and marks only the newest waits, and
last prices of one symbol are merged into a window, so that no extreme is lost.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace

from engine.model.commands import Command
from engine.model.events import MarkSeen, PriceSeen, QuoteSeen
from engine.model.market import PriceWindow
from engine.model.messages import Reply
from engine.model.saved import SavedState
from engine.ports import Event
from engine.recovery import Market

type Slot = tuple[type, str]
type Price = QuoteSeen | PriceSeen | MarkSeen


class Wish:
    """A command, and whoever waits for its answer."""

    def __init__(self, command: Command, answer: asyncio.Future[Reply]) -> None:
        self.command = command
        self.answer = answer


class Rejoin:
    """A memory that can be read again, with what was read outside for it. `is_done` is set when it was taken over."""

    def __init__(self, saved: SavedState | None, market: Market, news: Sequence[Event]) -> None:
        self.saved = saved
        self.market = market
        self.news = news  # the account, and the executions since the memory was written
        self.is_done = asyncio.Event()


type Item = Event | Wish | Rejoin


class Inbox:
    """Items in the order of their coming; a merged price keeps the place of its first."""

    def __init__(self) -> None:
        self._queue = deque[Item | Slot]()
        self._newest: dict[Slot, Price] = {}
        self._arrival = asyncio.Event()
        self.taken = 0
        self.longest = 0

    def post(self, event: Event) -> None:
        """Put a fact in."""
        if isinstance(event, QuoteSeen | PriceSeen | MarkSeen):
            slot = (type(event), event.symbol)
            waiting = self._newest.get(slot)
            self._newest[slot] = event if waiting is None else merged(waiting, event)
            if waiting is not None:
                return
            self._queue.append(slot)
        else:
            self._queue.append(event)
        self._arrived()

    def ask(self, wish: Wish | Rejoin) -> None:
        """Put a wish in."""
        self._queue.append(wish)
        self._arrived()

    def _arrived(self) -> None:
        self.longest = max(self.longest, len(self._queue))
        self._arrival.set()

    async def take(self) -> Item:
        """Wait for the next item."""
        while not self._queue:
            self._arrival.clear()
            await self._arrival.wait()
        return self.next()

    def next(self) -> Item:
        """Take the next item of a queue that is not empty."""
        item = self._queue.popleft()
        self.taken += 1
        return self._newest.pop(item) if isinstance(item, tuple) else item

    def __len__(self) -> int:
        return len(self._queue)


def merged(waiting: Price, event: Price) -> Price:
    """One price for two: the newest, and for trades the whole way between them."""
    if not isinstance(waiting, PriceSeen) or not isinstance(event, PriceSeen):
        return event
    low, high = min(waiting.window.low, event.window.low), max(waiting.window.high, event.window.high)
    return replace(event, window=PriceWindow(waiting.window.open, low, high))
