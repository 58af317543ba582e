"""What of a list of executions is news to books that follow a position which was found."""

from dataclasses import replace
from decimal import Decimal

from engine.desk.made_up import news_of
from engine.model.orders import Fill
from engine.model.signals import Side
from tests import builders

FOUND_MS = builders.START_MS + 20_000


def sold(trade_id: int, time_ms: int) -> Fill:
    return builders.a_fill(
        trade_id=trade_id, side=Side.SHORT, time_ms=time_ms, client_id="web_1", realised=Decimal(-1), quantity=Decimal("0.5")
    )


def test_what_reduced_it_in_the_moment_it_was_found_is_news_where_the_list_tells_how_it_came_about() -> None:
    """Found by storm seed 20066174: all before it was booked, and its fee and result were not."""
    found = builders.a_holding()
    found = replace(found, trade=replace(found.trade, intent_id="a_stranger", entry_time_ms=FOUND_MS))
    desk = builders.a_desk(holding=found, found_ms=FOUND_MS, last_fill_ms=FOUND_MS, entry=builders.an_entry())
    entered, reduced = builders.a_fill(trade_id=7, time_ms=builders.START_MS), sold(9, FOUND_MS)

    assert news_of(desk, desk, reduced, (entered, reduced))[1] == reduced
    assert news_of(desk, desk, reduced, (reduced,))[1] is None
    known = replace(desk, recent_fills=(entered.trade_id,))
    assert news_of(known, known, reduced, (entered, reduced))[1] == news_of(known, known, reduced, (reduced,))[1]
