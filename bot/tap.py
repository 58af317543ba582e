"""The market feed with somebody listening in: what the engine is given, a shadow hears too, a moment later."""

from typing import Protocol

from engine.model.events import FeedLost, FeedRestored, Route
from engine.ports import Event, Post, WarmFeed


class Ear(Protocol):
    """Somebody who listens. Does not wait, and never fails."""

    def hear(self, event: Event) -> None:
        """Take an event."""


class TappedFeed:
    """Fulfils `WarmFeed`."""

    def __init__(self, feed: WarmFeed) -> None:
        self.ear: Ear | None = None
        self.delivering: dict[Route, FeedRestored] = {}  # connections that are up, and since when
        self._feed = feed

    async def run(self, post: Post) -> None:
        """Post market events until cancelled."""

        def both(event: Event) -> None:
            post(event)
            if isinstance(event, FeedRestored):
                self.delivering[event.route] = event
            elif isinstance(event, FeedLost):
                self.delivering.pop(event.route, None)
            if self.ear is not None:
                self.ear.hear(event)

        await self._feed.run(both)

    def start_after(self, symbol: str, open_time_ms: int) -> None:
        """Go on from the bar after this one."""
        self._feed.start_after(symbol, open_time_ms)
