"""What follows every event: every desk audited, closed trades booked, equity watched, a panic gone on with."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.desk.position import number
from engine.model.messages import NOTHING, Outcome
from engine.trader import panicking

if TYPE_CHECKING:
    from engine.trader.trader import Trader


def guarded(trader: Trader, time_ms: int, now_ms: int) -> Outcome:
    """Where the trader met something impossible: each desk by itself still guards its position, if it can."""
    outcome = NOTHING
    for desk in trader.desks.values():
        with suppress(Exception):
            outcome += desk.audited(time_ms, now_ms)
    return outcome


def settled(trader: Trader, outcome: Outcome, time_ms: int, now_ms: int) -> Outcome:
    """Audit every desk, book what closed, watch equity, go on with a panic."""
    books, desks = trader.books, trader.desks.values()
    for desk in desks:
        if books.saved.is_panicking:
            outcome += panicking.flattened(desk, now_ms)
        outcome += desk.audited(time_ms, now_ms)
    for trade in outcome.trades:
        outcome += books.closed(trade, trader.params, time_ms)
    books.ruled(outcome.rulings)
    numbers = [number(desk.memory) for desk in desks] + [trade.number for trade in outcome.trades]
    newest = max(numbers, default=0)
    if newest > books.saved.trade_number:
        books.saved = replace(books.saved, trade_number=newest)
    outcome += books.audited(desks, now_ms)
    outcome += books.watched(desks, trader.params, time_ms)
    if books.saved.is_panicking:
        outcome += panicking.ended(books, desks, trader.memories, time_ms, now_ms)
    return outcome
