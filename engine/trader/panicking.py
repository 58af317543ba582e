"""Panic as one transaction that any crash may interrupt: it is a state, looked at after every event, not a list of steps.

While it holds, every position is left at market; it ends when all is flat and no stop of ours is left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from engine.desk.desk import Desk
from engine.model.messages import NOTHING, Outcome
from engine.model.notices import PanicDone
from engine.model.orders import ExitReason
from engine.model.saved import SavedDesk
from engine.trader.books import Books


def flattened(desk: Desk, now_ms: int) -> Outcome:
    """Leave the position, if there is one and it is not being left already."""
    holding, leaving = desk.memory.holding, desk.memory.exit
    if holding is None or (leaving is not None and leaving.is_whole):
        return NOTHING
    return desk.leave(ExitReason.PANIC, holding.quantity, "panic", now_ms)


def ended(books: Books, desks: Iterable[Desk], memories: Mapping[str, SavedDesk], time_ms: int, now_ms: int) -> Outcome:
    """Report once all is flat and swept, and the exchange itself said so after the panic began. Nobody here can close what
    is remembered of a symbol that is no longer traded: where the exchange still holds it, the report says so.
    """
    desks = list(desks)
    if books.strays:  # nobody here can close it, and all is not flat
        return books.asked_again(now_ms)
    if any(desk.memory.holding or desk.memory.entry or desk.memory.stops for desk in desks):
        return NOTHING
    if any(desk.memory.flat_since_ms for desk in desks):  # fills say so; the exchange has yet to
        return books.asked_again(now_ms)
    if not books.looked_ms or books.looked_ms < books.panic_from_ms or any(desk.difference.since_ms for desk in desks):
        return books.asked_again(now_ms)
    saved = books.saved
    books.saved = replace(saved, is_panicking=False, panic_closed=0)
    ours = (symbol for symbol, memory in memories.items() if memory.holding is not None)
    left = tuple(symbol for symbol in ours if symbol in books.held)
    return Outcome(notices=(PanicDone(saved.panic_closed, saved.day_net, time_ms, left),), changed=True)
