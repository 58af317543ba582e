"""The loop: take, handle, act, tell; saving has its own turn. Starting and recovering are the same code.

Without a memory it guards what it finds at the exchange, and takes the memory over when it can be read again.
"""

import asyncio
import logging
from collections.abc import Coroutine
from dataclasses import replace
from typing import Final

from engine.hands import Hands
from engine.inbox import Inbox, Item, Rejoin, Wish
from engine.model.events import ClockTicked, FeedRestored
from engine.model.machine_notices import EngineReady
from engine.model.messages import Reply
from engine.model.notices import LatchCause
from engine.model.saved import SavedState
from engine.model.view import LatchView, Running
from engine.ports import Alarm, BrakesFile, Broker, Clock, Event, History, StateUnreadable, Store, StoreDown, WarmFeed
from engine.recovery import Recovery, bars_until, begun, merged, shows_our_stops
from engine.trader import Trader, TraderSetup

QUIET_LIMIT_S: Final = 3.0  # a start and an end wait so long for what is on its way
LOOK_S: Final = 0.02
LOOK_AT_ACCOUNT_S: Final = 0.3
LOAD_WITHIN_S: Final = 1.0  # then positions are guarded without a memory
LOAD_AGAIN_S: Final = 1.0

logger = logging.getLogger(__name__)


class Runner:
    """Everything between the queue and the outside. `recover` once, then `run` until cancelled."""

    def __init__(
        self,
        *,
        setup: TraderSetup,
        interval: str,
        feed: WarmFeed,
        history: History,
        broker: Broker,
        store: Store,
        clock: Clock,
        brakes_file: BrakesFile,
    ) -> None:
        self.setup, self.interval, self.clock = setup, interval, clock
        self.inbox = Inbox()
        self._feed = feed
        self._broker = broker
        self._store = store
        self._recovery = Recovery(setup, interval, history, broker)
        self._hands = Hands(setup, broker, store, clock, brakes_file, self.inbox.post)
        self._requests, self._owed = self._hands.requests, self._hands.owed
        self._phase = "starting"
        self._is_handling = self._is_in_charge = False
        self._found_ours: bool | None = None  # whether stops of ours rested there before this process placed any

    # --- start = recovery -------------------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Load, read the exchange, protect, warm up. A store that is away is no reason to leave positions alone.

        Raises `LookupError` where no symbol can be traded, and `ConnectionError`.
        """
        self._phase = "recovering"
        self._owed.forget()
        saved = await self._memory()
        self._begin(saved, None)
        self._hands.take_in(await self._recovery.rules())
        news = await self._recovery.account()
        self._found_ours = shows_our_stops(news) if self._found_ours is None else self._found_ours
        self._hands.take_in(news)
        self._is_in_charge = True
        await self.guarding(self._rest_of_recovery(saved))
        await self._owed.save()
        self._phase = "running"

    async def _rest_of_recovery(self, saved: SavedState | None) -> None:
        await self._look_at_fills(saved)
        await self._warm_up()
        self._doubt(saved)
        await self._quiet()

    async def guarding(self, work: Coroutine[None, None, None]) -> None:
        """Do something while the queue is emptied: a stop that is refused meanwhile is placed again at once."""
        guard = asyncio.create_task(self._loop())
        try:
            await work
        finally:
            guard.cancel()
            await asyncio.wait({guard})
        if not guard.cancelled():
            guard.result()  # it ended by itself: raises why

    async def _memory(self) -> SavedState | None:
        try:
            async with asyncio.timeout(LOAD_WITHIN_S):
                saved = await self._store.load()
        except (StoreDown, StateUnreadable, TimeoutError, ValueError) as error:  # whatever is odd there: positions come first
            self._owed.is_apart = True
            self._owed.failed(str(error) or f"the store gave nothing within {LOAD_WITHIN_S:g} s")
            return None
        self._owed.is_apart = False
        self._owed.came_back()
        return saved

    def _begin(self, saved: SavedState | None, latch: LatchView | None) -> None:
        """A new trader."""
        trader = Trader(self.setup, saved, self.clock.now_ms())
        if self._owed.is_apart:
            trader.books.saved = replace(trader.books.saved, running=Running.PAUSED)
        self._hands.put_in_charge(trader, latch)

    async def _look_at_fills(self, saved: SavedState | None) -> None:
        for symbol, memory in (saved.desks if saved else {}).items():
            if symbol in self.trader.desks:
                self._hands.take_in(await self._recovery.executions(symbol, memory))

    async def _warm_up(self) -> None:
        """Bars that were handled before the restart come first; the feed brings the rest, and the newest may be decided on."""
        for symbol in tuple(self.trader.desks):
            bars = await self._recovery.bars(symbol)
            for event in bars_until(self.trader.desks[symbol].memory.last_bar_ms, bars):
                self._hands.happened(event)
                self._feed.start_after(symbol, event.bar.open_time_ms)

    def _doubt(self, saved: SavedState | None) -> None:
        """No memory, and yet orders of ours at the exchange: it was lost, not new."""
        if saved is None and self._found_ours and not self._owed.is_apart:
            self._hands.act(self.trader.books.latched(LatchCause.LOST_STATE, 0.0, 0.0, self.trader.time_ms))

    async def _quiet(self) -> None:
        """Wait until nothing is on its way, for a while at most. No stream tells what is filled meanwhile: look."""
        began_s = looked_s = asyncio.get_running_loop().time()
        while self._is_moving() and (now_s := asyncio.get_running_loop().time()) < began_s + QUIET_LIMIT_S:
            if now_s - looked_s >= LOOK_AT_ACCOUNT_S:
                looked_s = now_s
                self.inbox.post(ClockTicked(True, self.trader.time_ms, self.clock.now_ms()))
            await asyncio.sleep(LOOK_S)

    # --- a memory that can be read again ----------------------------------------------------------------------------

    async def _join(self) -> None:
        """Read the memory as soon as that is possible, and what is to be read for it; the loop takes it over.

        All of it is read here: an exchange that is slow to answer keeps the loop from no exit.
        """
        while self._owed.is_apart:
            await asyncio.sleep(LOAD_AGAIN_S)
            try:
                saved, market = await self._store.load(), await self._recovery.market()
                found = Rejoin(saved, market, await self._recovery.since(saved))
            except (StoreDown, StateUnreadable, ConnectionError, TimeoutError, LookupError, ValueError) as error:
                logger.info("the memory cannot be taken over yet: %s", error)
                continue
            self.inbox.ask(found)
            await found.is_done.wait()

    def _rejoin(self, found: Rejoin) -> None:
        """A second recovery: the saved memory takes the place of the trader that had none."""
        self._owed.is_apart = False
        if found.saved is None:
            self.trader.books.saved = begun(self.trader.books.saved, self._hands.wished)
            self._hands.put_in_charge(self.trader, None)  # reading may have latched a loss in the file
            self._doubt(None)
        else:
            self._replace(found, found.saved)
        self._owed.came_back()
        self._tell_ready()
        found.is_done.set()

    def _replace(self, found: Rejoin, saved: SavedState) -> None:
        """The account may have gone on since it was read: connections that are back have it asked for once more."""
        before, hands = self.trader, self._hands
        self._owed.drop_trades()
        self._begin(merged(saved, before.state(), hands.wished), before.books.saved.latch)
        hands.take_in([*found.market.rules, *found.news])
        for bars in found.market.bars.values():
            hands.take_in(bars)
        hands.take_in([FeedRestored(route, 0, before.time_ms, self.clock.now_ms()) for route in hands.heard])

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Trade until cancelled."""
        self._tell_ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._broker.listen(self.inbox.post))
            group.create_task(self._feed.run(self.inbox.post))
            group.create_task(self._loop())
            group.create_task(self._owed.keep())
            group.create_task(self._join())

    def _tell_ready(self) -> None:
        now = self.clock.now_ms()
        outcome = self.trader.ready(self.trader.time_ms or now, now)
        if self._owed.is_apart:  # told when the memory is there
            outcome = replace(outcome, notices=tuple(n for n in outcome.notices if not isinstance(n, EngineReady)))
        self._hands.act(outcome)
        self.inbox.post(ClockTicked(True, self.trader.time_ms, now))

    async def _loop(self) -> None:
        while True:
            await self._take(await self.inbox.take())
            await asyncio.sleep(0)  # a full queue keeps nobody else from their turn

    async def _take(self, item: Item) -> None:
        """One item, whole: handled, acted on, answered."""
        self._is_handling = True
        try:
            match item:
                case Rejoin() if not self._hands.is_closing:
                    self._rejoin(item)
                case Wish():
                    reply = self._hands.granted(item.command)
                    self._requests.start(self._answered(item, reply))
                case _ if not isinstance(item, Rejoin):
                    self._hands.happened(item)
        finally:
            self._is_handling = False

    async def _answered(self, wish: Wish, reply: Reply) -> None:
        """Say what became of a wish once that is saved; a store that is away keeps nobody waiting."""
        try:
            if self._owed.store_is_up:
                await self._owed.save()
        finally:
            if not wish.answer.done():
                wish.answer.set_result(reply)

    # --- what others may ask ----------------------------------------------------------------------------------------

    @property
    def trader(self) -> Trader:
        """The trader that is in charge now."""
        return self._hands.trader

    @property
    def phase(self) -> str:
        """How far the engine came: starting, recovering, running, halted."""
        return "halted" if self.trader.is_halted else self._phase

    @property
    def alarm(self) -> Alarm:
        """The line to the owner that needs no store."""
        return self._hands.news.alarm

    @alarm.setter
    def alarm(self, alarm: Alarm) -> None:
        self._hands.news.alarm = alarm

    @property
    def store_is_up(self) -> bool:
        """Whether the store answers, and confirmed the newest save."""
        return self._owed.store_is_up

    @property
    def is_apart(self) -> bool:
        """Whether the engine guards positions without its memory, which could not be read yet."""
        return self._owed.is_apart

    def store_failed(self, detail: str) -> None:
        """Somebody found out that the store does not answer: entries are held at once."""
        self._owed.failed(detail)

    def hold_entries(self, for_s: float) -> None:
        """No entry for a while: those of a process that was here before may still be on their way."""
        self._hands.hold_entries(for_s)

    def post(self, event: Event) -> None:
        """Put a fact into the queue."""
        self.inbox.post(event)

    def is_settled(self) -> bool:
        """Whether nothing waits: no item, no request, no save, nothing unanswered at the exchange."""
        return not (self._is_moving() or self._is_handling or self._owed.is_waiting)

    def is_ready(self) -> bool:
        """Whether the memory is there, the books were compared and every connection delivers."""
        return self.phase == "running" and not self.is_apart and self.trader.is_ready and not self.trader.is_blind

    def cards_open(self) -> int:
        """How many proposals wait for the owner."""
        return sum(desk.memory.proposal is not None for desk in self.trader.desks.values())

    async def close(self) -> None:
        """No entry begins; what is on its way is answered, what it brings is covered. All is saved, but not half a recovery."""
        if self._hands.is_closing or not self._is_in_charge:
            return
        self._hands.is_closing = True
        await self.guarding(self._quiet())
        await self._requests.finished(LOOK_S)
        if self._phase == "running":
            await self._owed.finish()

    def _is_moving(self) -> bool:
        return bool(len(self.inbox) or len(self._requests) or self.trader.is_busy)
