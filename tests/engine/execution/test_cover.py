"""Cover follows the plan by place, see, cancel; it repeats what nobody answered and sweeps what is left over."""

from dataclasses import replace
from decimal import Decimal
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from engine.execution import cover, stop_news
from engine.execution.ids import client_id, intent_id
from engine.execution.orders import Wanted, guard
from engine.model.account import StopSeen
from engine.model.events import OrderAccepted
from engine.model.messages import CancelOrder, FindStop, ListStops
from engine.model.orders import ApprovedOrder, Role, TriggerBy
from engine.model.saved import SavedDesk
from engine.model.signals import Side
from tests import builders

ONE: Final = Decimal(1)
GUARDS: Final = (Role.WIDE_STOP, Role.TIGHT_STOP, Role.TARGET)


def wanted(stop: int = 1_970, quantity: Decimal = ONE) -> tuple[Wanted, ...]:
    return (
        Wanted(Role.WIDE_STOP, None, Decimal(1_940), TriggerBy.MARK),
        Wanted(Role.TIGHT_STOP, quantity, Decimal(stop), TriggerBy.LAST),
        Wanted(Role.TARGET, quantity, Decimal(2_060), TriggerBy.LAST),
    )


def covered() -> SavedDesk:
    """A position with both stops and the target seen."""
    stops = tuple(builders.a_stop(role, generation) for generation, role in enumerate(GUARDS, start=1))
    return builders.a_desk(holding=builders.a_holding(), stops=stops, order_generation=3)


def seen(order: ApprovedOrder, algo_id: int) -> StopSeen:
    assert order.trigger_price is not None
    assert order.trigger_by is not None
    return StopSeen(
        symbol=order.symbol,
        client_id=order.client_id,
        algo_id=algo_id,
        side=order.side,
        is_target=order.role is Role.TARGET,
        quantity=order.quantity,
        trigger_price=order.trigger_price,
        trigger_by=order.trigger_by,
        reduce_only=True,
    )


def listing(desk: SavedDesk, *leave_out: Role) -> tuple[StopSeen, ...]:
    """What the exchange lists when all of the desk's stops but some rest there."""
    holding = desk.holding
    assert holding is not None
    orders = (guard(desk.symbol, builders.INTENT, holding.trade.side, stop) for stop in desk.stops)
    return tuple(seen(order, 500 + at) for at, order in enumerate(orders) if order.role not in leave_out)


def test_a_naked_position_gets_both_stops_and_the_target_at_once() -> None:
    desk, outcome = cover.audited(builders.a_desk(holding=builders.a_holding()), wanted(), 1_000)

    assert [order.role for order in outcome.orders] == list(GUARDS)
    assert all(order.reduce_only and order.side is Side.SHORT for order in outcome.orders)
    assert outcome.orders[0].quantity is None, "the wide stop closes whatever is there"
    assert not any(stop.is_seen for stop in desk.stops)
    assert outcome.changed


def test_a_covered_position_asks_for_nothing() -> None:
    desk, outcome = cover.audited(covered(), wanted(), 9_000)

    assert desk == covered()
    assert not outcome.orders
    assert not outcome.errands
    assert cover.is_complete(desk, wanted())


def test_a_wide_stop_that_was_refused_follows_its_plan_and_one_that_may_rest_does_not() -> None:
    """After another tick size it was asked for at its old price for ever."""
    moved = (wanted()[0]._replace(trigger_price=Decimal(1_941)), *wanted()[1:])
    refused = builders.a_stop(Role.WIDE_STOP, 1, algo_id=0, is_seen=False, waits=1)
    desk = replace(covered(), stops=(refused, *covered().stops[1:]))

    _, followed = cover.audited(desk, moved, 9_000)
    _, left = cover.audited(covered(), moved, 9_000)

    assert [order.trigger_price for order in followed.orders] == [Decimal(1_941)]
    assert not left.orders


def test_a_raised_stop_is_placed_and_seen_before_the_old_one_is_cancelled() -> None:
    placed, first = cover.audited(covered(), wanted(1_985), 5_000)
    assert [order.trigger_price for order in first.orders] == [Decimal(1_985)]
    assert not first.errands
    assert cover.is_covered(placed, ONE)

    listed, _ = stop_news.listed(placed, listing(placed), 5_100, 1)
    swapped, second = cover.audited(listed, wanted(1_985), 5_200)

    old = covered().stops[1].client_id
    assert second.errands == (CancelOrder("ETHUSDT", old, is_stop=True),)
    assert cover.is_covered(swapped, ONE)


def test_until_a_raised_stop_was_seen_the_old_one_is_not_cancelled_however_long_that_takes() -> None:
    placed, first = cover.audited(covered(), wanted(1_985), 5_000)
    stop = cover.find(placed, first.orders[0].client_id)
    assert stop is not None
    taken, _ = stop_news.accepted(placed, stop, OrderAccepted("ETHUSDT", stop.client_id, 70, ONE, False, 1, 5_050))

    for desk in (placed, taken):
        for now_ms in (5_100, 6_000, 9_000):
            _, outcome = cover.audited(desk, wanted(1_985), now_ms)
            assert not [errand for errand in outcome.errands if isinstance(errand, CancelOrder)]


def test_a_stop_that_moves_gets_a_name_of_its_own() -> None:
    _, first = cover.audited(covered(), wanted(1_985), 5_000)

    assert first.orders[0].client_id not in {stop.client_id for stop in covered().stops}


def test_a_stop_of_an_earlier_position_is_no_cover_of_this_one() -> None:
    earlier = client_id(Role.TIGHT_STOP, intent_id("test", "ETHUSDT", "bar:0:1"), 9)
    desk = builders.a_desk(holding=builders.a_holding(), stops=(builders.a_stop(client_id=earlier),))

    assert not cover.is_covered(desk, ONE)
    assert cover.timed(desk, 4_000).holding is not None
    assert cover.has_failed(cover.timed(desk, 4_000), 4_000 + cover.UNCOVERED_LIMIT_MS)


def test_the_wide_stop_never_moves() -> None:
    moved = (Wanted(Role.WIDE_STOP, None, Decimal(1_900), TriggerBy.MARK), *wanted()[1:])

    _, outcome = cover.audited(covered(), moved, 5_000)

    assert not outcome.orders


def test_a_smaller_position_gets_a_smaller_stop_and_target() -> None:
    _, outcome = cover.audited(covered(), wanted(quantity=Decimal("0.5")), 5_000)

    assert [(order.role, order.quantity) for order in outcome.orders] == [
        (Role.TIGHT_STOP, Decimal("0.5")),
        (Role.TARGET, Decimal("0.5")),
    ]


def test_a_stop_that_nobody_answered_is_sent_again_under_its_own_name() -> None:
    desk, first = cover.audited(builders.a_desk(holding=builders.a_holding()), wanted(), 1_000)

    early, waiting = cover.audited(desk, wanted(), 1_999)
    _, again = cover.audited(early, wanted(), 2_000)

    assert not waiting.orders
    assert waiting.wake_in_ms == 1
    assert [order.client_id for order in again.orders] == [order.client_id for order in first.orders]
    assert ListStops("ETHUSDT") in again.errands


def test_a_stop_that_was_taken_is_not_sent_again_but_looked_for() -> None:
    desk, first = cover.audited(builders.a_desk(holding=builders.a_holding()), wanted(), 1_000)
    for at, order in enumerate(first.orders):
        stop = cover.find(desk, order.client_id)
        assert stop is not None
        desk, told = stop_news.accepted(desk, stop, OrderAccepted("ETHUSDT", order.client_id, 70 + at, ONE, False, 1, 1_050))

    assert told.errands == (ListStops("ETHUSDT"),), "one listing, after the last of them"
    _, later = cover.audited(desk, wanted(), 2_500)
    assert not later.orders
    assert ListStops("ETHUSDT") in later.errands


def test_a_stop_that_vanished_is_asked_for_and_placed_anew_once_it_is_known_to_be_gone() -> None:
    desk, missed = stop_news.listed(covered(), listing(covered(), Role.TIGHT_STOP), 5_000, 1)
    name = covered().stops[1].client_id
    assert missed.errands == (FindStop("ETHUSDT", name),)
    desk, _ = cover.audited(desk, wanted(), 5_010)

    desk, _ = stop_news.not_found(desk, name, 5_050)
    desk, outcome = cover.audited(desk, wanted(), 5_051)

    assert [order.role for order in outcome.orders] == [Role.TIGHT_STOP]
    assert outcome.orders[0].client_id != name


def test_a_denial_of_a_stop_that_is_still_being_placed_proves_nothing() -> None:
    desk, placed = cover.audited(builders.a_desk(holding=builders.a_holding()), wanted(), 1_000)
    name = placed.orders[1].client_id

    still, _ = stop_news.not_found(desk, name, 1_500)
    gone, _ = stop_news.not_found(desk, name, 2_500)

    assert cover.find(still, name) is not None
    assert cover.find(gone, name) is None


def test_while_a_triggered_stop_works_nothing_else_is_placed_or_cancelled() -> None:
    desk = cover.with_stop(covered(), replace(covered().stops[1], fired_ms=5_000, is_seen=False))

    same, outcome = cover.audited(desk, wanted(1_990), 5_100)

    assert same == desk
    assert not outcome.orders + tuple(outcome.errands)
    assert not cover.is_stuck(desk, 7_999)
    assert cover.is_stuck(desk, 8_000)


def test_a_flat_desk_is_swept_until_no_stop_is_left() -> None:
    flat = replace(covered(), holding=None)

    desk, outcome = cover.audited(flat, (), 5_000)
    _, too_early = cover.audited(desk, (), 5_500)
    _, repeated = cover.audited(desk, (), 6_000)

    assert len([errand for errand in outcome.errands if isinstance(errand, CancelOrder)]) == 3
    assert not too_early.errands
    assert len(repeated.errands) == 3


def test_the_stops_of_an_entry_that_may_be_filled_further_stay_though_the_books_are_flat() -> None:
    desk = covered()
    assert desk.holding is not None
    flat = replace(desk, holding=None, entry=builders.an_entry(intent_id=desk.holding.trade.intent_id))

    _, waits = cover.audited(flat, (), 5_000)
    _, over = cover.audited(replace(flat, entry=None), (), 5_000)

    assert not waits.errands
    assert len(over.errands) == 3


def test_the_naked_time_runs_from_the_first_look_and_ends_with_cover() -> None:
    naked = builders.a_desk(holding=builders.a_holding(uncovered_seen_ms=0))

    timed = cover.timed(naked, 4_000)
    later = cover.timed(timed, 5_000)

    assert not cover.has_failed(later, 5_999)
    assert cover.has_failed(later, 6_000)
    assert not cover.has_failed(cover.timed(replace(later, stops=covered().stops), 6_000), 9_000)


def test_a_target_or_too_small_a_stop_is_no_cover() -> None:
    target, small = builders.a_stop(Role.TARGET), builders.a_stop(quantity=Decimal("0.9"))

    assert not cover.is_covered(builders.a_desk(stops=(target, small)), ONE)
    assert cover.is_covered(builders.a_desk(stops=(builders.a_stop(),)), ONE)
    assert not cover.is_covered(builders.a_desk(stops=(builders.a_stop(is_cancelling=True),)), ONE)


steps = st.lists(st.tuples(st.sampled_from(("plan", "list", "lose", "wait")), st.integers(1_950, 1_999)), max_size=25)


@given(steps)
def test_whatever_happens_a_seen_stop_remains_until_another_is_seen(happened: list[tuple[str, int]]) -> None:
    desk, now, stop = covered(), 10_000, 1_970
    on_exchange = {order.client_id: order for order in listing(covered())}

    for what, level in happened:
        now += 600
        stop = level if what == "plan" else stop
        if what == "list":
            desk, _ = stop_news.listed(desk, tuple(on_exchange.values()), now - 1, 1)
        desk, outcome = cover.audited(desk, wanted(stop), now)
        for order in outcome.orders:
            if what != "lose":
                on_exchange.setdefault(order.client_id, seen(order, 900 + len(on_exchange)))
        for errand in outcome.errands:
            if isinstance(errand, CancelOrder):
                on_exchange.pop(errand.client_id, None)
                desk = cover.without_stop(desk, errand.client_id)
        assert any(order.quantity is not None and not order.is_target for order in on_exchange.values())
        assert any(order.quantity is None for order in on_exchange.values())
