"""The desk of one symbol: its bars, its market, its memory and its last rulings.

It asks the crafts in their order and keeps what they answer. What must survive is in `memory`, a frozen value.
"""

from collections import deque
from dataclasses import replace
from decimal import Decimal
from typing import Final

from engine.desk import care, contract, deciding, entries, holes, made_up, news, outside, position, reconciling, strangers
from engine.desk.account_now import AccountNow
from engine.desk.aftermath import Aftermath
from engine.desk.bar_book import BarBook
from engine.desk.market_sight import MarketSight
from engine.desk.moment import is_set_up
from engine.desk.payments import Payments
from engine.desk.plans import found, redrawn
from engine.desk.ruling import Judged
from engine.desk.terms import DeskTerms
from engine.desk.watching import closing_reason, mark_watched, touch_watched, trailed
from engine.execution import entry, ids
from engine.market.bars import Placement
from engine.market.feed_health import is_bar_due
from engine.model.account import PositionSeen, SymbolSetup
from engine.model.events import (
    BarClosed,
    FillsListed,
    FundingPaid,
    MarkSeen,
    OrderAccepted,
    OrderFilled,
    OrderGone,
    OrderRejected,
    PriceSeen,
    QuoteSeen,
    StopChanged,
    StopsListed,
)
from engine.model.machine_notices import DecisionMissed
from engine.model.messages import NOTHING, ListStops, Outcome, SyncAccount
from engine.model.orders import ExitReason
from engine.model.proposals import ProposalEnd
from engine.model.saved import SavedDesk
from engine.model.signals import Ruling
from engine.params import TradingParams
from engine.state import ledger

RULINGS_KEPT: Final = 500
ANSWERS_KEPT: Final = 20


class Desk:
    """One symbol. Everything it does is an `Outcome`; nothing is sent from here."""

    def __init__(self, terms: DeskTerms, memory: SavedDesk) -> None:
        self.terms = terms
        self.memory = memory
        self.bars = BarBook(terms.interval_ms, terms.params)
        self.sight = MarketSight()
        self.rulings: deque[Ruling] = deque(maxlen=RULINGS_KEPT)
        self.setup: SymbolSetup | None = None
        self.seen_position: PositionSeen | None = None
        self.difference = reconciling.NO_DIFFERENCE
        self.foreign = strangers.ForeignOrders()
        self.answered_by: deque[tuple[str, str]] = deque(maxlen=ANSWERS_KEPT)  # what was asked, and who answered
        self.missed = self.due_since_ms = 0
        self._aftermath = Aftermath(was_held=memory.holding is not None)
        self.payments = Payments()
        self._reductions: tuple[strangers.Reduction, ...] = ()
        self.is_ending = False
        self.rules_asked_ms = 0  # wire
        self.is_retuned = False  # and not set up so yet

    # --- what the market does ---------------------------------------------------------------------------------------

    def bar_closed(self, event: BarClosed, account: AccountNow) -> Outcome:
        """Take a closed bar: levels first, then the ruling. A bar that was handled before a restart only warms up."""
        placement = holes.placed(self.bars, event)
        if placement in (Placement.UNSOUND, Placement.HOLE):
            return holes.asked(self.bars, event)
        if placement is not Placement.NEXT:
            return NOTHING
        self.due_since_ms = 0
        self.bars.repaired += event.is_history
        if event.bar.open_time_ms <= self.memory.last_bar_ms:
            return NOTHING
        self.memory = replace(self.memory, last_bar_ms=event.bar.open_time_ms)
        outcome = Outcome(changed=True) + self._levels_moved(event, account)
        if event.is_history:
            self.missed += account.is_running and account.is_ready
            return outcome
        told = deciding.regime_told(self, event) + self.missed_told(event.time_ms)
        return outcome + told + deciding.ruled(self, event, account)

    def _levels_moved(self, event: BarClosed, account: AccountNow) -> Outcome:
        holding, features = self.memory.holding, self.bars.features
        if holding is None or holding.flat_seen_ms or account.is_stopped or features is None:
            return NOTHING
        if care.is_guarded_only(self.memory):
            return NOTHING
        regime = self.bars.regime.regime if self.bars.count >= self.terms.warmup_bars else None
        reason = closing_reason(holding, regime, self.bars.last_close_ms, self.terms.params)
        if reason is not None:
            return self.leave(reason, holding.quantity, "engine", event.seen_ms)
        self.memory = replace(self.memory, holding=trailed(holding, event.bar, features.atr, self.terms))
        return NOTHING

    def missed_told(self, time_ms: int) -> Outcome:
        """Tell once of bars that closed while nobody was looking."""
        if not self.missed:
            return NOTHING
        told = DecisionMissed(self.terms.symbol, self.missed, self.bars.last_close_ms, time_ms)
        self.missed = 0
        return Outcome(notices=(told,))

    def quote_seen(self, event: QuoteSeen) -> None:
        """Note the best bid and ask."""
        self.sight.see_quote(event)

    def mark_seen(self, event: MarkSeen) -> None:
        """Note the mark price and what funding will cost."""
        self.sight.see_mark(event)
        self.payments = self.payments.expected(event)
        self._watch_for_bar(event.time_ms, event.seen_ms)
        self.memory = redrawn(self.memory, self.bars.features, self.sight.mark, self.terms)
        self.memory = mark_watched(self.memory, event.mark, self.terms, event.seen_ms)

    def price_seen(self, event: PriceSeen) -> Outcome:
        """A trade happened: a price beyond stop or target is watched until the position is gone."""
        self.sight.see_price(event)
        self._watch_for_bar(event.time_ms, event.seen_ms)
        if self.memory.holding is None or care.is_left_alone(self.memory):
            return NOTHING
        self.memory, outcome = touch_watched(self.memory, event.window, event.seen_ms)
        return outcome

    def _watch_for_bar(self, time_ms: int, seen_ms: int) -> None:
        if not self.due_since_ms and is_bar_due(time_ms, self.bars.last_close_ms, self.terms.interval_ms):
            self.due_since_ms = seen_ms

    # --- decisions --------------------------------------------------------------------------------------------------

    def judged(self, account: AccountNow, price: float, now_ms: int) -> Judged:
        """What the newest bar and the present moment say."""
        return deciding.judged(self, account, price, now_ms)

    def approved(self, fraction: float, account: AccountNow, time_ms: int, now_ms: int, who: str) -> Outcome:
        """Take the open card, if the moment still allows it."""
        return deciding.approved(self, fraction, account, time_ms, now_ms, who)

    def end_proposal(self, end: ProposalEnd, who: str, time_ms: int) -> Outcome:
        """Let an open card end, if there is one."""
        if self.memory.proposal is not None and who:
            self.answered_by.append((self.memory.proposal.intent_id, who))
        self.memory, outcome = entries.ended(self.memory, end, who, (), time_ms)
        return outcome

    # --- what the exchange tells ------------------------------------------------------------------------------------

    def heard(self, event: news.OrderNews) -> Outcome:
        """An answer or a message about an order."""
        if isinstance(event, OrderAccepted | OrderGone):
            self.foreign.heard(event)
        self.memory, outcome = news.heard(self.memory, event, self.terms)
        return outcome + contract.doubted(self, event) if isinstance(event, OrderRejected) else outcome

    def stop_changed(self, event: StopChanged) -> Outcome:
        """News of a conditional order."""
        self.foreign.heard(event)
        self.memory, outcome = news.stop_changed(self.memory, event, self.terms)
        return outcome

    def stops_listed(self, event: StopsListed) -> Outcome:
        """All conditional orders of the symbol."""
        return self._rests(event, is_held=self.memory.holding is not None or self.difference.since_ms > 0)

    def _rests(self, event: StopsListed, *, is_held: bool) -> Outcome:
        is_over = self.memory.holding is None
        self.memory, outcome = news.stops_listed(self.memory, event, is_held=is_held)
        self._aftermath = self._aftermath.listed(event.asked_ms, outcome, is_over=is_over)
        return outcome

    def filled(self, event: OrderFilled, number: int) -> Outcome:
        """An execution, as it happens. `number` names the trade that it may open."""
        if made_up.is_to_be_listed(self.memory, event.fill, is_odd=self.sight.is_far(float(event.fill.price))):
            self.difference = self.difference.doubted(event.seen_ms)
            return reconciling.LOOK_AT_ONCE
        return self._booked(event, number)

    def _booked(self, event: OrderFilled, number: int) -> Outcome:
        before, event = self.memory, replace(event, fill=entry.named(self.memory.entry, event.fill))
        self.memory, outcome = position.filled(before, event, self.terms, self._known_atr(), number)
        self._reductions = strangers.reduced(self._reductions, before, self.memory, event.fill, event.seen_ms)
        if ids.read(event.fill.client_id) is None and self.memory is not before:  # they may have done more than was told
            self.difference = self.difference.doubted(event.seen_ms)
            outcome = self._noticed(before, outcome + reconciling.LOOK_AT_ONCE, event.time_ms)
        return outside.quietly(before, outcome)

    def _noticed(self, before: SavedDesk, outcome: Outcome, time_ms: int) -> Outcome:
        self.memory = found(before, self.memory, outcome, self.sight, self.seen_position, self.terms)
        self.memory, outcome = outside.noticed(before, self.memory, outcome, self.terms, time_ms)
        return outcome

    def fills_listed(self, event: FillsListed, number: int) -> Outcome:
        """Book what was missed, oldest first."""
        outcome, before = NOTHING, self.memory
        if made_up.is_too_early(before, event.asked_ms):
            return NOTHING
        self.memory = made_up.taken_back(before, event.asked_ms, event.fills)
        for listed in event.fills:
            self.memory, fill = made_up.news_of(before, self.memory, listed, event.fills)
            if fill is not None:
                outcome += self._booked(OrderFilled(fill, fill.time_ms, event.seen_ms), number)
                number = max(number, position.number(self.memory) + 1)
        self.memory = made_up.listed(self.memory, before, event.asked_ms)
        self.difference = self.difference.looked_up(event.asked_ms)
        return outcome

    def funded(self, paid: FundingPaid) -> Decimal | None:
        """Book a funding payment; give what of it belongs to no open trade, None where it was booked before."""
        before, self.memory = self.memory, ledger.funded(self.memory, paid)
        rest = paid.amount if self.memory.holding is before.holding else Decimal(0)
        return rest if self.memory is not before else None

    def compared(self, seen: reconciling.Seen, number: int) -> Outcome:
        """Compare the books with a snapshot of the account, and bring them together."""
        self.seen_position = seen.position
        outcome = contract.setup_seen(self, seen.setup, seen.time_ms) if seen.setup is not None else NOTHING
        self._aftermath = self._aftermath.seen(seen.asked_ms, is_held=bool(seen.quantity))
        outcome += self._rests(seen.listing(self.terms.symbol), is_held=self._aftermath.may_be_held(seen.asked_ms))
        before = self.memory
        self.memory, self.difference, step = reconciling.compared(
            self.memory, self.difference, seen, self.terms, self._known_atr(), number
        )
        self.difference = self.difference.strange(self.memory, seen, may_lag=self._aftermath.may_be_held(seen.asked_ms))
        outcome += outside.quietly(before, self._noticed(before, step, seen.time_ms))
        return outcome + contract.set_up(self)

    def setup_seen(self, setup: SymbolSetup, time_ms: int) -> Outcome:
        """How the exchange holds the symbol now: after we asked for it, or after somebody changed it."""
        return contract.setup_seen(self, setup, time_ms)

    def _known_atr(self) -> float:
        return self.bars.features.atr if self.bars.features is not None else float("nan")

    # --- time and upkeep --------------------------------------------------------------------------------------------

    def ticked(self, time_ms: int, now_ms: int) -> Outcome:
        """Time passed: repeat what was not answered, let cards expire."""
        self.memory, outcome = news.ticked(self.memory, self.terms, now_ms, time_ms)
        if self.difference.is_due(now_ms):
            self.difference = replace(self.difference, asked_ms=now_ms)
            outcome += Outcome(errands=(SyncAccount(),), wake_in_ms=reconciling.LOOK_AGAIN_MS)
        self.payments, look = self.payments.ticked(self.memory, time_ms, now_ms)
        if self._aftermath.is_due(now_ms):
            self._aftermath = self._aftermath.asked(now_ms)
            outcome += Outcome(errands=(ListStops(self.terms.symbol),))
        if (card := self.memory.proposal) is not None and now_ms >= card.deadline_ms:
            outcome += self.end_proposal(ProposalEnd.EXPIRED, "", time_ms)
        return outcome + look + contract.ended(self, time_ms, now_ms)

    def audited(self, time_ms: int, now_ms: int) -> Outcome:
        """Bring the exchange to what the books say."""
        before, is_held = self.memory, self._is_held
        if is_held and care.is_left_alone(before):
            self.memory, outcome = outside.audited(before, self.terms, now_ms, time_ms)
        else:
            self.memory, outcome = position.audited(before, self.terms, now_ms, time_ms)
            outcome = outside.quietly(before, outcome)
        self._reductions, step = strangers.told(self._reductions, self.memory, time_ms, now_ms)
        self._aftermath = self._aftermath.booked(now_ms, is_held=self._is_held)
        return outcome + step

    @property
    def _is_held(self) -> bool:
        return self.memory.holding is not None and not self.memory.holding.flat_seen_ms

    def leave(self, reason: ExitReason, quantity: Decimal, who: str, now_ms: int) -> Outcome:
        """Close the position or a part of it at market."""
        self.memory, outcome = position.leave(self.memory, reason, quantity, who, self.terms, now_ms)
        return outcome

    def retuned(self, params: TradingParams) -> None:
        """Go on under other settings."""
        if int(params.leverage) != int(self.terms.params.leverage):  # by the old one an entry may be judged too near its end
            self.is_retuned, self.setup = True, None
        self.terms = replace(self.terms, params=params)
        self.bars.retune(params)

    @property
    def is_set_up(self) -> bool:
        """Whether the exchange is known to hold the symbol as it is wanted."""
        return is_set_up(self.setup, int(self.terms.params.leverage))

    @property
    def is_taken(self) -> bool:
        """Whether somebody else holds a position, or rests an order, on the symbol."""
        return care.hand_of(self.memory) is not None or bool(self.foreign)
