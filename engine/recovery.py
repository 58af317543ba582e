"""What is read outside before anything is decided: rules, account, executions, bars. A start and a return of the store alike.

Memories are merged here too: what the owner asked for while the saved one could not be read is not undone by it.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from engine.execution import missed
from engine.execution.ids import read
from engine.model.events import AccountSynced, BarClosed, ErrandFailed, RulesLoaded
from engine.model.messages import FetchFunding, SyncAccount
from engine.model.saved import SavedAccount, SavedDesk, SavedState
from engine.model.view import Running
from engine.ports import Broker, Event, History
from engine.state.latch import strictest
from engine.trader import TraderSetup

SYNC_AGAIN_S: Final = 1.0

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Market:
    """Rules and bars of every symbol that can be traded, oldest bars first."""

    rules: tuple[RulesLoaded, ...]
    bars: Mapping[str, Sequence[BarClosed]]


@dataclass(frozen=True, slots=True)
class Recovery:
    """The questions that a beginning asks."""

    setup: TraderSetup
    interval: str
    history: History
    broker: Broker

    async def rules(self) -> tuple[RulesLoaded, ...]:
        """Of the symbols that can be traded. Raises `LookupError` where none can, and `ConnectionError`."""
        with _read("the rules"):
            return tuple(await self.history.rules(self.setup.symbols))

    async def bars(self, symbol: str) -> Sequence[BarClosed]:
        """The bars that warm a symbol up. Raises `ConnectionError`."""
        with _read(f"the bars of {symbol}"):
            return await self.history.closed_bars(symbol, self.interval, self.setup.warmup_bars, 0)

    async def market(self) -> Market:
        """Rules and bars, read ahead of the moment in which they are needed."""
        rules = await self.rules()
        return Market(rules, {one.rules.symbol: await self.bars(one.rules.symbol) for one in rules})

    async def account_once(self) -> Sequence[Event]:
        """The account, or whatever was heard instead of it."""
        return await self.broker.run(SyncAccount())

    async def account(self) -> Sequence[Event]:
        """The account: nothing is decided, and no position is left alone, before it was read. Why it was not, is logged."""
        before: Sequence[Event] = ()
        said = ""
        while True:
            news = await self.account_once()
            if holds_account(news):
                return (*before, *news)
            before, why = news, "; ".join(event.detail for event in news if isinstance(event, ErrandFailed))
            if why != said:
                logger.warning("the account cannot be read yet: %s", why)
            said = why
            await asyncio.sleep(SYNC_AGAIN_S)

    async def since(self, saved: SavedState | None) -> Sequence[Event]:
        """The account, and what was executed since a memory was written. Raises `ConnectionError` without an account."""
        desks = saved.desks if saved is not None else {}
        memories = [(symbol, desks[symbol]) for symbol in self.setup.symbols if symbol in desks]
        found = [event for symbol, memory in memories for event in await self.executions(symbol, memory)]
        news = await self.account_once()
        if not holds_account(news):
            raise ConnectionError("the account could not be read")
        return (*news, *found)

    async def executions(self, symbol: str, memory: SavedDesk) -> Sequence[Event]:
        """What happened to what a memory holds since it was written.

        Funding comes first where something is held: the executions may close the books that it belongs to.
        """
        fills = missed.questions(memory)
        if not fills:
            return ()
        funding = (FetchFunding(symbol, missed.unpaid_since_ms(memory)),)
        errands = (*funding, *fills) if memory.holding is not None else (*fills, *funding)
        return [event for errand in errands for event in await self.broker.run(errand)]


@contextmanager
def _read(what: str) -> Iterator[None]:
    """An answer that makes no sense is none: whoever asked asks again, and no engine ends by it."""
    try:
        yield
    except ValueError as error:
        raise ConnectionError(f"{what} make no sense: {error}") from error


def holds_account(events: Sequence[Event]) -> bool:
    """Whether the account was read."""
    return any(isinstance(event, AccountSynced) for event in events)


def shows_our_stops(events: Sequence[Event]) -> bool:
    """Whether a stop that bears a name of ours rests at the exchange."""
    accounts = [event.account for event in events if isinstance(event, AccountSynced)]
    return any(read(stop.client_id) is not None for account in accounts for stop in account.stops)


def bars_until(handled_ms: int, bars: Sequence[BarClosed]) -> Sequence[BarClosed]:
    """The bars that were handled before a restart; where the newest handled one is not among them, all."""
    if all(event.bar.open_time_ms != handled_ms for event in bars):
        return bars
    return [event for event in bars if event.bar.open_time_ms <= handled_ms]


def merged(saved: SavedState, meanwhile: SavedState, wished: Running | None) -> SavedState:
    """The saved memory with what was asked for, and what was latched, while it could not be read: the stricter counts."""
    now, then = meanwhile.account, saved.account
    account = replace(
        then,
        latch=strictest(then.latch, now.latch),
        is_panicking=then.is_panicking or now.is_panicking,
        panicked_ms=max(then.panicked_ms, now.panicked_ms),
        running=then.running.stricter(wished),
    )
    desks = {symbol: _merged_desk(desk, meanwhile.desks.get(symbol)) for symbol, desk in saved.desks.items()}
    return replace(saved, account=account, desks=desks)


def begun(account: SavedAccount, wished: Running | None) -> SavedAccount:
    """The account of a trader that stays in charge because nothing was saved before it."""
    return replace(account, running=SavedAccount().running.stricter(wished))


def _merged_desk(desk: SavedDesk, meanwhile: SavedDesk | None) -> SavedDesk:
    """A position that is being left is left on."""
    if meanwhile is None:
        return desk
    is_left = meanwhile.is_unwanted or (meanwhile.exit is not None and meanwhile.exit.is_whole)
    return replace(desk, is_unwanted=True) if is_left else desk
