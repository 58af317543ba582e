"""The account's books: wallet, equity, peak, day and streak; and the latch that a breach sets.

Holds no clock: every moment is an argument. What must survive is in `saved`, a frozen value.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final

from engine.desk.desk import Desk
from engine.desk.lag import booked_quantity
from engine.desk.reconciling import LOOK_AGAIN_MS
from engine.execution.absence import LAG_MS
from engine.model.account import AccountSnapshot
from engine.model.events import BalanceChanged, ClockTicked
from engine.model.messages import NOTHING, Outcome, SyncAccount
from engine.model.notices import EntriesLocked, LatchCause, LatchLifted, LatchSet, PanicDone
from engine.model.orders import ExitReason, Trade
from engine.model.saved import SavedAccount
from engine.model.signals import Code, Ruling
from engine.model.view import PanicView, Running
from engine.params import TradingParams
from engine.state import day, latch, ledger

UNREAD_AGAIN_MS: Final = 2_000
TRANSFERS_KEPT: Final = 64
MOST_LEAP: Final = Decimal("0.1")  # of the wallet, that is believed at once
UNSURE_MS: Final = 750  # a breach must outlive a wallet that nobody explained yet
TURN_WITHIN_MS: Final = 5_000  # of a new day; the clock's ticks move on at the wire's pace


class Books:
    """Money of the account, in the quote asset."""

    def __init__(self, saved: SavedAccount) -> None:
        self.saved = saved
        self.available = saved.wallet
        self.was_read = False
        self.looked_ms = 0  # wire; when the newest snapshot was asked for
        self.strays: tuple[str, ...] = ()
        self.held: frozenset[str] = frozenset()  # every symbol of which the newest snapshot shows a position
        self._unread_ms = 0  # wire; when the exchange failed to answer
        self._transfers = deque[tuple[int, Decimal, Decimal]](maxlen=TRANSFERS_KEPT)  # the newest: each may be heard twice
        self.panic_from_ms = 0  # wire; a panic ends with a look at the account that began after this
        self._asked_ms = 0
        self._doubted_ms = 0  # wire; when a wallet was reported that is hard to believe and that nothing has repeated yet
        self._won = Decimal(0)  # by what executed since the wallet was read
        self._moved_ms = 0  # wire; when money was moved in or out
        self._unsure_ms = 0  # wire; since when the wallet differs from what was told: a transfer may explain it
        self._uneven_ms = 0  # wire; since when wallet and booked positions have not been of one moment
        self._turning_ms = 0  # market; since when a day is over that waits for an equity that can be trusted
        self._at_exchange: dict[str, Decimal] = {}  # signed quantities that belong to the wallet as it was last read
        self._told_ms: dict[str, int] = {}  # wire; when the newest of them was told, not read

    def unrealised(self, desks: Iterable[Desk]) -> Decimal:
        """The open result of all positions, by the newest marks."""
        total = Decimal(0)
        for desk in desks:
            holding = desk.memory.holding
            if holding is not None and holding.quantity:
                total += ledger.unrealised(holding, desk.sight.price(float(holding.trade.entry_price)))
        return total

    def equity(self, desks: Iterable[Desk]) -> Decimal:
        """Wallet and open results."""
        return self.saved.wallet + self.unrealised(desks)

    def synced(self, account: AccountSnapshot, desks: Iterable[Desk], unlisted: Sequence[str]) -> None:
        """Take over a snapshot, unless its reading began before the newest execution was heard of.

        What is held of our symbols that the exchange does not list has no desk: it is a stray.
        """
        self.held = frozenset(held.symbol for held in account.positions if held.quantity)
        self.strays = tuple(symbol for symbol in unlisted if symbol in self.held)
        desks = list(desks)
        if self.was_read and any(account.asked_ms <= desk.memory.last_fill_seen_ms for desk in desks):
            return
        if account.asked_ms <= self._moved_ms:
            return
        self.looked_ms = max(self.looked_ms, account.asked_ms)
        if self.was_read and account.wallet != self.saved.wallet:
            self._unsure_ms = account.asked_ms
        held = {position.symbol: position.quantity for position in account.positions}
        read = {desk.terms.symbol: held.get(desk.terms.symbol, Decimal(0)) for desk in desks}
        asked_ms, told = account.asked_ms, self._told_ms.items()
        self._told_ms = {symbol: told_ms for symbol, told_ms in told if abs(asked_ms - told_ms) < LAG_MS}  # a list may lag
        self._at_exchange = read | {symbol: self._at_exchange[symbol] for symbol in self._told_ms}
        self.read(account.wallet, account.available, account.asked_ms)

    def audited(self, desks: Iterable[Desk], now_ms: int) -> Outcome:
        """Where a balance came with other positions than the booked ones, and stays so, an execution was lost: look."""
        if self._unsure_ms and now_ms - self._unsure_ms >= UNSURE_MS:
            self._unsure_ms = 0
        if self._doubted_ms:
            return self.asked_again(now_ms)
        if self.is_even(desks):
            self._uneven_ms = 0
            return Outcome(wake_in_ms=UNSURE_MS) if self._unsure_ms else NOTHING
        self._uneven_ms = self._uneven_ms or now_ms
        if now_ms - self._uneven_ms < LOOK_AGAIN_MS:
            return Outcome(wake_in_ms=LOOK_AGAIN_MS)
        return self.asked_again(now_ms)

    def asked_again(self, now_ms: int) -> Outcome:
        """Ask for the account, once in a while."""
        if now_ms - self._asked_ms < LOOK_AGAIN_MS:
            return Outcome(wake_in_ms=LOOK_AGAIN_MS)
        self._asked_ms = now_ms
        return Outcome(errands=(SyncAccount(),), wake_in_ms=LOOK_AGAIN_MS)

    def looks(self, tick: ClockTicked) -> Outcome:
        """The account is read now and then, and again soon where that failed."""
        is_due = self._unread_ms > 0 and tick.seen_ms - self._unread_ms >= UNREAD_AGAIN_MS
        if not tick.is_check and not is_due:
            return NOTHING
        self._unread_ms = 0
        return Outcome(errands=(SyncAccount(),))

    def unread(self, seen_ms: int) -> None:
        """The account could not be read, or the exchange did not answer at all: it is read again soon."""
        self._unread_ms = self._unread_ms or seen_ms

    def changed(self, event: BalanceChanged) -> None:
        """Take over a new balance and the positions that it came with. Money moved in or out is no result."""
        self._at_exchange |= dict(event.positions)
        self._told_ms |= {symbol: event.seen_ms for symbol, _ in event.positions}
        transfer = (event.time_ms, event.transferred, event.wallet)
        if event.transferred and transfer not in self._transfers:
            self._transfers.append(transfer)
            self._moved_ms = event.seen_ms
            wallet = self.saved.wallet + max(event.transferred, Decimal(0))  # what came in explains a leap
            self.saved = replace(day.moved(self.saved, event.transferred), wallet=wallet)
        self._unsure_ms = 0
        self.read(event.wallet, None, event.seen_ms)

    def won(self, realised: Decimal) -> None:
        """Something executed with a result: the wallet may have grown by it."""
        self._won += max(realised, Decimal(0))

    @property
    def is_doubted(self) -> bool:
        """Whether the wallet was reported as one that is hard to believe: until that is repeated or taken back nothing is
        entered.
        """
        return self._doubted_ms > 0

    def is_even(self, desks: Iterable[Desk]) -> bool:
        """Whether wallet and booked positions are of one moment: an execution and its balance come one after the other,
        and between the two a result would be counted twice, or not at all.
        """
        booked = ((desk.terms.symbol, booked_quantity(desk.memory)) for desk in desks)
        return all(self._at_exchange.get(symbol, quantity) == quantity for symbol, quantity in booked)

    def read(self, wallet: Decimal, available: Decimal | None, seen_ms: int) -> None:
        """The wallet as the exchange reports it. Zero or less is believed when it is said again, a while later, and so is one
        that leaps up by more than was won: sizes and the peak would follow it.
        """
        is_news = not self.was_read or self.saved.wallet > 0
        is_odd = wallet <= 0 or (self.was_read and wallet > (self.saved.wallet + self._won) * (1 + MOST_LEAP))
        if is_odd and is_news and (not self._doubted_ms or seen_ms - self._doubted_ms < LOOK_AGAIN_MS):
            self._doubted_ms = self._doubted_ms or seen_ms
            return
        self._doubted_ms = 0
        self.saved, self._won = replace(self.saved, wallet=wallet), Decimal(0)
        if available is not None:
            self.available = available
        self.was_read = True

    def _trusted(self, desks: list[Desk]) -> Decimal | None:
        """The equity, where wallet and positions are of one moment and nothing about them waits to be explained."""
        is_doubtful = not self.was_read or self._unsure_ms or self._doubted_ms or not self.is_even(desks)
        return None if is_doubtful else self.equity(desks)

    def watched(self, desks: Iterable[Desk], params: TradingParams, time_ms: int) -> Outcome:
        """Follow equity: a new peak is noted, a breach of the drawdown sets the latch."""
        equity = self._trusted(list(desks))
        if equity is None:
            return NOTHING
        if not self.saved.day_start_equity:
            begun_ms = max(self.saved.day_ms, day.day_of(time_ms))  # what it follows may be told of a moment before midnight
            self.saved = replace(self.saved, day_ms=begun_ms, day_start_equity=equity)
        if equity > self.saved.peak_equity:
            self.saved = replace(self.saved, peak_equity=equity)
            return NOTHING
        fall = latch.drawn_down(float(equity), float(self.saved.peak_equity), params.max_drawdown)
        if not fall or self.saved.latch is not None:
            return NOTHING
        return self.latched(LatchCause.DRAWDOWN, fall, params.max_drawdown, time_ms)

    def latched(self, cause: LatchCause, seen: float, needed: float, time_ms: int) -> Outcome:
        """Set the latch. Under one that holds only news of another kind, or a panic, is another latch: who was asked about the
        one before it was not asked about this.
        """
        held = self.saved.latch
        if held is not None:
            if cause in (held.cause, LatchCause.DRAWDOWN) and cause is not LatchCause.PANIC:
                return NOTHING
            time_ms = max(time_ms, held.set_ms + 1)
        self.saved = replace(self.saved, latch=latch.set_by(cause, seen, needed, time_ms))
        is_told = held is not None and held.cause is cause
        return Outcome(notices=() if is_told else (LatchSet(cause, seen, needed, time_ms),), changed=True)

    def unlatched(self, desks: Iterable[Desk], who: str, time_ms: int) -> Outcome:
        """The owner lifts the latch. The drawdown is counted from here on, else it would be set again at once: from the
        next equity that can be trusted.
        """
        self.saved = replace(self.saved, latch=None, peak_equity=self._trusted(list(desks)) or Decimal(0))
        return Outcome(notices=(LatchLifted(who, time_ms),), changed=True)

    def heard_of_panic(self, in_file: PanicView) -> Outcome:
        """Take up a panic that only the file knows, and end one of which the file knows that it ended: this memory may have
        been away then, and its end untold. One that is asked for later begins after all that anybody heard of, whatever
        the clock says.
        """
        before = self.saved
        if not in_file.began_ms or in_file.began_ms < before.panicked_ms:
            return NOTHING
        if in_file.is_over:
            self.saved = replace(self.saved, panicked_ms=in_file.began_ms, is_panicking=False, panic_closed=0)
        elif in_file.began_ms > before.panicked_ms:
            self.begin_panic(in_file.began_ms)
        if not in_file.is_over or not before.is_panicking:
            return NOTHING
        return Outcome(notices=(PanicDone(before.panic_closed, before.day_net, in_file.began_ms),), changed=True)

    def begin_panic(self, now_ms: int) -> None:
        """A panic holds from here on."""
        running, began_ms = self.saved.running.stricter(Running.PAUSED), max(now_ms, self.saved.panicked_ms + 1)
        self.saved = replace(self.saved, is_panicking=True, panicked_ms=began_ms, running=running)

    def ruled(self, rulings: Iterable[Ruling]) -> None:
        """Count rulings for the day's report."""
        for ruling in rulings:
            self.saved = day.ruled(self.saved, ruling)

    def closed(self, trade: Trade, params: TradingParams, time_ms: int) -> Outcome:
        """Book a closed trade on the day and the streak."""
        locked_ms = self.saved.locked_until_ms
        self.saved = day.closed(self.saved, trade, params.max_loss_streak, params.loss_streak_lock_hours)
        if self.saved.is_panicking:
            self.saved = replace(self.saved, panic_closed=self.saved.panic_closed + 1)
        outcome = NOTHING
        if self.saved.locked_until_ms > locked_ms:
            until, streak = self.saved.locked_until_ms, float(params.max_loss_streak)
            outcome += Outcome(notices=(EntriesLocked(Code.LOSS_STREAK, streak, streak, until, time_ms),), changed=True)
        if trade.reason is ExitReason.LIQUIDATED:
            outcome += self.latched(LatchCause.LIQUIDATION, 0.0, 0.0, time_ms)
        return outcome

    def day_turned(self, desks: Iterable[Desk], time_ms: int) -> Outcome:
        """On a new UTC day, report the one that ended and begin a new one, with an equity that can be trusted.

        Where there is none for a while, the new day's first equity is left open: it is taken as soon as there is one.
        """
        if not self.was_read or day.day_of(time_ms) <= self.saved.day_ms:
            return NOTHING
        desks = list(desks)
        trusted = self._trusted(desks)
        self._turning_ms = self._turning_ms or time_ms
        if trusted is None and time_ms - self._turning_ms < TURN_WITHIN_MS:
            return NOTHING
        self._turning_ms, outcome = 0, NOTHING
        equity = self.equity(desks) if trusted is None else trusted
        if self.saved.day_ms:
            named = datetime.fromtimestamp(self.saved.day_ms / 1_000, UTC).strftime("%Y-%m-%d")
            outcome = Outcome(notices=(day.reported(self.saved, equity, named, time_ms),))
        self.saved = day.turned(self.saved, trusted or Decimal(0), time_ms)
        return outcome + Outcome(changed=True)
