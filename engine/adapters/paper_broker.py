"""The broker of paper mode: live prices, own fills. Fulfils `Broker` in the real adapter's words; needs no keys.

The market's events pass by here first (`see`). Books are saved before anything is acknowledged; while the store is away
trading on paper goes on, like a real exchange would, and the books are owed to it.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any, Final, Protocol

from engine.adapters.binance_client import LEASE_MS
from engine.adapters.binance_errors import ExchangeFailed
from engine.adapters.binance_messages import BadMessage
from engine.adapters.codec import Undecodable
from engine.adapters.paper_books import PaperBooks, read, write
from engine.adapters.paper_counter import PaperCounter
from engine.adapters.paper_exchange import PaperExchange
from engine.adapters.paper_fills import Costs
from engine.adapters.paper_history import PaperHistory
from engine.model.events import ErrandFailed
from engine.model.messages import Errand, FetchBars, FetchRules, SetUpSymbol
from engine.model.orders import ApprovedOrder, SignedOrder
from engine.ports import Clock, Event, History, Post, StateUnreadable, StoreDown

SAVE_AGAIN_S: Final = 1.0
RULES_AGAIN_MS: Final = 300_000  # wire; where the exchange did not list a symbol

logger = logging.getLogger(__name__)


class BookStore(Protocol):
    """Where the books are kept. Both raise `StoreDown`."""

    async def load_books(self) -> dict[str, Any] | None:
        """The books, or None where there are none."""

    async def save_books(self, books: dict[str, Any]) -> None:
        """Keep the books."""


class PaperBroker:
    """Fulfils `Broker`. The first errand opens it, once the store has the books; `wallet` is what a new account begins with."""

    def __init__(
        self,
        history: History,
        *,
        symbols: Sequence[str],
        interval: str,
        clock: Clock,
        wallet: Decimal,
        books: BookStore,
        market_ms: Callable[[], int],
        costs: Costs | None = None,
    ) -> None:
        self.history = PaperHistory(history, self.see)  # who reads rules for the engine reads them here
        self._symbols = symbols
        self._interval = interval
        self._clock = clock
        self._store = books
        self._market_ms = market_ms
        self._exchange = PaperExchange(PaperBooks(wallet), costs or Costs())
        self._counter = PaperCounter(self._exchange, symbols=symbols, clock=clock)
        self._turn = asyncio.Lock()
        self._awake = asyncio.Event()
        self._post: Post | None = None
        self._is_open = False
        self._is_owed = False
        self._posted_ms = 0
        self._rules_due_ms = 0  # wire

    async def open(self) -> None:
        """Read the books. Raises `StateUnreadable` or `StoreDown`. Rules are read with the first errand."""
        saved = await self._store.load_books()
        if saved is not None:
            try:
                self._exchange.books = read(saved)
            except Undecodable as error:
                raise StateUnreadable(f"the paper books are damaged ({error}): delete them to begin with new money") from error
        self._is_open = True

    def see(self, event: Event) -> None:
        """Take a market event, before the engine does. Does not wait."""
        if not self._is_open:
            return
        self._exchange.see(event)
        if self._exchange.news:
            self._awake.set()

    async def sign(self, order: ApprovedOrder) -> SignedOrder:
        """Give an entry its lease. Sends nothing."""
        assert not order.reduce_only, "only entries are signed ahead"
        now = self._clock.now_ms()
        return SignedOrder(order, signed_ms=now, deadline_ms=now + LEASE_MS, request={})

    async def send(self, signed: SignedOrder) -> Sequence[Event]:
        """Fill a signed entry, if its lease still runs."""
        order = signed.order
        if self._clock.now_ms() > signed.deadline_ms:
            return (self._counter.late(order),)
        return await self._placed(order)

    async def place(self, order: ApprovedOrder) -> Sequence[Event]:
        """Place an exit, a stop or a target. Safe to repeat with the same id."""
        assert order.reduce_only, "an entry is signed and sent"
        return await self._placed(order)

    async def run(self, errand: Errand) -> Sequence[Event]:
        """Carry out a read or a cancel."""
        try:
            if not self._is_open:
                await self.open()
        except StoreDown as failure:
            return (ErrandFailed(type(errand).__name__, getattr(errand, "symbol", ""), str(failure), *self._times()),)
        try:
            await self._read_rules()
            if isinstance(errand, FetchBars):
                return await self.history.closed_bars(errand.symbol, self._interval, 0, errand.since_ms)
            if isinstance(errand, FetchRules):
                return await self.history.rules((errand.symbol,))
        except (ExchangeFailed, BadMessage, LookupError) as failure:
            return (ErrandFailed(type(errand).__name__, getattr(errand, "symbol", ""), str(failure), *self._times()),)
        self._keep_time()
        events = self._counter.run(errand)
        self._is_owed = self._is_owed or isinstance(errand, SetUpSymbol)
        await self._settle()
        return events

    async def listen(self, post: Post) -> None:
        """Post fills, stops, balances and funding until cancelled."""
        self._must_be_open()
        self._post = post
        while True:
            await self._settle()
            self._awake.clear()
            if not self._exchange.news:
                await self._woken()

    def newest_event_time(self) -> int:
        """The event time up to which the account's news were posted."""
        return self._posted_ms

    def is_quiet(self) -> bool:
        """Whether no news waits to be posted."""
        return not self._exchange.news

    async def close(self) -> None:
        """Save what is owed, if the store takes it."""
        if self._is_open and self._is_owed:
            await self._saved()

    # --- inside -----------------------------------------------------------------------------------------------------

    async def _placed(self, order: ApprovedOrder) -> Sequence[Event]:
        self._must_be_open()
        self._keep_time()
        event = self._counter.place(order)
        await self._settle()
        return (event,)

    async def _read_rules(self) -> None:
        """Read the rules that are missing, now and then. A position in a contract that is no longer traded keeps none."""
        now = self._clock.now_ms()
        if now < self._rules_due_ms or all(symbol in self._exchange.rules for symbol in self._symbols):
            return
        await self.history.rules(self._symbols)
        for symbol in [held for held in self._exchange.books.positions if held not in self._exchange.rules]:
            with suppress(LookupError):
                await self.history.rules((symbol,))
        self._rules_due_ms = now + RULES_AGAIN_MS

    async def _woken(self) -> None:
        """Wait for news; where books are owed, not for long."""
        try:
            async with asyncio.timeout(SAVE_AGAIN_S if self._is_owed else None):
                await self._awake.wait()
        except TimeoutError:
            return

    async def _settle(self) -> None:
        """Save the books, then post the news; one at a time, so that they arrive in the order in which they happened."""
        async with self._turn:
            news = self._exchange.news
            if not news and not self._is_owed:
                return
            ready = len(news)
            await self._saved()
            if self._post is None:
                return
            for event in news[:ready]:
                self._post(event)
                self._posted_ms = max(self._posted_ms, event.time_ms)
            del news[:ready]

    async def _saved(self) -> None:
        try:
            await self._store.save_books(write(self._exchange.books))
        except StoreDown as error:
            if not self._is_owed:
                logger.error("the paper books could not be saved: %s", error)
            self._is_owed = True
            return
        self._is_owed = False

    def _keep_time(self) -> None:
        self._exchange.time_ms = max(self._exchange.time_ms, self._market_ms())

    def _must_be_open(self) -> None:
        assert self._is_open, "open the paper broker first"

    def _times(self) -> tuple[int, int]:
        return self._counter.times()
