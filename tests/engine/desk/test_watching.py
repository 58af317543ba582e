"""Prices beyond a stop, and whose position it is: both sides, and every hand."""

import pytest

from engine.desk.care import is_guarded_only
from engine.desk.terms import DeskTerms
from engine.desk.watching import mark_watched
from engine.model.orders import TriggerBy
from engine.model.saved import OutsideHand
from engine.model.signals import Side
from engine.model.view import Care
from tests import builders

TERMS = DeskTerms("test", "ETHUSDT", builders.HOUR_MS, 1, TriggerBy.LAST, builders.rules(), builders.lot(), builders.params())


@pytest.mark.parametrize(("side", "beyond", "before"), [(Side.LONG, 0.99, 1.01), (Side.SHORT, 1.01, 0.99)])
def test_the_mark_is_beyond_a_stop_on_the_side_on_which_the_position_loses(side: Side, beyond: float, before: float) -> None:
    desk = builders.a_desk(holding=builders.a_holding(side))
    assert desk.holding is not None
    stop = desk.holding.plan.stop

    past = mark_watched(desk, stop * beyond, TERMS, 5_000).holding
    not_yet = mark_watched(desk, stop * before, TERMS, 5_000).holding

    assert past is not None
    assert not_yet is not None
    assert (past.mark_beyond_ms, not_yet.mark_beyond_ms) == (5_000, 0)


@pytest.mark.parametrize("care", list(Care))
def test_our_exits_rest_on_a_position_that_somebody_else_opened_and_nobody_gave_us(care: Care) -> None:
    theirs = OutsideHand("q", builders.INTENT, care, was_ours=False)

    assert is_guarded_only(builders.a_desk(holding=builders.a_holding(), outside=theirs))


def test_a_position_of_ours_that_was_enlarged_is_left_by_our_exits() -> None:
    enlarged = OutsideHand("q", builders.INTENT, Care.ASKED, was_ours=True)

    assert not is_guarded_only(builders.a_desk(holding=builders.a_holding(), outside=enlarged))
    assert not is_guarded_only(builders.a_desk(holding=builders.a_holding()))
