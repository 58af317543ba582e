"""Funding that was paid on what is held: asked for after each time of payment, until it is known; a stream may be mute.

So it is where all has been closed since: the payment then counts for the day.
"""

from dataclasses import dataclass, replace
from typing import Final

from engine.execution import missed
from engine.model.events import MarkSeen
from engine.model.market import HOUR_MS
from engine.model.messages import NOTHING, Errand, FetchFunding, Outcome
from engine.model.saved import SavedDesk, paid_hour
from engine.state.ledger import SETTLED_WITHIN_MS

LATE_MS: Final = 10_000  # the exchange may take so long to pay, and to list it
AGAIN_MS: Final = 10_000  # the list of payments weighs 30
MOST_LISTS: Final = 6  # that lack it: a rate of zero pays nothing


@dataclass(frozen=True, slots=True)
class Payments:
    """`next_ms` and `paid_ms` are the market times of the coming and of the newest payment, `due_ms` (wire) is when payments
    are asked for; 0 = not. `asked` counts the questions for it; `is_owed`: one that failed may have been for others.
    """

    next_ms: int = 0
    due_ms: int = 0
    paid_ms: int = 0
    asked: int = 0
    is_owed: bool = False

    def expected(self, mark: MarkSeen) -> "Payments":
        """The exchange names the coming payment: a later one than before means that one was paid just now.

        So it may be where none was known before: what was asked at the start may have been too early for its list.
        """
        if mark.next_funding_ms in (self.next_ms, 0):
            return self
        if mark.next_funding_ms < self.next_ms:
            return replace(self, next_ms=mark.next_funding_ms)
        paid_ms = self.next_ms or mark.time_ms - mark.time_ms % HOUR_MS
        return Payments(mark.next_funding_ms, mark.seen_ms + LATE_MS, paid_ms)

    def failed(self, now_ms: int) -> "Payments":
        """Nobody answered."""
        return replace(self, due_ms=now_ms + AGAIN_MS, is_owed=True)

    def ticked(self, desk: SavedDesk, time_ms: int, now_ms: int) -> tuple["Payments", Outcome]:
        """Time passed: ask, where it is time to, and again where the newest payment is not known then."""
        if not self.due_ms or now_ms < self.due_ms:
            return self, NOTHING
        if desk.entry is not None and desk.holding is None:  # nobody knows yet whether it was held when it was paid
            return replace(self, due_ms=now_ms + AGAIN_MS), NOTHING
        looks = self._looks(desk)
        owed = missed.payments(desk, time_ms) if self.is_owed else ()
        due_ms = now_ms + AGAIN_MS if looks and self.asked + 1 < MOST_LISTS else 0
        return replace(self, due_ms=due_ms, asked=self.asked + 1, is_owed=False), Outcome(errands=owed or looks)

    def _looks(self, desk: SavedDesk) -> tuple[Errand, ...]:
        """Where something was held when it was paid, whatever is held now, and it is not known."""
        is_known = any(paid_hour(payment) == self.paid_ms // HOUR_MS for payment in desk.recent_funding)
        if is_known or not self.paid_ms:
            return ()
        is_held = desk.holding is not None and desk.holding.trade.entry_time_ms <= self.paid_ms + SETTLED_WITHIN_MS
        was_held = desk.last_exit_ms >= self.paid_ms
        return (FetchFunding(desk.symbol, self.paid_ms),) if is_held or was_held else ()
