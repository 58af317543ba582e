"""What the exchange did not do: an order it refused, a read that failed, a request that nobody answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.execution.orders import BUSY
from engine.model.events import ErrandFailed, OrderRejected, OrderUnanswered
from engine.model.messages import (
    NOTHING,
    FetchFills,
    FetchFunding,
    FindOrder,
    FindStop,
    ListOrders,
    ListStops,
    Outcome,
    SyncAccount,
)
from engine.model.notices import LatchCause
from engine.trader.access import RESTRICTED

if TYPE_CHECKING:
    from engine.trader.trader import Trader

# What tells of orders and positions. A set-up that is refused, or bars of one symbol, keep no other symbol out.
NEEDED: Final = frozenset(kind.__name__ for kind in (SyncAccount, ListStops, ListOrders, FindStop, FindOrder, FetchFills))

# Refusals that say nothing of what was asked. Any other one is an answer, such as that a symbol is unknown; to the question
# for the whole account none is.
NOT_NOW: Final = (*BUSY, -1000, -1001, -1006, -1007, -1016)


def denied(trader: Trader, event: OrderRejected) -> Outcome:
    """An order was refused: because of the key, because the account is restricted, or could it not be sent at all?"""
    outcome = trader.access.refused(event.code, event.time_ms)
    if event.code > 0:  # ours, not the exchange's: it could not be sent
        _silent(trader, event.seen_ms, event.symbol)
    if event.code not in RESTRICTED:
        return outcome
    return outcome + trader.books.latched(LatchCause.RESTRICTED, 0.0, 0.0, event.time_ms)


def unanswered(trader: Trader, event: OrderUnanswered) -> Outcome:
    """Nobody knows what became of an order."""
    _silent(trader, event.seen_ms, event.symbol)
    return NOTHING


def unread(trader: Trader, event: ErrandFailed) -> Outcome:
    """A read failed. What nothing else would bring, or not soon, is asked for again."""
    is_unheard = event.code >= 0 or event.code in NOT_NOW or event.errand == SyncAccount.__name__
    if event.errand in NEEDED and is_unheard:
        _silent(trader, event.seen_ms, event.symbol)
    desk = trader.desks.get(event.symbol)
    if desk is not None and event.errand == FetchFunding.__name__:
        desk.payments = desk.payments.failed(event.seen_ms)
    return trader.access.refused(event.code, event.time_ms)


def _silent(trader: Trader, seen_ms: int, symbol: str) -> None:
    """Nothing is entered until the account was read, and it is read soon."""
    if trader.silence.failed(seen_ms, symbol):
        trader.books.unread(seen_ms)
