"""What the Trader decides is done here: sent, owed to the store, told. No step of it waits.

Exits and stops leave at once (R1, R7); an entry takes its own way through the journal, beside everything else.
"""

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from engine.desk.entries import is_wanted
from engine.entering import Entries
from engine.model.commands import (
    ClosePosition,
    Command,
    DecisionMode,
    DeclineEntry,
    MoveStopToEntry,
    Panic,
    PauseTrading,
    StopTrading,
)
from engine.model.events import ClockTicked, FeedLost, FeedRestored, OrderUnanswered, Route
from engine.model.machine_notices import EngineHalted
from engine.model.messages import Outcome, Reply, ReplyCode
from engine.model.notices import LatchSet, Notice
from engine.model.orders import ApprovedOrder, Role
from engine.model.saved import SavedState
from engine.model.view import NO_BRAKES, Brakes, LatchView, PanicView, Running
from engine.owed import Owed
from engine.ports import BrakesFile, Broker, Clock, Event, Post, Store
from engine.requests import Requests
from engine.state.latch import strictest
from engine.store_news import StoreNews
from engine.trader import Trader, TraderSetup
from engine.trader.afterwards import guarded

SAFE_WITHOUT_STORE: Final = (StopTrading, PauseTrading, ClosePosition, Panic, DeclineEntry)

logger = logging.getLogger(__name__)


class Hands:
    """Holds the trader that is in charge, and carries out what it says."""

    def __init__(
        self, setup: TraderSetup, broker: Broker, store: Store, clock: Clock, brakes_file: BrakesFile, post: Post
    ) -> None:
        self.trader = Trader(setup, None)
        self.clock = clock
        self.heard = set[Route]()  # the connections that deliver
        self.wished: Running | None = None  # what the owner asked for while the memory could not be read
        self.is_closing = False
        self.requests = Requests(broker, post, self._unanswered)
        self.owed = Owed(store, self._state, self._store_changed)
        self.news = StoreNews(clock, lambda: self.trader.time_ms, self.say)
        self._post = post
        self._brakes_file = brakes_file
        self._kept = NO_BRAKES  # what their file holds
        self._latch_told: LatchView | None = None
        self._file_fault = ""
        self._waiting: asyncio.TimerHandle | None = None
        self._entries = Entries(
            broker,
            clock,
            lambda: self.trader.time_ms,
            take=self.happened,
            journal=self.owed.save,
            may=self._may_enter,
            send=self.requests.send,
        )

    def put_in_charge(self, trader: Trader, latch: LatchView | None) -> None:
        """From here on this trader decides. What holds it back is the strictest that memory, file or the one before it hold."""
        known, kept = trader.books.saved.latch, self._brakes_file.read()
        self._kept = kept
        held = strictest(kept.latch, known, latch)
        trader.hold_back(held, kept.running_in(trader.setup.namespace))
        over = trader.books.heard_of_panic(kept.panic_in(trader.setup.namespace))
        trader.is_guarded, trader.is_halted = self.trader.is_guarded, self.trader.is_halted
        trader.silence = self.trader.silence
        self.trader = trader
        self._flag()
        self.owe(over)
        if held is not None and held != known and not (self.owed.is_apart and held == self._latch_told):
            self._latch_told = held  # past a store that is away once is enough, however often recovery begins again
            self.say(LatchSet(held.cause, held.seen, held.needed, held.set_ms))

    # --- events and wishes ------------------------------------------------------------------------------------------

    def happened(self, event: Event) -> None:
        """Let the trader handle an event, and do what it says."""
        if isinstance(event, FeedRestored):
            self.heard.add(event.route)
        elif isinstance(event, FeedLost):
            self.heard.discard(event.route)
        self.act(self._handled(event), event.seen_ms)

    def take_in(self, events: Iterable[Event]) -> None:
        """Let several things have happened, in their order."""
        for event in events:
            self.happened(event)

    def granted(self, command: Command) -> Reply:
        """What lowers risk works without the store; everything else would not be remembered, and waits for it."""
        is_apart = self.owed.is_apart
        is_safe = isinstance(command, SAFE_WITHOUT_STORE) or (isinstance(command, MoveStopToEntry) and not is_apart)
        if not self.owed.store_is_up and not is_safe:
            return Reply(ReplyCode.STORE_DOWN)
        if is_apart and isinstance(command, StopTrading | PauseTrading | Panic):
            asked = Running.STOPPED if isinstance(command, StopTrading) else Running.PAUSED
            self.wished = asked.stricter(self.wished)
        outcome = self._handled(command)
        self.act(outcome, command.asked.seen_ms)
        return outcome.reply or Reply(ReplyCode.DONE)

    def _handled(self, event: Event | Command) -> Outcome:
        try:
            return self.trader.handle(event)
        except Exception as error:  # the one place where the trader's own faults end: it halts, the stops stay
            logger.exception("the trader met something impossible in %s", type(event).__name__)
            halted = self._halted(f"{type(error).__name__} in {type(event).__name__}")
            halted = replace(halted, reply=Reply(ReplyCode.NOT_READY))  # whoever wished for it: it was not done
            return halted + guarded(self.trader, self.trader.time_ms, self.clock.now_ms())

    def _halted(self, detail: str) -> Outcome:
        if self.trader.is_halted:
            return Outcome()
        self.trader.is_halted = True
        return Outcome(notices=(EngineHalted(detail, self.trader.time_ms),), changed=True)

    # --- doing ------------------------------------------------------------------------------------------------------

    def act(self, outcome: Outcome, decided_ms: int = 0) -> None:
        """Start everything, owe what is to be saved. `decided_ms` (wire): when that came in on which it was decided."""
        self.requests.wake_after(outcome.wake_in_ms, self._woken)
        for order in outcome.orders:
            if order.role is Role.ENTRY:
                self.requests.start(self._entries.enter(order, decided_ms))
            else:
                self.requests.place(order)
        for errand in outcome.errands:
            self.requests.start(self.requests.run(errand))
        self._remember_brakes()
        self.owe(outcome)

    def owe(self, outcome: Outcome) -> None:
        """Have it saved; while the store is away its notices go past it."""
        if outcome.notices and not self.owed.store_is_up:
            outcome = self.news.past_the_store(outcome, is_apart=self.owed.is_apart)
        self.owed.add(outcome)

    def say(self, notice: Notice) -> None:
        """Tell the owner."""
        self.owe(Outcome(notices=(notice,)))

    def hold_entries(self, for_s: float) -> None:
        """No entry for a while: those of a process that was here before may still be on their way."""
        if self._waiting is not None:
            self._waiting.cancel()
        self._waiting = asyncio.get_running_loop().call_later(for_s, self._waited)
        self._flag()

    def _waited(self) -> None:
        self._waiting = None
        self._flag()

    def _woken(self) -> None:
        self._post(ClockTicked(False, self.trader.time_ms, self.clock.now_ms()))

    def _unanswered(self, order: ApprovedOrder, name: str) -> OrderUnanswered:
        return OrderUnanswered(order.symbol, order.client_id, name, self.trader.time_ms, self.clock.now_ms())

    def _may_enter(self, order: ApprovedOrder) -> bool:
        """Whether an entry that was decided is still wanted: much may have happened while it was signed and journalled."""
        account, desk = self.trader.books.saved, self.trader.desks.get(order.symbol)
        if desk is None or not is_wanted(desk.memory, order, self.trader.time_ms, is_taken=desk.is_taken):
            return False
        is_held = self.trader.is_halted or self.trader.is_waiting or self.trader.is_store_down or self.is_closing
        is_held = is_held or self.trader.is_guarded or self.trader.is_blind or self.trader.is_silent
        is_held = is_held or account.mode is DecisionMode.SIGNALS
        return not is_held and account.running is Running.RUNNING and account.latch is None and not account.is_panicking

    # --- store and file ---------------------------------------------------------------------------------------------

    def _state(self) -> SavedState:
        return self.trader.state()

    def _store_changed(self, is_up: bool, detail: str) -> None:
        self._flag()
        if not is_up:
            self.news.went(detail)
        elif not self._file_fault:
            self.news.came()

    def _flag(self) -> None:
        """What keeps entries back, told to the trader: it says so in every ruling."""
        self.trader.is_store_down = not self.owed.store_is_up or bool(self._file_fault)
        self.trader.is_waiting = self._waiting is not None

    def _brakes(self, kept: Brakes) -> Brakes:
        """What holds entries back. While the memory was not read, the trader's pause is not the owner's, and a loss that is
        found meanwhile is latched in the file past us.
        """
        account, name = self.trader.books.saved, self.trader.setup.namespace
        latch, running = account.latch, account.running
        if self.owed.is_apart:
            latch, running = strictest(kept.latch, latch), kept.running_in(name).stricter(self.wished)
        panic = PanicView(account.panicked_ms, is_over=not account.is_panicking)
        known = kept.running if running is kept.running_in(name) else kept.running | {name: running}
        panics = kept.panics if panic == kept.panic_in(name) else kept.panics | {name: panic}
        return Brakes(latch, known, panics)

    def _remember_brakes(self) -> None:
        """They go into their file at once. A file that cannot be written holds entries back, and is tried again."""
        if self._brakes(self._kept) == self._kept:
            return
        brakes = self._brakes(self._brakes_file.read() if self.owed.is_apart else self._kept)
        try:
            self._brakes_file.write(brakes)
        except OSError as error:
            fault = f"latch and pause could not be written to their file: {error.strerror}"
            if not self._file_fault:
                logger.error(fault)
                self.news.went(fault)
            self._file_fault = fault
        else:
            self._kept = brakes
            if self._file_fault:
                self._file_fault = ""
                if self.owed.store_is_up:
                    self.news.came()
        self._flag()
