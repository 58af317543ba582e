"""All desks, the account and the owner's wishes: one event in, one outcome out. No waiting, no clock, no I/O.

After every event about orders, the account or time each desk is audited: what should be is compared with what is, so
that nothing depends on having seen an event (R4).
"""

import sys
from dataclasses import replace
from typing import Final

from engine.desk.account_now import AccountNow
from engine.desk.desk import Desk
from engine.desk.position import is_busy, is_reserved, number
from engine.desk.reconciling import part_of
from engine.execution import missed
from engine.execution.lot_rules import lot_rules
from engine.model.commands import COMMANDS, Command
from engine.model.events import (
    AccountSynced,
    BalanceChanged,
    BarClosed,
    ClockTicked,
    ErrandFailed,
    FeedLost,
    FeedRestored,
    FillsListed,
    FundingPaid,
    MarkSeen,
    OrderFilled,
    OrderRejected,
    OrderSigned,
    OrderUnanswered,
    PriceSeen,
    QuoteSeen,
    Route,
    RulesLoaded,
    SetupSeen,
    StopChanged,
    StopsListed,
)
from engine.model.machine_notices import EngineReady, FeedCameBack, FeedWentAway
from engine.model.messages import NOTHING, Outcome, SyncAccount
from engine.model.proposals import ProposalEnd
from engine.model.saved import Override, SavedDesk, SavedState
from engine.model.view import EngineView, LatchView, Running
from engine.params import TradingParams
from engine.ports import Event
from engine.trader import afterwards, failures, viewing, wishes
from engine.trader.access import Access
from engine.trader.beginning import begun_late, terms_of, unlisted, unlisted_told, with_overrides
from engine.trader.books import Books
from engine.trader.executions import executed
from engine.trader.setup import TraderSetup
from engine.trader.silence import Silence
from engine.trader.subjects import ORDER_NEWS, symbol_of
from engine.trader.waking import awakened, of_bars

QUIET: Final = (QuoteSeen, MarkSeen, PriceSeen)  # they come many times a second, and change no books


class Trader:
    """Everything that decides. `saved` is what an earlier process left; None = nothing. `now_ms` (wire): when this one woke."""

    def __init__(self, setup: TraderSetup, saved: SavedState | None, now_ms: int = sys.maxsize) -> None:
        self.setup = setup
        self.was_restored = saved is not None
        state = saved or SavedState(setup.namespace)
        self.access = Access()
        self.silence = Silence()
        self.books = Books(state.account if saved else replace(state.account, mode=setup.mode))
        self.overrides: tuple[Override, ...] = state.overrides
        self.params = with_overrides(setup.params, state.overrides)
        self.desks: dict[str, Desk] = {}
        self.is_ready = False
        self.is_halted = False
        self.is_store_down = False  # the runner tells: what cannot be journalled is not entered
        self.is_guarded = False  # the process tells: its starts failed again and again, so nothing is entered
        self.is_waiting = False  # another process's entries may still be on their way
        self.time_ms = 0
        self.synced_ms = 0
        self.memories = {symbol: awakened(memory, now_ms) for symbol, memory in state.desks.items()}
        self._lost = set(Route)  # until each connection delivers for the first time

    # --- the one door -----------------------------------------------------------------------------------------------

    def handle(self, event: Event | Command) -> Outcome:
        """Take one event or command, and say what should happen."""
        if isinstance(event, COMMANDS):
            self.time_ms = max(self.time_ms, event.asked.time_ms)
            outcome = wishes.granted(self, event)
            return afterwards.settled(self, outcome, event.asked.time_ms, event.asked.seen_ms)
        self.time_ms = max(self.time_ms, event.time_ms)
        if isinstance(event, QUIET):
            return self._seen(event)
        return afterwards.settled(self, self._happened(event), event.time_ms, event.seen_ms)

    def _seen(self, event: QuoteSeen | MarkSeen | PriceSeen) -> Outcome:
        desk = self.desks.get(event.symbol)
        if desk is None:
            return NOTHING
        match event:
            case QuoteSeen():
                desk.quote_seen(event)
                return NOTHING
            case MarkSeen():
                desk.mark_seen(event)
            case PriceSeen():
                return desk.price_seen(event)
        return self.books.watched(self.desks.values(), self.params, event.time_ms)

    def _happened(self, event: Event) -> Outcome:
        match event:
            case RulesLoaded():
                return self._rules_loaded(event)
            case FeedLost() | FeedRestored():
                return self._feed(event)
            case ClockTicked():
                return self._ticked(event)
            case AccountSynced():
                return self._compared(event)
            case BalanceChanged():
                self.books.changed(event)
                return Outcome(changed=True)
            case OrderSigned():
                return self._signed(event)
            case ErrandFailed():
                return failures.unread(self, event)
        return self._of_desk(event)

    def _of_desk(self, event: Event) -> Outcome:
        """What concerns one symbol only."""
        desk = self.desks.get(symbol_of(event))
        if desk is None:
            return NOTHING
        match event:
            case BarClosed():
                return desk.bar_closed(event, self.account_now(desk))
            case OrderFilled() | FillsListed():
                return executed(self, desk, event)
            case OrderRejected():
                return failures.denied(self, event) + desk.heard(event)
            case OrderUnanswered():
                return failures.unanswered(self, event) + desk.heard(event)
            case StopChanged():
                return desk.stop_changed(event)
            case StopsListed():
                return desk.stops_listed(event)
            case FundingPaid():
                return self._funded(desk, event)
            case SetupSeen():
                return desk.setup_seen(event.setup, event.time_ms)
        return desk.heard(event) if isinstance(event, ORDER_NEWS) else NOTHING

    def _signed(self, event: OrderSigned) -> Outcome:
        for desk in self.desks.values():
            entry = desk.memory.entry
            if entry is not None and entry.client_id == event.client_id:
                return desk.heard(event)
        return NOTHING

    def next_number(self) -> int:
        """The number of the next trade that opens."""
        return max(self.books.saved.trade_number, *(number(desk.memory) for desk in self.desks.values())) + 1

    # --- events -----------------------------------------------------------------------------------------------------

    def _rules_loaded(self, event: RulesLoaded) -> Outcome:
        rules = event.rules
        desk = self.desks.get(rules.symbol)
        if desk is not None:
            desk.terms = replace(desk.terms, rules=rules, lot=lot_rules(rules))
            return NOTHING
        memory = self.memories.pop(rules.symbol, None) or SavedDesk(rules.symbol, wishes.SIDES_AT_START)
        memory = of_bars(memory, self.setup.interval_ms)
        self.desks[rules.symbol] = Desk(terms_of(self.setup, rules, self.params), memory)
        if not self.is_ready:
            return NOTHING
        dead = self.desks[rules.symbol].end_proposal(ProposalEnd.RESTARTED, "", event.time_ms)
        return dead + begun_late(self.setup, memory, event.time_ms)

    def _feed(self, event: FeedLost | FeedRestored) -> Outcome:
        if isinstance(event, FeedLost):
            self._lost.add(event.route)
            return Outcome(notices=(FeedWentAway(event.route.value, event.detail, event.time_ms),))
        if event.route not in self._lost:
            return NOTHING
        self._lost.discard(event.route)
        outcome = NOTHING
        if event.lost_ms:
            outcome = Outcome(notices=(FeedCameBack(event.route.value, event.lost_ms, 0, event.time_ms),))
        if event.route is Route.PRIVATE:
            looks = [look for desk in self.desks.values() for look in missed.payments(desk.memory, self.time_ms)]
            looks += [look for desk in self.desks.values() for look in missed.questions(desk.memory)]
            outcome += Outcome(errands=(*looks, SyncAccount()))
        return outcome

    def _ticked(self, event: ClockTicked) -> Outcome:
        outcome = self.books.day_turned(self.desks.values(), event.time_ms)
        for desk in self.desks.values():
            outcome += desk.ticked(event.time_ms, event.seen_ms)
        return outcome + self.books.looks(event)

    def _compared(self, event: AccountSynced) -> Outcome:
        seen = event.account
        self.books.synced(seen, self.desks.values(), unlisted(self.setup, self.desks))
        self.synced_ms = max(self.synced_ms, event.seen_ms)
        self.silence.read(seen.asked_ms)
        outcome = self.access.synced(seen, event.time_ms) + Outcome(changed=True)
        for symbol, desk in self.desks.items():
            part = part_of(seen, symbol, event.time_ms, event.seen_ms)
            desk.foreign.listed(seen, symbol)
            outcome += desk.compared(part, self.next_number())
        return outcome

    def _funded(self, desk: Desk, event: FundingPaid) -> Outcome:
        rest = desk.funded(event)
        if rest is None:
            return NOTHING
        self.books.saved = replace(self.books.saved, day_funding=self.books.saved.day_funding + rest)
        return Outcome(changed=True)

    def ready(self, time_ms: int, now_ms: int) -> Outcome:
        """Recovery ended: cards from before are dead, and the owner is told where things stand."""
        self.is_ready = True
        outcome = unlisted_told(self.setup, self.desks, time_ms)
        for desk in self.desks.values():
            outcome += desk.end_proposal(ProposalEnd.RESTARTED, "", time_ms) + desk.missed_told(time_ms)
        held = sum(desk.memory.holding is not None for desk in self.desks.values())
        running = self.books.saved.running is Running.RUNNING
        outcome += Outcome(notices=(EngineReady(self.was_restored, held, running, time_ms),), changed=True)
        return afterwards.settled(self, outcome, time_ms, now_ms)

    # --- what others may know ---------------------------------------------------------------------------------------

    def account_now(self, desk: Desk) -> AccountNow:
        """The account as one desk needs it."""
        saved, others = self.books.saved, [other.memory for other in self.desks.values() if other is not desk]
        left = self.books.held.difference(self.books.strays)  # of symbols that are no longer traded
        others += [memory for symbol, memory in self.memories.items() if symbol in left]
        return AccountNow(
            is_running=saved.running is Running.RUNNING,
            is_stopped=saved.running is Running.STOPPED,
            is_halted=self.is_halted,
            is_latched=saved.latch is not None or saved.is_panicking,
            is_ready=self.is_ready and self.books.was_read and not self.books.is_doubted and not self.is_waiting,
            is_blind=bool(self._lost),
            mode=saved.mode,
            equity=float(self.books.equity(self.desks.values())),
            peak_equity=float(saved.peak_equity),
            day_start_equity=float(saved.day_start_equity),
            available=float(self.books.available),
            open_positions=sum(map(is_reserved, others)) + len(self.books.strays),
            loss_streak=saved.loss_streak,
            locked_until_ms=saved.locked_until_ms,
            is_refused=self.access.is_refused,
            is_store_down=self.is_store_down,
            is_guarded=self.is_guarded,
            is_silent=self.is_silent,
        )

    def view(self) -> EngineView:
        """A picture of everything."""
        return viewing.view(self)

    def state(self) -> SavedState:
        """What must survive."""
        desks = {**self.memories, **{symbol: desk.memory for symbol, desk in self.desks.items()}}
        return SavedState(self.setup.namespace, self.books.saved, desks, self.overrides)

    def retune(self, params: TradingParams) -> None:
        """Go on under other settings."""
        self.params = params
        for desk in self.desks.values():
            desk.retuned(params)

    @property
    def is_blind(self) -> bool:
        """Whether a connection does not deliver."""
        return bool(self._lost)

    def hold_back(self, latch: LatchView | None, running: Running) -> None:
        """Take over the latch, and what another memory holds of a pause where that is the stricter one."""
        saved = self.books.saved
        self.books.saved = replace(saved, latch=latch, running=saved.running.stricter(running))

    @property
    def is_silent(self) -> bool:
        """Whether the exchange does not answer."""
        return self.silence.holds(desk.memory for desk in self.desks.values())

    @property
    def is_busy(self) -> bool:
        """Whether something is on its way to the exchange or waits for its answer."""
        return any(is_busy(desk.memory) for desk in self.desks.values())
