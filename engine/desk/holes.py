"""Holes in the bars: what is missing is asked for, and where the exchange itself lacks it, the book begins anew behind it.

One question at a time: each bar behind a hole would ask for all of them again.
"""

from typing import Final

from engine.desk.bar_book import BarBook
from engine.market.bars import Placement
from engine.model.events import BarClosed
from engine.model.messages import NOTHING, FetchBars, Outcome

ASK_AGAIN_MS: Final = 2_000  # wire


def placed(book: BarBook, event: BarClosed) -> Placement:
    """Take a bar, if it is the next one, or the first behind a hole that lasts: it came as history after the question."""
    placement = book.take(event.bar)
    if placement is Placement.HOLE and event.is_history and 0 < book.asked_ms < event.seen_ms:
        return book.take_after_hole(event.bar)
    return placement


def asked(book: BarBook, event: BarClosed) -> Outcome:
    """Ask for what is missing before a bar that was not taken. A bar that came as an answer is asked for no more."""
    if book.asked_ms and (event.is_history or event.seen_ms - book.asked_ms < ASK_AGAIN_MS):
        return NOTHING
    book.asked_ms = event.seen_ms
    return Outcome(errands=(FetchBars(event.symbol, book.last_close_ms),))
