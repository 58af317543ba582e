"""The live prices of one contract: last, book, mark, and the bar that is forming. Integers of ticks, floats for the mark.

The mark price follows the middle of the book with a delay of some seconds and stands a little off it, so that
`workingType` matters (reference 9 allows simple venues an average of the middle; the real one is a median of three).
"""

import math
from collections import deque
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from sandbox.exchange.contracts import Contract
from sandbox.market.listing import in_ticks

MARK_DELAY_MS: Final = 30_000
MARK_OFFSET: Final = 2e-5
MARK_LEASH: Final = 0.01  # the real median keeps mark near last, also in a crash
BASIS_POINT: Final = 1e-4
BOOK_LEVELS: Final = 20
BOOK_NOTIONAL: Final = 50_000.0  # USDT shown at the best price
KEPT_TRADES: Final = 5_000  # as the real one forgets them after a day or two


class Trade(NamedTuple):
    """A trade of others, as the market shows it."""

    id: int
    ticks: int
    lots: int
    time_ms: int
    seller_is_aggressive: bool


@dataclass(slots=True)
class FormingBar:
    """The bar inside which the market is, in ticks; `volume` grows with the way that was walked."""

    open_time_ms: int
    open: int
    high: int
    low: int
    close: int
    volume: float = 0.0

    def see(self, ticks: int) -> None:
        """Take in one traded price."""
        self.close = ticks
        self.high = max(self.high, ticks)
        self.low = min(self.low, ticks)


class Board:
    """One contract's prices. `move` is a trade, `quote_around` moves only the book."""

    __slots__ = (
        "ask",
        "bid",
        "book_mid",
        "contract",
        "forming",
        "half_spread",
        "last",
        "mark_ticks",
        "shown_ask",
        "shown_bid",
        "shown_mark",
        "slippage",
        "trade_id",
        "trades",
        "update_id",
    )

    def __init__(self, contract: Contract, price: float, *, spread_bps: float, slippage_bps: float) -> None:
        self.contract = contract
        self.half_spread = spread_bps * BASIS_POINT / 2
        self.slippage = slippage_bps * BASIS_POINT
        self.last = in_ticks(price, contract.tick)
        self.book_mid = float(self.last)
        self.bid = self.ask = self.last
        self.mark_ticks = self.last * (1 + MARK_OFFSET)
        self.forming: FormingBar | None = None
        self.trade_id = 1_000_000
        self.trades: deque[Trade] = deque(maxlen=KEPT_TRADES)
        self.update_id = 400_000_000
        self.quote_around(self.last)
        self.show()

    def quote_around(self, ticks: int) -> None:
        """Put the book around a price: half a spread on each side, never crossed."""
        half = int(ticks * self.half_spread + 0.5)
        self.book_mid = float(ticks)
        self.bid, self.ask = max(1, ticks - half), ticks + half
        if self.bid == self.ask and self.half_spread > 0:
            self.ask += 1

    def move(self, ticks: int) -> None:
        """Trade at a price: last, book and forming bar follow."""
        self.last = ticks
        self.quote_around(ticks)
        if self.forming is not None:
            self.forming.see(ticks)

    def mark_after(self, target_ticks: int, elapsed_ms: int) -> float:
        """Say where the mark will be when the middle has gone evenly to `target_ticks`.

        The exact answer of a first-order lag, so that one long step and many short ones agree.
        """
        start = self.mark_ticks / (1 + MARK_OFFSET)
        if elapsed_ms <= 0:
            return self.mark_ticks
        slope = (target_ticks - self.last) / elapsed_ms
        lag = slope * MARK_DELAY_MS
        mark = target_ticks - lag + (start - self.last + lag) * math.exp(-elapsed_ms / MARK_DELAY_MS)
        leash = target_ticks * MARK_LEASH
        return min(max(mark, target_ticks - leash), target_ticks + leash) * (1 + MARK_OFFSET)

    @property
    def mark(self) -> Decimal:
        """The mark price as money counts it."""
        return Decimal(self.mark_text)

    @property
    def mark_text(self) -> str:
        """The mark price as the exchange writes it."""
        return f"{self.mark_ticks * self.contract.tick_size:.8f}"

    def fill_ticks(self, side: int) -> int:
        """Say where a market order fills: the opposite best price, made worse by the slippage."""
        best = self.ask if side > 0 else self.bid
        return max(1, best + side * int(best * self.slippage + 0.5))

    def trade(self, lots: int, time_ms: int) -> Trade:
        """Note a trade at the last price; sellers press while the bar falls."""
        self.trade_id += 1
        falls = self.forming is not None and self.forming.close < self.forming.open
        done = Trade(self.trade_id, self.last, lots, time_ms, falls)
        self.trades.append(done)
        return done

    def show(self) -> None:
        """Remember what was told last, for the heartbeat to repeat."""
        self.shown_bid, self.shown_ask, self.shown_mark = self.bid, self.ask, self.mark_text

    def levels(self, count: int) -> tuple[list[list[str]], list[list[str]]]:
        """Make up a book: one price a tick from the best one outwards, a little more on each."""
        contract = self.contract
        best_lots = max(1, int(BOOK_NOTIONAL / (self.last * contract.tick_size * float(contract.step))))
        bids, asks = [], []
        for depth in range(min(count, self.bid)):
            quantity = contract.quantity_text(best_lots + best_lots * depth // 4)
            bids.append([contract.price_text(self.bid - depth), quantity])
            asks.append([contract.price_text(self.ask + depth), quantity])
        return bids, asks
