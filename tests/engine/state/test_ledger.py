"""The books of a position: totals equal the sum of their parts to the last digit, and nothing is booked twice."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.model.events import FundingPaid
from engine.model.orders import ExitReason, Fill
from engine.model.saved import RECENT_FUNDING, Holding, SavedDesk
from engine.model.signals import Side
from engine.state import ledger
from tests import builders

amounts = st.decimals(Decimal("0.001"), Decimal(50), places=3)
prices = st.decimals(Decimal(1), Decimal(100_000), places=2)
fees = st.decimals(Decimal(0), Decimal(10), places=8)
fills = st.lists(st.tuples(amounts, prices, fees), min_size=1, max_size=6)


@given(fills, st.lists(st.tuples(st.integers(1, 9), prices, fees), min_size=1, max_size=6), st.sampled_from(Side))
def test_a_trade_is_the_sum_of_its_fills(
    entries: list[tuple[Decimal, Decimal, Decimal]], exits: list[tuple[int, Decimal, Decimal]], side: Side
) -> None:
    first = builders.a_fill(side=side, quantity=entries[0][0], price=entries[0][1], fee=entries[0][2])
    holding = ledger.opened(first, builders.INTENT, 1, builders.plan(int(side)), 20.0, 10, None, 1_000)
    for quantity, price, fee in entries[1:]:
        holding = ledger.grown(holding, builders.a_fill(side=side, quantity=quantity, price=price, fee=fee))
    held = sum((quantity for quantity, _, _ in entries), Decimal(0))
    assert (holding.quantity, holding.trade.quantity) == (held, held)
    assert holding.entry_value == sum(quantity * price for quantity, price, _ in entries)

    shares = sum(share for share, _, _ in exits)
    for share, price, fee in exits[:-1]:
        part = (held * share / shares).quantize(Decimal("0.000001"))
        holding = ledger.reduced(holding, against(holding, part, price, fee), 2_000)
    holding = ledger.reduced(holding, against(holding, holding.quantity, *exits[-1][1:]), 3_000)

    trade = ledger.finished(holding, ExitReason.MANUAL)
    assert holding.flat_seen_ms == 3_000
    assert trade.quantity == held
    assert trade.fees == sum(fee for _, _, fee in entries) + sum(fee for _, _, fee in exits)
    assert trade.gross == len(exits)
    assert trade.net == trade.gross - trade.fees + trade.funding


def against(holding: Holding, quantity: Decimal, price: Decimal, fee: Decimal) -> Fill:
    """An exit fill on which the exchange realised exactly 1."""
    side = Side(-holding.trade.side)
    return builders.a_fill(side=side, quantity=quantity, price=price, fee=fee, realised=Decimal(1), order_id=12)


def test_a_fill_is_known_again_and_old_ones_are_forgotten_last() -> None:
    desk = builders.a_desk()
    for number in range(ledger.RECENT_FILLS + 1):
        desk = ledger.noted(desk, builders.a_fill(trade_id=number, time_ms=builders.START_MS - number), 5_000 + number)

    assert ledger.is_booked(desk, builders.a_fill(trade_id=1))
    assert not ledger.is_booked(desk, builders.a_fill(trade_id=0))
    assert len(desk.recent_fills) == ledger.RECENT_FILLS
    assert (desk.last_fill_ms, desk.last_fill_seen_ms) == (builders.START_MS, 5_000 + ledger.RECENT_FILLS)


def test_executions_that_have_been_forgotten_are_not_booked_again_when_a_list_still_holds_them() -> None:
    desk = builders.a_desk()
    told = [builders.a_fill(trade_id=9_000 + n, time_ms=builders.START_MS + n) for n in range(ledger.RECENT_FILLS + 100)]
    late = told.pop(50)
    for fill in (*told, late):
        desk = ledger.noted(desk, fill, 5_000)

    assert len(desk.recent_fills) == ledger.RECENT_FILLS
    assert all(ledger.is_booked(desk, fill) for fill in (*told, late))


def test_an_execution_that_was_lost_is_booked_late_while_all_that_is_newer_is_remembered() -> None:
    desk = builders.a_desk()
    for number in range(1, ledger.RECENT_FILLS):
        desk = ledger.noted(desk, builders.a_fill(trade_id=9_000 + number, time_ms=builders.START_MS), 5_000)

    assert not ledger.is_booked(desk, builders.a_fill(trade_id=9_000, time_ms=builders.START_MS))


def test_an_exchange_that_counts_its_executions_anew_is_believed() -> None:
    desk = builders.a_desk()
    for number in range(ledger.RECENT_FILLS + 1):
        desk = ledger.noted(desk, builders.a_fill(trade_id=9_000 + number, time_ms=builders.START_MS), 5_000)
    anew = builders.a_fill(trade_id=3, time_ms=builders.START_MS + 1)

    assert not ledger.is_booked(desk, anew)
    assert ledger.is_booked(ledger.noted(desk, anew, 6_000), anew)


@given(amounts, amounts, fees)
def test_a_fill_that_flips_is_split_without_losing_a_digit(closing: Decimal, opening: Decimal, fee: Decimal) -> None:
    fill = builders.a_fill(quantity=closing + opening, fee=fee, realised=Decimal("-3.3"))

    first, rest = ledger.split(fill, closing)

    assert (first.quantity, rest.quantity) == (closing, opening)
    assert first.fee + rest.fee == fee
    assert (first.realised, rest.realised) == (Decimal("-3.3"), Decimal(0))


def test_more_than_is_held_is_never_booked_as_a_reduction() -> None:
    with pytest.raises(AssertionError):
        ledger.reduced(builders.a_holding(), builders.a_fill(side=Side.SHORT, quantity=Decimal(2)), 1)


def a_payment(name: str, amount: str = "-0.7", *, paid_ms: int = 0) -> FundingPaid:
    """Listed long after it was settled."""
    now_ms = builders.START_MS + 86_400_000
    return FundingPaid("ETHUSDT", Decimal(amount), name, now_ms, now_ms, paid_ms)


def test_funding_is_booked_once_and_on_the_open_position_only() -> None:
    desk = builders.a_desk(holding=builders.a_holding())

    once = ledger.funded(desk, a_payment("eth:1"))
    twice = ledger.funded(once, a_payment("eth:1"))

    assert twice is once
    assert once.holding is not None
    assert once.holding.trade.funding == Decimal("-0.7")
    assert ledger.funded(builders.a_desk(), a_payment("eth:2")).holding is None


@pytest.mark.parametrize(("before_ms", "is_of_trade"), [(15_000, True), (15_001, False)])
def test_what_was_settled_before_a_position_was_entered_is_not_its_funding(before_ms: int, is_of_trade: bool) -> None:
    holding = builders.a_holding()
    payment = a_payment("eth:1", paid_ms=holding.trade.entry_time_ms - before_ms)

    desk = ledger.funded(builders.a_desk(holding=holding), payment)

    assert desk.holding is not None
    assert desk.holding.trade.funding == (Decimal("-0.7") if is_of_trade else 0)
    assert ledger.funded(desk, payment) is desk


def paid(desk: SavedDesk, *hours: int) -> SavedDesk:
    for hour in hours:
        desk = ledger.funded(desk, a_payment(f"1000SATSUSDT:{hour}", "-1"))
    return desk


def test_funding_that_may_have_been_booked_and_forgotten_is_not_booked_again() -> None:
    desk = paid(builders.a_desk(holding=builders.a_holding()), *range(1, RECENT_FUNDING + 51))

    again = paid(desk, *range(1, RECENT_FUNDING + 51))

    assert again is desk
    assert len(desk.recent_funding) == RECENT_FUNDING
    assert desk.holding is not None
    assert desk.holding.trade.funding == -(RECENT_FUNDING + 50)


def test_funding_that_comes_late_is_booked_once_while_all_that_is_newer_is_remembered() -> None:
    held = builders.a_desk(holding=builders.a_holding())
    young, hours = paid(held, 7, 3, 5), [hour for hour in range(1, RECENT_FUNDING + 2) if hour != 60]

    old = paid(held, *hours, 60)

    assert young.holding is not None
    assert young.holding.trade.funding == -3
    assert old.holding is not None
    assert old.holding.trade.funding == -(RECENT_FUNDING + 1)
    assert paid(old, 60, *hours) is old


def test_a_fee_in_another_asset_is_estimated_from_the_notional() -> None:
    assert ledger.fee_of(builders.a_fill(fee=Decimal("0.002"), fee_asset="BNB")) == Decimal("0.9")
    assert ledger.fee_of(builders.a_fill(fee=Decimal("0.002"))) == Decimal("0.002")


@pytest.mark.parametrize(("side", "open_result"), [(Side.LONG, Decimal(25)), (Side.SHORT, Decimal(-25))])
def test_the_open_result_has_the_sign_of_the_side(side: Side, open_result: Decimal) -> None:
    assert ledger.unrealised(builders.a_holding(side), 2_025.0) == open_result


def test_the_open_result_of_what_was_reduced_and_enlarged_again_is_that_of_the_exchange() -> None:
    def fill(side: Side, quantity: int, price: int, realised: int = 0) -> Fill:
        return builders.a_fill(side=side, quantity=Decimal(quantity), price=Decimal(price), realised=Decimal(realised))

    first = fill(Side.LONG, 20, 1_000)
    holding = ledger.opened(first, builders.INTENT, 1, builders.plan(1), 20.0, 10, None, 1_000)
    holding = ledger.reduced(holding, fill(Side.SHORT, 19, 1_150, 19 * 150), 2_000)
    assert ledger.unrealised(holding, 1_150.0) == 150

    holding = ledger.grown(holding, fill(Side.LONG, 19, 1_150))

    assert ledger.unrealised(holding, 1_150.0) == 150
    assert ledger.unrealised(holding, 1_160.0) == 350


def test_a_reduction_that_was_assumed_at_the_entry_takes_nothing_from_the_open_result_of_the_rest() -> None:
    price, part = builders.a_holding().trade.entry_price, builders.a_holding().quantity / 4
    assumed = builders.a_fill(side=Side.SHORT, quantity=part, price=price, realised=Decimal(0), trade_id=-5)

    holding = ledger.reduced(builders.a_holding(), assumed, 2_000)

    assert ledger.unrealised(holding, float(price + 10)) == holding.quantity * 10


def test_only_a_flat_position_is_finished() -> None:
    with pytest.raises(AssertionError):
        ledger.finished(builders.a_holding(), ExitReason.MANUAL)


def test_a_plan_drawn_again_while_filling_moves_the_first_stop() -> None:
    plan = builders.plan(stop=1_975.0)

    holding = ledger.planned(builders.a_holding(), plan)

    assert holding.trade.first_stop == Decimal("1975.0")
    assert (holding.plan, holding.told_stop) == (plan, 1_975.0)
    assert replace(holding.trade, gross=Decimal(50)).result_in_r == pytest.approx(49 / 25)
