"""News of stops: which of a lost memory stay while the new ones of a found position are refused, and refusals that are late."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.desk import news
from engine.execution.ids import client_id, intent_id
from engine.model.account import StopSeen
from engine.model.events import OrderRejected, StopsListed
from engine.model.messages import CancelOrder, ListStops
from engine.model.orders import Role, TriggerBy
from engine.model.saved import OutsideHand, SavedDesk
from engine.model.signals import Side
from engine.model.view import Care
from tests import builders

LOST = intent_id("test", "ETHUSDT", "a memory that was lost")
HELD = builders.a_holding().quantity


def refused() -> SavedDesk:
    """A found position whose new stop was refused."""
    return builders.a_desk(holding=builders.a_holding(), stops=(builders.a_stop(is_seen=False, refusals=1),))


def old(role: Role, generation: int, quantity: Decimal | None, side: Side = Side.SHORT) -> StopSeen:
    return StopSeen(
        symbol=builders.a_desk().symbol,
        client_id=client_id(role, LOST, generation),
        algo_id=generation,
        side=side,
        is_target=role is Role.TARGET,
        quantity=quantity,
        trigger_price=Decimal(1_900),
        trigger_by=TriggerBy.MARK,
        reduce_only=True,
    )


def spared(desk: SavedDesk, *stops: StopSeen) -> list[StopSeen]:
    """What is not cancelled."""
    _, outcome = news.stops_listed(desk, StopsListed(desk.symbol, stops, 10, 10, 10), is_held=True)
    gone = {errand.client_id for errand in outcome.errands if isinstance(errand, CancelOrder)}
    return [stop for stop in stops if stop.client_id not in gone]


WIDE, TIGHT = old(Role.WIDE_STOP, 1, None), old(Role.TIGHT_STOP, 2, HELD)
HALVES = (old(Role.TIGHT_STOP, 3, HELD / 2), old(Role.TIGHT_STOP, 4, HELD / 2))
TARGET = old(Role.TARGET, 5, HELD)
WRONG = old(Role.WIDE_STOP, 6, None, Side.LONG)


@pytest.mark.parametrize(
    ("stops", "stay"),
    [
        ((TIGHT, WIDE, TARGET), [WIDE]),
        ((TIGHT, TARGET), [TIGHT]),
        (HALVES, list(HALVES)),
        (HALVES[:1], []),
        ((HALVES[0], TARGET), []),
        ((WRONG, TARGET), []),
        ((WRONG, TIGHT), [TIGHT]),
    ],
)
def test_what_is_enough_to_guard_the_position_stays(stops: tuple[StopSeen, ...], stay: list[StopSeen]) -> None:
    assert spared(refused(), *stops) == stay


def test_all_stay_while_nothing_was_refused_and_once_a_new_one_was_seen_only_what_guards_the_whole_position() -> None:
    placed = refused()
    new = replace(placed.stops[0], refusals=0)

    assert spared(replace(placed, stops=(new,)), WIDE, TIGHT) == [WIDE, TIGHT]
    assert spared(replace(placed, stops=(replace(new, is_seen=True),)), WIDE, TIGHT, TARGET, WRONG) == [WIDE]


def test_the_wide_stop_of_a_lost_memory_goes_once_the_positions_own_was_seen_or_all_is_flat() -> None:
    tight = replace(refused().stops[0], refusals=0, is_seen=True)
    wide = builders.a_stop(Role.WIDE_STOP)
    desk = replace(refused(), stops=(tight, wide))

    assert spared(desk, WIDE) == []
    _, outcome = news.stops_listed(builders.a_desk(), StopsListed(desk.symbol, (WIDE,), 10, 10, 10), is_held=False)
    assert [errand.client_id for errand in outcome.errands if isinstance(errand, CancelOrder)] == [WIDE.client_id]


def test_it_keeps_the_new_one_out_without_a_word_until_it_has_gone() -> None:
    desk = replace(refused(), stops=(), wide_blocked_until_ms=1_000)

    kept_out, outcome = news.stops_listed(desk, StopsListed(desk.symbol, (WIDE,), 10, 10, 10), is_held=True)
    assert kept_out.wide_blocked_by == WIDE.client_id
    assert not outcome.notices

    free, _ = news.stops_listed(kept_out, StopsListed(desk.symbol, (), 20, 20, 20), is_held=True)
    assert not free.wide_blocked_by
    assert not free.wide_blocked_until_ms


@pytest.mark.parametrize("code", [3, -1008, -2021, -4045])
def test_a_refusal_of_a_stop_that_was_seen_since_changes_nothing(code: int) -> None:
    """The same name is sent again each second, and an answer may take longer than that."""
    stop = builders.a_stop(Role.TIGHT_STOP)
    desk = builders.a_desk(holding=builders.a_holding(), stops=(stop,))

    event = OrderRejected(desk.symbol, stop.client_id, code, "", 5, 5)
    after, outcome = news.heard(desk, event, None)  # type: ignore[arg-type]  # nothing is placed by it

    assert after == desk
    assert outcome.errands == (ListStops(desk.symbol),)
    assert not outcome.orders


def test_of_a_position_that_the_owner_forgot_nothing_of_ours_is_left() -> None:
    hand = OutsideHand("q", builders.INTENT, Care.FORGOTTEN, was_ours=False)
    desk = builders.a_desk(holding=builders.a_holding(), outside=hand)

    assert spared(desk, WIDE, TIGHT) == []
    assert spared(replace(desk, outside=replace(hand, care=Care.IGNORED)), WIDE) == [WIDE]
