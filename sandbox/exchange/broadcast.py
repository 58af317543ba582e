"""Says on the market streams what the boards show: quotes, trades, marks, forming and closed bars, and the heartbeat."""

import random
import time
from decimal import Decimal
from typing import Final

from sandbox.exchange.exchange import Exchange, News
from sandbox.exchange.frames import depth_frame, kline_frame, mark_frame, quote_frame, ticker_frame, trade_frame
from sandbox.exchange.funding import funding_rate, next_settlement
from sandbox.exchange.history import Kline
from sandbox.exchange.hub import Hub
from sandbox.market.intervals import DAY_MS, INTERVAL_MS

MARK_STREAMS: Final = ("markPrice@1s", "markPrice")
TICKER_STREAMS: Final = (("ticker", False), ("miniTicker", True))


class Broadcast:
    """Writes frames for those who listen. Frames of the heartbeat repeat the last prices and are not waited for."""

    def __init__(self, exchange: Exchange, hub: Hub) -> None:
        self.exchange = exchange
        self.hub = hub
        self._chance = random.Random(exchange.config.seed)

    def quotes(self, symbol: str, *, is_waited: bool = True) -> None:
        """Show the book."""
        board = self.exchange.boards[symbol]
        if is_waited:
            board.show()
        self.hub.note_told(symbol)
        for stream in (f"{symbol.lower()}@bookTicker", "!bookTicker"):
            if self.hub.wants(stream):
                event_ms = self._event_ms(is_waited=is_waited)
                self.hub.send(stream, quote_frame(board, event_ms), event_ms, is_waited=is_waited)

    def marks(self, symbol: str, *, is_waited: bool = True) -> None:
        """Show the mark price and the coming funding."""
        clock = self.exchange.clock
        for stream in (*(f"{symbol.lower()}@{kind}" for kind in MARK_STREAMS), "!markPrice@arr@1s", "!markPrice@arr"):
            if self.hub.wants(stream):
                event_ms = self._event_ms(is_waited=is_waited)
                upcoming = next_settlement(clock.now_ms)
                frame = mark_frame(self.exchange.boards[symbol], event_ms, self.rate_text(symbol, upcoming), upcoming)
                text = f"[{frame}]" if stream.startswith("!") else frame
                self.hub.send(stream, text, event_ms, is_waited=is_waited)

    def prints(self, symbol: str, traded: float) -> None:
        """Show a trade and everything that moves with it."""
        exchange, lower = self.exchange, symbol.lower()
        board, clock = exchange.boards[symbol], exchange.clock
        self.quotes(symbol)
        trade = board.trade(max(1, int(traded / board.contract.step_size)), clock.now_ms)
        stream = f"{lower}@aggTrade"
        if self.hub.wants(stream):
            event_ms = clock.stamp()
            self.hub.send(stream, trade_frame(board.contract, event_ms, trade), event_ms)
        self.marks(symbol)
        self._bars(symbol, is_closed=False)
        self._extras(symbol)

    def closed(self, symbol: str) -> None:
        """Show the bar that has just closed, and longer ones that closed with it."""
        if self.exchange.boards[symbol].forming is None:
            self._bars(symbol, is_closed=True)

    def news(self) -> None:
        """Send what has happened to the account; with `shuffle_news` the types come in any order among each other."""
        news, self.exchange.news = self.exchange.news, []
        if self.exchange.config.shuffle_news:
            news = interleaved(news, self._chance)
        self.hub.send_news(news)

    def heartbeat(self, every_s: float) -> None:
        """Repeat quotes and marks of symbols that have been silent; neither prices nor market time move."""
        silent_since = time.monotonic() - every_s
        for symbol in self.exchange.boards:
            if self.hub.told_s.get(symbol, 0.0) <= silent_since:
                self.quotes(symbol, is_waited=False)
                self.marks(symbol, is_waited=False)

    def rate_text(self, symbol: str, settlement_ms: int) -> str:
        """Write the funding rate of a settlement."""
        exchange = self.exchange
        rate = funding_rate(exchange.funding, exchange.config.funding_rate, symbol, settlement_ms)
        return format(rate.quantize(Decimal("0.00000001")), "f")

    def day_of(self, symbol: str) -> Kline:
        """Give the rolling day as one bar."""
        exchange = self.exchange
        board, now_ms = exchange.boards[symbol], exchange.clock.now_ms
        bars = exchange.bars[symbol]
        found = bars.find(bars.interval_ms, now_ms - DAY_MS, now_ms, board.forming)
        if not found:
            return Kline(now_ms, board.last, board.last, board.last, board.last, 0.0)
        highest, lowest = max(one.high for one in found), min(one.low for one in found)
        volume = round(sum(one.volume for one in found), 3)
        return Kline(found[0].open_time_ms, found[0].open, highest, lowest, board.last, volume)

    def _event_ms(self, *, is_waited: bool) -> int:
        """A frame of the heartbeat repeats the newest event time: however long the market stands, its time stands too."""
        clock = self.exchange.clock
        return clock.stamp() if is_waited else clock.seen_ms

    def _bars(self, symbol: str, *, is_closed: bool) -> None:
        exchange = self.exchange
        board, bars = exchange.boards[symbol], exchange.bars[symbol]
        for stream in self.hub.wanted(f"{symbol.lower()}@kline_"):
            interval = stream.partition("@kline_")[2]
            length = INTERVAL_MS.get(interval, 1)
            if length % bars.interval_ms:
                continue
            newest = bars.newest_ms() if is_closed else exchange.clock.now_ms
            begin = newest // length * length
            found = bars.find(length, begin, begin, board.forming)
            ends = begin + length <= bars.newest_ms() + bars.interval_ms
            if not found:
                continue
            event_ms = exchange.clock.stamp()
            frame = kline_frame(board, event_ms, found[-1], interval, length, is_closed=ends)
            for _ in range(self.hub.faults.closed_bar_copies() if ends else 1):
                self.hub.send(stream, frame, event_ms)

    def _extras(self, symbol: str) -> None:
        exchange, lower = self.exchange, symbol.lower()
        board, clock = exchange.boards[symbol], exchange.clock
        for stream in self.hub.wanted(f"{lower}@depth"):
            digits = stream.partition("@depth")[2].partition("@")[0]
            event_ms = clock.stamp()
            self.hub.send(stream, depth_frame(board, event_ms, int(digits) if digits.isdecimal() else 5), event_ms)
        for kind, is_mini in TICKER_STREAMS:
            if self.hub.wants(f"{lower}@{kind}"):
                event_ms = clock.stamp()
                frame = ticker_frame(board, event_ms, self.day_of(symbol), is_mini=is_mini)
                self.hub.send(f"{lower}@{kind}", frame, event_ms)


def interleaved(news: list[News], chance: random.Random) -> list[News]:
    """The same events, those of one type in their order: only that is promised (reference 6)."""
    types = [one["e"] for one in news]
    chance.shuffle(types)
    waiting = {type_: iter([one for one in news if one["e"] == type_]) for type_ in types}
    return [next(waiting[type_]) for type_ in types]
