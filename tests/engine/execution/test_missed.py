"""Which listed executions belong to what is held."""

from dataclasses import replace

import pytest

from engine.execution.missed import is_older
from engine.model.orders import Fill
from engine.model.signals import Side
from tests import builders

FOUND_MS = 1_700_000_108_000
LATER_ID = 774_004


def sold(trade_id: int, time_ms: int) -> Fill:
    return builders.a_fill(trade_id=trade_id, side=Side.SHORT, time_ms=time_ms)


@pytest.mark.parametrize("known", [(), (LATER_ID,)])
def test_what_reduced_a_position_in_the_moment_it_was_found_as_is_in_it_also_when_later_ones_are_known(
    known: tuple[int, ...],
) -> None:
    holding = builders.a_holding()
    holding = replace(holding, trade=replace(holding.trade, entry_time_ms=FOUND_MS))
    desk = builders.a_desk(holding=holding, recent_fills=known, last_fill_ms=FOUND_MS, entry=None)

    assert is_older(desk, sold(LATER_ID - 1, FOUND_MS))
    assert not is_older(desk, sold(LATER_ID + 1, FOUND_MS + 1))
