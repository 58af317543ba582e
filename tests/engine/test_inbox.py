"""The queue: facts whole and in order, prices merged without losing an extreme."""

import asyncio

from engine.inbox import Inbox
from engine.model.events import ClockTicked, MarkSeen, PriceSeen, QuoteSeen
from engine.model.market import PriceWindow


def price(last: float, low: float, high: float, symbol: str = "ETHUSDT") -> PriceSeen:
    return PriceSeen(symbol, last, PriceWindow(last, low, high), 1, 1)


def test_facts_leave_in_the_order_they_came() -> None:
    inbox = Inbox()
    ticks = [ClockTicked(False, number, number) for number in range(3)]

    for tick in ticks:
        inbox.post(tick)

    assert [inbox.next() for _ in range(3)] == ticks


def test_of_quotes_and_marks_only_the_newest_of_a_symbol_waits() -> None:
    inbox = Inbox()

    for bid in (1.0, 2.0, 3.0):
        inbox.post(QuoteSeen("ETHUSDT", bid, bid, 1, 1))
        inbox.post(MarkSeen("ETHUSDT", bid, 0.0, 0, 1, 1))
    inbox.post(QuoteSeen("BTCUSDT", 9.0, 9.0, 1, 1))

    assert len(inbox) == 3
    first = inbox.next()
    assert isinstance(first, QuoteSeen)
    assert first.bid == 3.0


def test_merged_prices_keep_the_first_open_and_both_extremes() -> None:
    inbox = Inbox()

    for seen in (price(10.0, 10.0, 10.0), price(14.0, 9.0, 14.0), price(12.0, 12.0, 13.0)):
        inbox.post(seen)

    assert len(inbox) == 1
    merged = inbox.next()
    assert isinstance(merged, PriceSeen)
    assert merged.last == 12.0
    assert merged.window == PriceWindow(10.0, 9.0, 14.0)


async def test_taking_waits_for_the_next_item() -> None:
    inbox = Inbox()
    waiting = asyncio.create_task(inbox.take())
    await asyncio.sleep(0)
    assert not waiting.done()

    inbox.post(ClockTicked(True, 5, 5))

    assert await waiting == ClockTicked(True, 5, 5)
