"""Which listed executions belong to what is held, and since when payments may be missing."""

from dataclasses import replace

import pytest

from engine.execution.missed import PAYMENTS_BACK_MS, is_older, paid_since_ms, unpaid_since_ms
from engine.model.market import DAY_MS, HOUR_MS
from engine.model.orders import Fill
from engine.model.saved import RECENT_FUNDING
from engine.model.signals import Side
from tests import builders

FOUND_MS = 1_700_000_108_000
LATER_ID = 774_004


def sold(trade_id: int, time_ms: int) -> Fill:
    return builders.a_fill(trade_id=trade_id, side=Side.SHORT, time_ms=time_ms, client_id="web_1")


@pytest.mark.parametrize("known", [(), (LATER_ID,)])
def test_what_reduced_a_position_in_the_moment_it_was_found_as_is_in_it_also_when_later_ones_are_known(
    known: tuple[int, ...],
) -> None:
    holding = builders.a_holding()
    holding = replace(holding, trade=replace(holding.trade, entry_time_ms=FOUND_MS))
    desk = builders.a_desk(holding=holding, recent_fills=known, last_fill_ms=FOUND_MS, entry=None)

    assert is_older(desk, sold(LATER_ID - 1, FOUND_MS))
    assert not is_older(desk, sold(LATER_ID + 1, FOUND_MS + 1))


def test_payments_that_are_forgotten_are_not_asked_for_though_no_market_time_is_known() -> None:
    held, first_hour = builders.a_holding(), (builders.START_MS + DAY_MS) // HOUR_MS
    entered_ms, names = held.trade.entry_time_ms, tuple(f"ETHUSDT:{first_hour + hour}" for hour in range(RECENT_FUNDING))
    young, old = builders.a_desk(holding=held), builders.a_desk(holding=held, recent_funding=names)

    later_ms = entered_ms + 90 * DAY_MS

    assert (paid_since_ms(young, 0), paid_since_ms(old, 0)) == (entered_ms, first_hour * HOUR_MS)
    assert paid_since_ms(old, later_ms) == later_ms - PAYMENTS_BACK_MS
    assert paid_since_ms(builders.a_desk(recent_funding=names), later_ms) == 0


def test_a_start_misses_no_payment_however_long_nobody_looked() -> None:
    held = builders.a_holding()
    without_time = replace(held, trade=replace(held.trade, entry_time_ms=0))

    assert unpaid_since_ms(builders.a_desk(holding=held, last_fill_ms=FOUND_MS)) == held.trade.entry_time_ms
    assert unpaid_since_ms(builders.a_desk(holding=without_time, last_fill_ms=FOUND_MS)) == FOUND_MS
    assert unpaid_since_ms(builders.a_desk()) == 0


def test_what_an_entry_on_its_way_executed_is_not_too_old_though_somebody_closed_it_before_anybody_told_of_it() -> None:
    """Found by storm seed 4001099: the books took the closing for an opening, and never saw the entry's fees."""
    entry, decided_ms = builders.an_entry(), FOUND_MS - 2_000
    holding = builders.a_holding()
    holding = replace(holding, trade=replace(holding.trade, intent_id="a_stranger", entry_time_ms=FOUND_MS))
    desk = builders.a_desk(holding=holding, recent_fills=(LATER_ID,), last_fill_ms=FOUND_MS, entry=entry)

    executed = replace(sold(LATER_ID - 1, decided_ms), client_id=entry.client_id)

    assert not is_older(desk, executed)
    assert is_older(replace(desk, entry=None), executed)


def test_what_the_entry_of_a_held_position_executed_is_not_too_old_though_it_was_found_long_after() -> None:
    """Found by storm seed 8035185: answers and account were away for seconds, and the entry's fees were never booked."""
    holding = builders.a_holding()
    holding = replace(holding, trade=replace(holding.trade, entry_time_ms=FOUND_MS))
    desk = builders.a_desk(holding=holding, recent_fills=(-1,), last_fill_ms=FOUND_MS, entry=None)
    ours = builders.a_fill(trade_id=LATER_ID, time_ms=FOUND_MS - 8_000, client_id=builders.an_entry().client_id)

    assert not is_older(desk, ours)
    assert is_older(desk, replace(ours, client_id="web_1"))
