"""A whole exit is sent until flat, always reduce-only and under a new name; a partial one is sent once."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.execution import leaving
from engine.model.events import OrderRejected
from engine.model.messages import FetchFills, FindOrder, Outcome, SyncAccount
from engine.model.notices import ExitRefused, Notice
from engine.model.orders import ExitReason
from engine.model.saved import SavedDesk
from engine.model.signals import Side
from engine.state import ledger
from tests import builders

ONE, HALF, LARGEST = Decimal(1), Decimal("0.5"), Decimal(2_000)
STEP = Decimal("0.001")


def held(side: Side = Side.LONG) -> SavedDesk:
    return builders.a_desk(holding=builders.a_holding(side))


def left(desk: SavedDesk, quantity: Decimal, now_ms: int = 1_000, largest: Decimal = LARGEST) -> tuple[SavedDesk, Outcome]:
    return leaving.leave(desk, ExitReason.MANUAL, quantity, "7", leaving.Lots(STEP, largest), now_ms)


def ticked(desk: SavedDesk, now_ms: int, largest: Decimal = LARGEST) -> tuple[SavedDesk, Outcome]:
    return leaving.ticked(desk, leaving.Lots(STEP, largest), now_ms, now_ms)


def refused(desk: SavedDesk, code: int, now_ms: int) -> tuple[SavedDesk, Outcome]:
    assert desk.exit is not None
    return leaving.refused(desk, OrderRejected("ETHUSDT", desk.exit.client_id, code, "No.", now_ms, now_ms))


@pytest.mark.parametrize("side", Side)
def test_a_position_is_left_against_its_side_and_reduce_only(side: Side) -> None:
    _, outcome = left(held(side), ONE)

    (order,) = outcome.orders
    assert (order.side, order.quantity, order.reduce_only) == (Side(-side), ONE, True)
    assert order.trigger_price is None


def test_a_whole_exit_is_sent_again_under_a_new_name_until_flat() -> None:
    desk, first = left(held(), ONE)

    desk, early = ticked(desk, 1_999)
    desk, again = ticked(desk, 2_000)

    assert not early.orders
    assert again.orders[0].client_id != first.orders[0].client_id
    assert {FetchFills, SyncAccount} <= {type(errand) for errand in again.errands}
    assert desk.holding is not None
    flat = replace(desk, holding=replace(desk.holding, quantity=Decimal(0), flat_seen_ms=2_500))
    assert not ticked(flat, 9_000)[1].orders


def test_a_partial_exit_is_never_sent_twice_and_given_up_in_the_end() -> None:
    desk, first = left(held(), HALF)
    orders, asked = list(first.orders), 0

    for now in range(1_500, 13_001, 500):
        desk, outcome = ticked(desk, now)
        orders += outcome.orders
        asked += any(isinstance(errand, FindOrder) for errand in outcome.errands)

    assert len(orders) == 1
    assert asked > 5
    assert desk.exit is None


def test_a_whole_exit_replaces_a_partial_one_and_is_not_replaced() -> None:
    desk, _ = left(held(), HALF)

    desk, whole = left(desk, ONE, 1_100)
    desk, more = left(desk, HALF, 1_200)
    _, twice = left(desk, ONE, 1_300)

    assert whole.orders[0].quantity == ONE
    assert not more.orders + twice.orders
    assert desk.exit is not None
    assert desk.exit.is_whole


def test_a_position_larger_than_one_order_is_left_in_pieces() -> None:
    desk, _ = left(held(), ONE, largest=Decimal("0.4"))
    sold = []

    for now in range(1_000, 6_000, 1_000):
        assert desk.exit is not None
        assert desk.holding is not None
        part = min(Decimal("0.4"), desk.holding.quantity)
        sold.append(part)
        holding = ledger.reduced(desk.holding, builders.a_fill(side=Side.SHORT, quantity=part), now)
        desk, _ = leaving.booked(replace(desk, holding=holding), desk.exit.client_id, part, now)
        if holding.quantity == 0:
            break
        desk, outcome = ticked(desk, now + 1, Decimal("0.4"))
        assert outcome.orders[0].quantity == min(Decimal("0.4"), holding.quantity)

    assert sold == [Decimal("0.4"), Decimal("0.4"), Decimal("0.2")]


@pytest.mark.parametrize("quantity", [ONE, HALF])
def test_a_refused_exit_looks_at_the_account_and_is_tried_again_soon(quantity: Decimal) -> None:
    desk, looks = refused(left(held(), quantity)[0], -2022, 1_100)

    assert SyncAccount() in looks.errands
    assert not looks.notices
    assert ticked(desk, 1_300)[1].orders


def test_what_no_longer_fits_a_coarser_grid_is_left_after_the_rest() -> None:
    desk, _ = left(held(), ONE)
    odd = replace(builders.a_holding(), quantity=Decimal("1.003"))
    coarse = leaving.Lots(Decimal("0.01"), LARGEST)
    desk = replace(desk, holding=odd)

    _, sent = leaving.ticked(desk, coarse, 2_100, 2_100)
    _, rest = leaving.ticked(replace(desk, holding=replace(odd, quantity=Decimal("0.003"))), coarse, 2_100, 2_100)

    assert [order.quantity for order in (*sent.orders, *rest.orders)] == [Decimal("1.00"), Decimal("0.003")]


def test_a_whole_exit_that_is_refused_again_and_again_is_told_once_and_goes_on() -> None:
    desk, now, told, sent = left(held(), ONE)[0], 1_000, list[Notice](), 0

    for _ in range(60):
        desk, outcome = refused(desk, -4131, now + 100)
        told += outcome.notices
        now += 1_100
        desk, outcome = ticked(desk, now)
        sent += len(outcome.orders)

    assert [(notice.is_whole, notice.code) for notice in told if isinstance(notice, ExitRefused)] == [(True, -4131)]
    assert sent == 60


def test_a_whole_exit_that_ends_without_a_fill_again_and_again_is_told_too() -> None:
    desk, now, told = left(held(), ONE)[0], 1_000, list[Notice]()

    for _ in range(20):
        assert desk.exit is not None
        desk, outcome = leaving.over(desk, desk.exit.client_id, Decimal(0), now + 100, now)
        told += outcome.notices
        now += 1_100
        desk, _ = ticked(desk, now)

    assert [notice.code for notice in told if isinstance(notice, ExitRefused)] == [0]


def test_a_whole_exit_that_nobody_answers_is_told_once_and_goes_on() -> None:
    desk, told, sent = left(held(), ONE)[0], list[Notice](), 0

    for now in range(2_000, 62_000, 1_000):
        desk, outcome = ticked(desk, now)
        told, sent = told + list(outcome.notices), sent + len(outcome.orders)

    assert [notice.code for notice in told if isinstance(notice, ExitRefused)] == [0]
    assert sent == 60


@pytest.mark.parametrize(("is_seen", "is_covered"), [(True, True), (False, False)])
def test_whether_a_stop_still_guards_it_is_told_with_the_refusal(is_seen: bool, is_covered: bool) -> None:
    stop = replace(builders.a_stop(), is_seen=is_seen)
    desk, now, told = left(replace(held(), stops=(stop,)), ONE)[0], 1_000, list[Notice]()

    for _ in range(6):
        desk, outcome = refused(desk, -4131, now + 100)
        told, now = told + list(outcome.notices), now + 1_100
        desk, _ = ticked(desk, now)

    assert [notice.is_covered for notice in told if isinstance(notice, ExitRefused)] == [is_covered]


def test_a_position_that_the_exchange_denies_may_be_flat_and_is_told_of_late() -> None:
    desk, now, told = left(held(), ONE)[0], 1_000, list[Notice]()

    for attempt in range(1, 20):
        desk, outcome = refused(desk, -2022, now + 100)
        assert bool(outcome.notices) == (attempt == leaving.GONE_TOLD_AFTER)
        told, now = told + list(outcome.notices), now + 1_100
        desk, _ = ticked(desk, now)

    assert len(told) == 1


def test_a_part_that_executed_as_a_whole_is_not_told_as_refused() -> None:
    desk, _ = left(held(), HALF)
    assert desk.exit is not None
    desk, _ = leaving.over(desk, desk.exit.client_id, HALF, 1_100, 1_100)
    told = list[Notice]()

    for now in range(1_500, 13_001, 500):
        desk, outcome = ticked(desk, now)
        told += outcome.notices

    assert desk.exit is None
    assert not told


def test_a_part_that_is_given_up_is_told_refused_or_unanswered() -> None:
    refusing, mute = left(held(), HALF)[0], left(held(), HALF)[0]
    told_refused, told_mute, now = list[Notice](), list[Notice](), 1_000

    while refusing.exit is not None:
        refusing, outcome = refused(refusing, -4131, now + 100)
        told_refused += outcome.notices
        now += 1_100
        refusing, _ = ticked(refusing, now)
    for now in range(1_500, 13_001, 500):
        mute, outcome = ticked(mute, now)
        told_mute += outcome.notices

    for (notice,), code in ((told_refused, -4131), (told_mute, 0)):
        assert isinstance(notice, ExitRefused)
        assert (notice.is_whole, notice.code) == (False, code)


def test_a_flat_desk_leaves_nothing() -> None:
    assert left(builders.a_desk(), ONE)[1] == Outcome()
    assert left(builders.a_desk(holding=builders.a_holding(flat_seen_ms=5)), ONE)[1] == Outcome()


@given(st.lists(st.tuples(st.sampled_from((HALF, ONE)), st.booleans()), max_size=12))
def test_one_exit_at_a_time_and_never_for_more_than_is_held(wishes: list[tuple[Decimal, bool]]) -> None:
    desk, now, names = held(), 1_000, []

    for quantity, is_tick in wishes:
        now += 400
        desk, outcome = ticked(desk, now) if is_tick else left(desk, quantity, now)
        for order in outcome.orders:
            names.append(order.client_id)
            assert order.reduce_only
            assert order.quantity is not None
            assert 0 < order.quantity <= ONE
        assert len(outcome.orders) <= 1

    assert len(set(names)) == len(names)
