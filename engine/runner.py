"""The loop: take, handle, save, act, tell. Starting and recovering are the same code.

What changed is saved before it is acted on. Two things never wait for the store: exits and stops (R1, R7). An entry
leaves only when its journal entry was confirmed, once, and never again.
"""

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from typing import Final

from engine.execution import missed
from engine.inbox import Inbox, Item, Wish
from engine.model.events import AccountSynced, ClockTicked, OrderRejected, OrderSigned, OrderUnanswered
from engine.model.messages import Errand, FetchFunding, Outcome, Reply, ReplyCode, SyncAccount
from engine.model.notices import EngineHalted
from engine.model.orders import ApprovedOrder, Role, SignedOrder
from engine.model.saved import SavedState
from engine.model.view import LatchView
from engine.owed import Owed
from engine.ports import Broker, Clock, Event, History, LatchFile, Store, WarmFeed
from engine.state.latch import strictest
from engine.trader import Trader, TraderSetup

STORE_DOWN: Final = -1  # our own code for an entry that could not be journalled
SYNC_AGAIN_S: Final = 1.0
QUIET_LIMIT_S: Final = 10.0
ENTRY_TRIES: Final = 4
JOURNAL_WITHIN_MS: Final = 150  # of signing; the broker itself sends nothing after 250

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
        latch_file: LatchFile,
    ) -> None:
        self.setup = setup
        self.interval = interval
        self.clock = clock
        self.inbox = Inbox()
        self.phase = "starting"
        self.trader = Trader(setup, None)
        self._feed = feed
        self._history = history
        self._broker = broker
        self._store = store
        self._latch_file = latch_file
        self._latch: LatchView | None = None
        self._tasks = set[asyncio.Task[None]]()
        self._owed = Owed(store)
        self._wake: asyncio.TimerHandle | None = None
        self._is_handling = False

    # --- start = recovery -------------------------------------------------------------------------------------------

    async def recover(self) -> None:
        """Load, read the exchange, protect, warm up.

        Raises `StateUnreadable` or `StoreDown`, `LookupError` for a symbol that cannot be traded, `ConnectionError`.
        """
        self.phase = "recovering"
        saved = await self._store.load()
        self._latch = strictest(self._latch_file.read(), saved.account.latch if saved else None)
        self.trader = Trader(self.setup, saved)
        self.trader.keep_latch(self._latch)
        for rules in await self._history.rules(self.setup.symbols):
            await self._take(rules)
        await self._look_at_account()
        await self._look_at_fills(saved)
        await self._warm_up()
        await self._drained()
        self.phase = "running"

    async def _look_at_account(self) -> None:
        """Nothing is decided, and no position is left alone, before the exchange was read."""
        while True:
            news = await self._broker.run(SyncAccount())
            for event in news:
                await self._take(event)
            if any(isinstance(event, AccountSynced) for event in news):
                return
            await asyncio.sleep(SYNC_AGAIN_S)

    async def _look_at_fills(self, saved: SavedState | None) -> None:
        for symbol, memory in (saved.desks if saved else {}).items():
            since = missed.since_ms(memory)
            if symbol in self.trader.desks and since:
                for errand in (*missed.questions(memory), FetchFunding(symbol, since)):
                    for event in await self._broker.run(errand):
                        await self._take(event)

    async def _warm_up(self) -> None:
        """Bars that were handled before the restart come first; the feed brings the rest, and the newest may be decided on."""
        for symbol in self.setup.symbols:
            bars = await self._history.closed_bars(symbol, self.interval, self.setup.warmup_bars, 0)
            handled = self.trader.desks[symbol].memory.last_bar_ms
            is_recent = any(event.bar.open_time_ms == handled for event in bars)
            for event in bars:
                if is_recent and event.bar.open_time_ms > handled:
                    break
                await self._take(event)
                self._feed.start_after(symbol, event.bar.open_time_ms)

    async def _drained(self) -> None:
        """Wait until what recovery set in motion has come to rest, for a while at most: then the loop goes on with it."""
        give_up = asyncio.get_running_loop().time() + QUIET_LIMIT_S
        while (len(self.inbox) or self._tasks) and asyncio.get_running_loop().time() < give_up:
            if len(self.inbox):
                await self._take(self.inbox.next())
            else:
                await asyncio.wait(self._tasks, timeout=QUIET_LIMIT_S, return_when=asyncio.FIRST_COMPLETED)

    # --- the loop ---------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Trade until cancelled."""
        self._tell_ready()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._broker.listen(self.inbox.post))
            group.create_task(self._feed.run(self.inbox.post))
            group.create_task(self._loop())

    def _tell_ready(self) -> None:
        now = self.clock.now_ms()
        self._acted(self.trader.ready(self.trader.time_ms or now, now))
        self.inbox.post(ClockTicked(True, self.trader.time_ms, now))

    async def _loop(self) -> None:
        while True:
            await self._take(await self.inbox.take())

    async def _take(self, item: Item) -> None:
        """One item, whole: handled, saved, acted on, answered."""
        self._is_handling = True
        try:
            event = item.command if isinstance(item, Wish) else item
            outcome = self._handled(event)
            outcome = await self._journalled(outcome)
            if isinstance(item, Wish) and not item.answer.done():
                item.answer.set_result(outcome.reply or Reply(ReplyCode.DONE))
        finally:
            self._is_handling = False

    def _handled(self, event) -> Outcome:  # type: ignore[no-untyped-def]
        try:
            return self.trader.handle(event)
        except Exception as error:  # the one place where the trader's own faults end: it halts, the stops stay
            logger.exception("the trader met something impossible in %s", type(event).__name__)
            return self._halted(f"{type(error).__name__} in {type(event).__name__}")

    def _halted(self, detail: str) -> Outcome:
        if self.trader.is_halted:
            return Outcome()
        self.trader.is_halted = True
        self.phase = "halted"
        return Outcome(notices=(EngineHalted(detail, self.trader.time_ms),), changed=True)

    async def _journalled(self, outcome: Outcome) -> Outcome:
        """Send what cannot wait, save, then send what was saved."""
        self._acted(outcome)
        entries = [order for order in outcome.orders if order.role is Role.ENTRY]
        for order in entries:
            await self._enter(order)
        if not entries:
            await self._saved()
        return outcome

    def _acted(self, outcome: Outcome) -> None:
        """Start everything but entries; owe what is to be saved."""
        self._wake_after(outcome.wake_in_ms)
        for order in outcome.orders:
            if order.role is not Role.ENTRY:
                self._start(self._placed(order))
        for errand in outcome.errands:
            self._start(self.run_errand(errand))
        self._owed.add(outcome)

    async def _enter(self, order: ApprovedOrder) -> None:
        """Sign, journal, send (R2). Where that took too long nothing has left yet, and it begins again with a new lease."""
        for _ in range(ENTRY_TRIES):
            signed = await self._broker.sign(order)
            self._acted(self._handled(self._signed(signed)))
            if await self._saved() and self.clock.now_ms() - signed.signed_ms <= JOURNAL_WITHIN_MS:
                self._start(self._sent(signed))
                return
        self._refuse(order)

    def _signed(self, signed: SignedOrder) -> OrderSigned:
        now = self.clock.now_ms()
        return OrderSigned(signed.order.client_id, signed.signed_ms, signed.deadline_ms, self.trader.time_ms, now)

    def _refuse(self, order: ApprovedOrder) -> None:
        now, text = self.clock.now_ms(), "not sent: the store did not confirm the journal"
        self.inbox.post(OrderRejected(order.symbol, order.client_id, STORE_DOWN, text, self.trader.time_ms, now))

    async def _saved(self) -> bool:
        """Save what is owed; the latch goes into its file first."""
        self._remember_latch()
        return await self._owed.save(self.trader.state)

    def _remember_latch(self) -> None:
        latch = self.trader.books.saved.latch
        if latch == self._latch:
            return
        self._latch = latch
        try:
            self._latch_file.write(latch)
        except OSError as error:
            logger.error("the latch could not be written to its file: %s", error.strerror)

    @property
    def store_is_up(self) -> bool:
        """Whether the newest save was confirmed."""
        return self._owed.store_is_up

    # --- acting -----------------------------------------------------------------------------------------------------

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            logger.error("a request ended with %r", task.exception())

    async def _sent(self, signed: SignedOrder) -> None:
        try:
            self._post_all(await self._broker.send(signed))
        except BaseException as error:
            order, now, name = signed.order, self.clock.now_ms(), type(error).__name__
            self.inbox.post(OrderUnanswered(order.symbol, order.client_id, name, self.trader.time_ms, now))
            raise

    async def _placed(self, order: ApprovedOrder) -> None:
        self._post_all(await self._broker.place(order))

    async def run_errand(self, errand: Errand) -> None:
        """Carry out a read or a cancel; what it tells enters the queue."""
        self._post_all(await self._broker.run(errand))

    def _post_all(self, events: Sequence[Event]) -> None:
        for event in events:
            self.inbox.post(event)

    def _wake_after(self, wake_in_ms: int) -> None:
        """Look again after a while: the earliest wish counts."""
        if not wake_in_ms:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + wake_in_ms / 1_000
        if self._wake is not None:
            if not self._wake.cancelled() and loop.time() < self._wake.when() <= due:
                return
            self._wake.cancel()
        self._wake = loop.call_at(due, self._woken)

    def _woken(self) -> None:
        self.inbox.post(ClockTicked(False, self.trader.time_ms, self.clock.now_ms()))

    # --- what others may ask ----------------------------------------------------------------------------------------

    def post(self, event: Event) -> None:
        """Put a fact into the queue."""
        self.inbox.post(event)

    def is_settled(self) -> bool:
        """Whether nothing waits: no item, no request, no save, nothing unanswered at the exchange."""
        return not (len(self.inbox) or self._tasks or self._is_handling or self.trader.is_busy)

    def is_ready(self) -> bool:
        """Whether the books were compared and every connection delivers."""
        return self.phase == "running" and self.trader.is_ready and not self.trader.is_blind

    def cards_open(self) -> int:
        """How many proposals wait for the owner."""
        return sum(desk.memory.proposal is not None for desk in self.trader.desks.values())

    async def close(self) -> None:
        """Let what is on its way end, and save once more. Stops stay where they are."""
        if self._wake is not None:
            self._wake.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=QUIET_LIMIT_S / 4)
        while len(self.inbox):
            await self._take(self.inbox.next())
        await self._saved()
