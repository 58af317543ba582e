"""Whether a route's connections deliver: one `FeedLost` per loss, one `FeedRestored` when all of them deliver again."""

from collections.abc import Callable

from engine.model.events import FeedLost, FeedRestored, Route
from engine.ports import Clock, Post


class Link:
    """One connection's part in a route: what it delivered, and since when it is silent."""

    def __init__(self, symbols: frozenset[str]) -> None:
        self.symbols = symbols
        self.is_open = False
        self.is_delivering = False
        self.heard_ms = 0  # wire time of the last sign of life
        self.silent_looks = 0
        self.untried = set[str]()  # symbols whose missed bars were not yet asked for
        self._newest_ms = 0
        self._held_ms = 0

    def open(self, now_ms: int) -> None:
        """A connection begins."""
        self.is_open, self.heard_ms, self.silent_looks = True, now_ms, 0

    def close(self) -> None:
        """The connection ended, and what it delivered no longer counts."""
        self.is_open = self.is_delivering = False
        self._newest_ms = self._held_ms = 0

    def delivered(self, time_ms: int, *, is_held: bool) -> None:
        """Note a frame's event time. While a bar is held back, nothing after it counts as delivered."""
        self._held_ms = max(self._held_ms, time_ms)
        if not is_held:
            self._newest_ms = self._held_ms

    def newest_event_time(self) -> int:
        """The highest event time up to which everything was posted; 0 before the first frame."""
        return self._newest_ms

    def is_silent(self, now_ms: int, limit_ms: float) -> bool:
        """Whether nothing was heard for too long, at two looks in a row: one may come just after this process stood still."""
        too_long = self.is_open and now_ms - self.heard_ms > limit_ms
        self.silent_looks = self.silent_looks + 1 if too_long else 0
        return self.silent_looks >= 2


class RouteWatch:
    """Tells of a route's losses and returns."""

    def __init__(self, route: Route, *, clock: Clock, market_ms: Callable[[], int]) -> None:
        self.route = route
        self.losses = 0
        self._clock = clock
        self._market_ms = market_ms
        self._lost_ms = 0
        self._was_up = False

    def lost(self, why: str, post: Post) -> None:
        """A connection of the route ended."""
        if self._lost_ms:
            return
        self.losses += 1
        self._lost_ms = self._clock.now_ms()
        post(FeedLost(self.route, why, self._market_ms(), self._lost_ms))

    def is_up(self, post: Post) -> None:
        """All connections of the route deliver."""
        if self._was_up and not self._lost_ms:
            return
        now = self._clock.now_ms()
        lost_ms = now - self._lost_ms if self._lost_ms else 0
        self._was_up, self._lost_ms = True, 0
        post(FeedRestored(self.route, lost_ms, self._market_ms(), now))
