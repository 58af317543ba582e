"""Panic as one transaction that any crash may interrupt: it is a state, looked at after every event, not a list of steps.

While it holds, every position is left at market; it ends when all is flat and no stop of ours is left.
"""

from collections.abc import Iterable
from dataclasses import replace

from engine.desk.desk import Desk
from engine.model.messages import NOTHING, Outcome
from engine.model.notices import PanicDone
from engine.model.orders import ExitReason
from engine.trader.books import Books


def flattened(desk: Desk, now_ms: int) -> Outcome:
    """Leave the position, if there is one and it is not being left already."""
    holding, leaving = desk.memory.holding, desk.memory.exit
    if holding is None or (leaving is not None and leaving.is_whole):
        return NOTHING
    return desk.leave(ExitReason.PANIC, holding.quantity, "panic", now_ms)


def ended(books: Books, desks: Iterable[Desk], time_ms: int, now_ms: int) -> Outcome:
    """Report once all is flat and swept, and the exchange itself said so after the panic began."""
    desks = list(desks)
    if books.strays:  # nobody here can close it, and all is not flat
        return books.asked_again(now_ms)
    if any(desk.memory.holding or desk.memory.entry or desk.memory.stops for desk in desks):
        return NOTHING
    if not books.looked_ms or books.looked_ms < books.panic_from_ms or any(desk.difference.since_ms for desk in desks):
        return books.asked_again(now_ms)
    saved = books.saved
    books.saved = replace(saved, is_panicking=False, panic_closed=0)
    net = saved.day_gross - saved.day_fees + saved.day_funding
    return Outcome(notices=(PanicDone(saved.panic_closed, net, time_ms),), changed=True)
