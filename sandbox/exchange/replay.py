"""Moves the market through its bars: gap, walk, close, next bar. Wire time only paces it; what happens does not depend on it.

At the boundary between two bars the book already stands around the next open while `last` is still the old close. So an
order decided on a close fills at the next open, and stops placed meanwhile are judged by the first trade of the new bar.
"""

import asyncio
import time
from typing import Final

from sandbox.exchange.board import FormingBar
from sandbox.exchange.broadcast import Broadcast
from sandbox.exchange.exchange import Exchange
from sandbox.exchange.follower import Follower
from sandbox.exchange.funding import next_settlement, settle_funding
from sandbox.exchange.history import Kline
from sandbox.exchange.liquidation import check_margins
from sandbox.exchange.path import LEGS, leg_times, path_of
from sandbox.exchange.walk import Leg, arrive, first_visit, is_same, leg_to
from sandbox.market.market import Market

SUBSTEP_S: Final = 0.25  # at a finite speed prices are shown about this often (wire time)
LATE_S: Final = 0.5  # so far behind the clock the pace starts anew instead of rushing


class Replay:
    """The run over the market's bars. `bars_done` counts closed bars of the run, per symbol."""

    def __init__(self, exchange: Exchange, market: Market, broadcast: Broadcast, follower: Follower) -> None:
        self.exchange = exchange
        self.market = market
        self.broadcast = broadcast
        self.follower = follower
        self.bars_done = 0
        self.is_over = False
        self._funding_ms = next_settlement(market.start_ms)
        self._pace_s = 0.0
        self._pace_ms = market.start_ms

    async def run(self) -> None:
        """Go through all bars; return when the last closed one has settled."""
        self._quote_around(0)
        await self.follower.settled()
        self._pace_s, self._pace_ms = time.monotonic(), self.exchange.clock.now_ms
        for bar in range(self.market.bars):
            await self._open(bar)
            await self._walk_bar(bar)
            await self._close(bar)
        self.is_over = True

    async def _open(self, bar: int) -> None:
        """The first trade of the bar: a gap from the old close, judged where it ends."""
        for symbol in self.market.symbols:
            board, kline = self.exchange.boards[symbol], self._kline(symbol, bar)
            board.forming = FormingBar(kline.open_time_ms, kline.open, kline.open, kline.open, kline.open)
            board.move(kline.open)
        now_ms = self.exchange.clock.now_ms
        await self._walk({symbol: self._kline(symbol, bar).open for symbol in self.market.symbols}, now_ms, bar)

    async def _walk_bar(self, bar: int) -> None:
        times = leg_times(self.market.start_ms + bar * self.market.interval_ms, self.market.interval_ms)
        paths = {symbol: path_of(self._kline(symbol, bar)) for symbol in self.market.symbols}
        for leg in range(1, LEGS + 1):
            begin_ms, end_ms = times[leg - 1], times[leg]
            parts = self._parts(end_ms - begin_ms)
            for part in range(1, parts + 1):
                share = part / parts
                targets = {symbol: round(path[leg - 1] + (path[leg] - path[leg - 1]) * share) for symbol, path in paths.items()}
                await self._walk(targets, begin_ms + round((end_ms - begin_ms) * share), bar)

    async def _walk(self, targets: dict[str, int], until_ms: int, bar: int) -> None:
        """Go to the targets, stopping at every level where an order fires, fills, or a position is liquidated."""
        exchange, begin_ms = self.exchange, self.exchange.clock.now_ms
        legs = tuple(leg_to(exchange, symbol, ticks, until_ms - begin_ms) for symbol, ticks in targets.items())
        place = 0.0
        while True:
            visit = first_visit(exchange, legs, place)
            reached = 1.0 if visit is None else visit.place
            exchange.clock.move_to(begin_ms + int((until_ms - begin_ms) * reached))
            await self._paced()
            if not is_same(visit, first_visit(exchange, legs, place)):
                continue  # while the clock was waited for, somebody placed or cancelled an order
            if visit is None:
                break
            place = reached
            arrive(exchange, legs, place, visit)
            visit.happen()
            await self._told()
        arrive(exchange, legs, 1.0)
        await self._pass_settlements()
        check_margins(exchange)
        await self._told()
        self._print(legs, bar)
        if self._is_exposed():
            await self.follower.settled()

    async def _close(self, bar: int) -> None:
        """The boundary: funding, the next bar's book, the closed bars symbol by symbol, then the bot's turn."""
        exchange, symbols = self.exchange, self.market.symbols
        exchange.clock.move_to(self.market.start_ms + (bar + 1) * self.market.interval_ms)
        await self._paced()
        await self._pass_settlements()
        for symbol in symbols:
            exchange.boards[symbol].forming = None
            exchange.bars[symbol].closed += 1
        self._quote_around(bar + 1)
        if exchange.config.quotes_lead:
            for symbol in symbols:
                self.broadcast.quotes(symbol)
            if self._is_exposed():
                await self.follower.settled()
        for symbol in symbols:
            self.broadcast.closed(symbol)
            await self.follower.settled()
        self.bars_done += 1
        if self.bars_done in exchange.config.hold_at_bars:
            self.follower.hold()
            await self.follower.released(f"held at bar {self.bars_done}")
            await self.follower.settled()

    def _quote_around(self, bar: int) -> None:
        """Move the books to the next open; after the last bar they stay at its close."""
        for symbol in self.market.symbols if bar < self.market.bars else ():
            self.exchange.boards[symbol].quote_around(self._kline(symbol, bar).open)

    async def _pass_settlements(self) -> None:
        while self._funding_ms <= self.exchange.clock.now_ms:
            settle_funding(self.exchange, self._funding_ms)
            self._funding_ms = next_settlement(self._funding_ms)
        await self._told()

    async def _told(self) -> None:
        """Send what happened on the user stream, and let the bot settle it before anything else happens."""
        if self.exchange.news:
            self.broadcast.news()
            await self.follower.settled()

    def _print(self, legs: tuple[Leg, ...], bar: int) -> None:
        span_ms = self.market.interval_ms
        for leg in legs:
            board, kline = self.exchange.boards[leg.symbol], self._kline(leg.symbol, bar)
            forming = board.forming
            assert forming is not None, "prices are printed inside a bar"
            done = min(1.0, (self.exchange.clock.now_ms - forming.open_time_ms + 1) / span_ms)
            volume = round(kline.volume * done, 3)
            traded, forming.volume = volume - forming.volume, volume
            self.broadcast.prints(leg.symbol, traded)

    def _is_exposed(self) -> bool:
        """Whether a price may mean something to the bot: it has a position or an order somewhere."""
        exchange = self.exchange
        return any(
            exchange.account.positions[symbol].lots or exchange.algos.open_on(symbol) or exchange.orders.open_on(symbol)
            for symbol in self.market.symbols
        )

    def _parts(self, span_ms: int) -> int:
        speed = self.exchange.config.speed
        return 1 if speed is None else max(1, round(span_ms / 1000 / speed / SUBSTEP_S))

    async def _paced(self) -> None:
        """Wait until the wire clock has come as far as the market clock; with no speed set, do not wait."""
        await self.follower.released("held by hand")
        speed = self.exchange.config.speed
        if speed is None:
            return
        due_s = self._pace_s + (self.exchange.clock.now_ms - self._pace_ms) / 1000 / speed
        late_s = time.monotonic() - due_s
        if late_s > LATE_S:
            self._pace_s, self._pace_ms = time.monotonic(), self.exchange.clock.now_ms
        elif late_s < 0:
            await asyncio.sleep(-late_s)

    def _kline(self, symbol: str, bar: int) -> Kline:
        return self.exchange.bars[symbol].klines[self.market.known + bar]
