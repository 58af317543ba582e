"""The market over sockets: bars, quotes, prices and marks of some symbols, reconnecting by itself for ever.

Each bar is posted once and in order; what the sockets missed is read over requests before anything later is posted.
A frame that cannot be trusted, or whose price or time leaps, is counted and dropped; the stream is kept.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final
from urllib.parse import quote

from engine.adapters.binance_beliefs import Beliefs
from engine.adapters.binance_latency import Latencies
from engine.adapters.binance_messages import BadMessage, MarketFrame, event_time, read_market
from engine.adapters.binance_repair import BarRepair
from engine.adapters.binance_routes import Link, RouteWatch
from engine.adapters.binance_socket import Line, Patience, fixed
from engine.model.events import BarClosed, MarkSeen, Route
from engine.model.market import INTERVAL_MS
from engine.ports import Clock, Event, History, Post

SYMBOLS_PER_LINE: Final = 100  # three streams each: far below the exchange's 1,024, and the address stays below 8 kB


@dataclass(slots=True)
class FeedCounters:
    """What came in, for the health page."""

    frames: int = 0
    bad: int = 0
    ignored: int = 0


class BinanceFeed:
    """Fulfils `Feed`. `history` fills the holes."""

    def __init__(
        self,
        history: History,
        *,
        ws_public: str,
        ws_market: str,
        symbols: Sequence[str],
        interval: str,
        patience: Patience,
        clock: Clock,
    ) -> None:
        self.counters = FeedCounters()
        self.latencies = Latencies()
        self.beliefs = Beliefs()
        self.bars = BarRepair(
            history, symbols=symbols, interval=interval, clock=clock, tried=self._repair_tried, done=self._repair_done
        )
        self._roots = {Route.PUBLIC: ws_public, Route.MARKET: ws_market}
        self._interval = interval
        self._patience = patience
        self._clock = clock
        self._links = {route: [Link(frozenset(some)) for some in batched(symbols, SYMBOLS_PER_LINE)] for route in self._roots}
        self._watches = {route: RouteWatch(route, clock=clock, market_ms=self.market_ms) for route in self._roots}
        self._group: asyncio.TaskGroup | None = None
        self._post: Post = _nowhere
        self._first: Post | None = None

    async def run(self, post: Post) -> None:
        """Post market events until cancelled."""
        self._post = post if self._first is None else _both(self._first, post)
        async with asyncio.TaskGroup() as group:
            self._group = group
            for route, links in self._links.items():
                for link in links:
                    self._keep(route, link, group)

    def tell_first(self, listener: Post) -> None:
        """Have somebody hear every event before it is posted: an exchange on paper. To be called before `run`."""
        self._first = listener

    def start_after(self, symbol: str, open_time_ms: int) -> None:
        """Tell which bar is already known, so that the feed goes on from there."""
        self.bars.known(symbol, open_time_ms)
        self.beliefs.start_after(open_time_ms + INTERVAL_MS[self._interval])

    def market_ms(self) -> int:
        """The newest market time seen; 0 before the first."""
        return self.bars.market_ms()

    def newest_event_time(self, route: Route) -> int:
        """The event time up to which everything of the route's current connections was posted; 0 before the first frame."""
        return min((link.newest_event_time() for link in self._links[route]), default=0)

    def losses(self, route: Route) -> int:
        """How often the route was lost."""
        return self._watches[route].losses

    # --- connections ------------------------------------------------------------------------------------------------

    def _keep(self, route: Route, link: Link, group: asyncio.TaskGroup) -> None:
        line = Line(
            address=fixed(self._address(route, link)),
            take=lambda raw: self._take(route, link, raw),
            opened=lambda: self._opened(route, link),
            lost=lambda why: self._lost(route, link, why),
            patience=self._patience,
            only_fresh=True,
        )
        group.create_task(line.run())
        group.create_task(self._listen_for_silence(route, link, line))

    def _address(self, route: Route, link: Link) -> str:
        kinds = ("bookTicker",) if route is Route.PUBLIC else (f"kline_{self._interval}", "aggTrade", "markPrice@1s")
        streams = (f"{quote(symbol.lower())}@{kind}" for symbol in sorted(link.symbols) for kind in kinds)
        return f"{self._roots[route].rstrip('/')}/{route.value}/stream?streams={'/'.join(streams)}"

    def _opened(self, route: Route, link: Link) -> None:
        assert self._group is not None
        link.open(self._clock.now_ms())
        if route is Route.MARKET:
            link.untried = set(link.symbols)
            self.bars.reconnected(sorted(link.symbols), self._post, self._group)

    def _lost(self, route: Route, link: Link, why: str) -> None:
        link.close()
        self._watches[route].lost(why, self._post)

    def _check_up(self, route: Route) -> None:
        """A route is back when each of its connections delivered something and looked for what it missed."""
        if all(link.is_delivering and not link.untried for link in self._links[route]):
            self._watches[route].is_up(self._post)

    async def _listen_for_silence(self, route: Route, link: Link, line: Line) -> None:
        limit_s = self._patience.silence_s if route is Route.MARKET else self._patience.public_silence_s
        while True:
            await asyncio.sleep(self._patience.silence_s / 5)
            if link.is_silent(self._clock.now_ms(), limit_s * 1_000):
                line.drop(f"silent for {limit_s:g} s")

    # --- frames -----------------------------------------------------------------------------------------------------

    def _take(self, route: Route, link: Link, raw: bytes) -> None:
        seen_ms = self._clock.now_ms()
        try:
            frame = read_market(raw, seen_ms)
        except BadMessage:
            self.counters.bad += 1
            frame = MarketFrame(None, event_time(raw), is_known=True)
        if frame.news is not None and frame.news.symbol in link.symbols and not self.beliefs.takes(frame.news):
            self.counters.bad += 1
            frame = MarketFrame(None, 0, is_known=True)
        self.counters.frames += 1
        if frame.time_ms:
            self.latencies.add(seen_ms - frame.time_ms)
        self._pass_on(link, frame)
        if route is Route.PUBLIC or isinstance(frame.news, MarkSeen):
            link.heard_ms = seen_ms
        link.delivered(frame.time_ms, is_held=route is Route.MARKET and self.bars.is_repairing(link.symbols))
        if not link.is_delivering and frame.time_ms:
            link.is_delivering = True
            self._check_up(route)

    def _pass_on(self, link: Link, frame: MarketFrame) -> None:
        assert self._group is not None
        news = frame.news
        if news is None or news.symbol not in link.symbols:
            self.counters.ignored += not frame.is_known or news is not None
            return
        if isinstance(news, BarClosed):
            self.bars.take(news, self._post, self._group)
            return
        self._post(news)
        if isinstance(news, MarkSeen):
            self.bars.marked(news.symbol, news.time_ms, self._post, self._group)

    # --- repairs ----------------------------------------------------------------------------------------------------

    def _repair_tried(self, symbol: str) -> None:
        for link in self._links[Route.MARKET]:
            link.untried.discard(symbol)
        self._check_up(Route.MARKET)

    def _repair_done(self, symbol: str) -> None:
        for link in self._links[Route.MARKET]:
            if symbol in link.symbols:
                link.delivered(0, is_held=self.bars.is_repairing(link.symbols))


def _both(first: Post, second: Post) -> Post:
    def post(event: Event) -> None:
        first(event)
        second(event)

    return post


def _nowhere(event: Event) -> None:
    raise AssertionError(f"{event!r} before anybody listened")
