"""The paper exchange: fills no better than the market gives, and refuses what the real exchange refuses."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.adapters.binance_errors import Refused
from engine.adapters.paper_errands import PaperErrands
from engine.adapters.paper_exchange import PaperExchange
from engine.model.events import BalanceChanged, FillsListed, FundingPaid, OrderAccepted, OrderFilled, OrderGone, StopChanged
from engine.model.messages import FetchFills
from engine.model.orders import Fill, StopStatus
from engine.model.signals import Side
from tests.engine.adapters.fake_exchange import ManualClock
from tests.engine.adapters.paper_builders import (
    HOUR_MS,
    SEEN_MS,
    START_MS,
    SYMBOL,
    a_closed_bar,
    a_position,
    a_stop,
    a_target,
    a_wide_stop,
    an_entry,
    an_exchange,
    an_exit,
    mark,
    price,
    quote,
)


def fills(exchange: PaperExchange) -> list[Fill]:
    return [event.fill for event in exchange.news if isinstance(event, OrderFilled)]


@pytest.mark.parametrize(("side", "paid"), [(Side.LONG, "2000.31"), (Side.SHORT, "1999.70")])
def test_a_market_order_pays_the_other_side_and_slippage_and_the_taker_fee(side: Side, paid: str) -> None:
    exchange = an_exchange()

    exchange.place_market(an_entry("0.500", side), SEEN_MS)

    (fill,) = fills(exchange)
    assert (fill.price, fill.quantity, fill.realised) == (Decimal(paid), Decimal("0.500"), Decimal(0))
    assert fill.fee == Decimal(paid) * Decimal("0.5") * Decimal("0.0005")
    assert exchange.books.wallet == 10_000 - fill.fee
    assert exchange.books.quantity(SYMBOL) == Decimal("0.500") * int(side)


def test_a_fill_is_told_as_the_stream_tells_it() -> None:
    exchange = an_exchange()

    order = exchange.place_market(an_entry(), SEEN_MS)

    accepted, filled, gone, balance = exchange.news
    assert isinstance(accepted, OrderAccepted)
    assert isinstance(filled, OrderFilled)
    assert gone == OrderGone(SYMBOL, order.client_id, order.order_id, "FILLED", Decimal("0.500"), START_MS, SEEN_MS)
    assert balance == BalanceChanged(exchange.books.wallet, ((SYMBOL, Decimal("0.500")),), START_MS, SEEN_MS)


def test_a_stop_that_is_touched_fills_at_its_trigger_less_half_the_spread_and_slippage() -> None:
    exchange = a_position(a_stop("1950.00"))

    exchange.see(price(1_955.0, low=1_949.0))

    (fill,) = fills(exchange)
    assert fill.price == Decimal("1949.70")  # 1950 x (1 - 0.5 bp - 1 bp), rounded down
    assert exchange.books.positions == {}


def test_a_stop_behind_a_gap_fills_where_the_gap_ends() -> None:
    exchange = a_position(a_stop("1980.00"))

    exchange.see(price(1_960.0))

    (fill,) = fills(exchange)
    assert Decimal(1_959) < fill.price < Decimal(1_960)


def test_a_gap_beyond_the_liquidation_price_takes_the_margin_and_no_more_whatever_stop_was_there() -> None:
    exchange = a_position(a_stop("1950.00"))
    margin, tick_of_half = exchange.books.bound(), Decimal("0.005")

    exchange.see(price(1_800.0))

    (fill,) = fills(exchange)
    assert fill.client_id.startswith("autoclose-")
    assert -margin - tick_of_half <= fill.realised - fill.fee <= Decimal("0.01") - margin
    assert exchange.books.stops == {}


def test_a_target_behind_a_gap_gets_the_better_price() -> None:
    exchange = a_position(a_target("2050.00"))

    exchange.see(price(2_100.0))

    (fill,) = fills(exchange)
    assert Decimal(2_099) < fill.price < Decimal(2_100)


def test_a_fired_stop_tells_its_whole_life_and_names_its_order() -> None:
    stop = a_stop("1950.00")
    exchange = a_position(stop)

    exchange.see(price(1_949.5))

    changes = [event for event in exchange.news if isinstance(event, StopChanged)]
    assert [change.status for change in changes] == [StopStatus.TRIGGERING, StopStatus.TRIGGERED, StopStatus.FINISHED]
    (fill,) = fills(exchange)
    assert changes[1].child_order_id == changes[2].child_order_id == fill.order_id
    assert {change.client_id for change in changes} == {stop.client_id}


def test_stop_and_target_inside_one_window_are_the_stop() -> None:
    exchange = a_position(a_target("2050.00"), a_stop("1950.00"))

    exchange.see(price(2_000.0, low=1_940.0, high=2_060.0))

    (fill,) = fills(exchange)
    assert fill.price < 1_950


def test_the_order_that_is_left_over_is_refused_at_its_trigger() -> None:
    target = a_target("2050.00")
    exchange = a_position(a_stop("1950.00"), target)
    exchange.see(price(1_949.5))
    exchange.news.clear()

    exchange.see(price(2_051.0))

    last = exchange.news[-1]
    assert isinstance(last, StopChanged)
    assert (last.client_id, last.status) == (target.client_id, StopStatus.REJECTED)
    assert exchange.books.quantity(SYMBOL) == 0


def test_the_wide_stop_watches_the_mark_and_goes_with_its_position() -> None:
    exchange = a_position(a_wide_stop("1960.00"))
    exchange.see(price(1_955.0))
    assert exchange.books.quantity(SYMBOL) == Decimal("0.500")
    exchange.see(quote(1_958.0, 1_958.2))

    exchange.see(mark(1_959.0))

    (fill,) = fills(exchange)
    assert fill.price == Decimal("1957.80")  # the bid, less slippage
    assert exchange.books.stops == {}


def test_a_closed_position_lets_its_wide_stop_expire_and_keeps_the_others() -> None:
    tight, wide = a_stop("1950.00"), a_wide_stop("1900.00")
    exchange = a_position(tight, wide)

    exchange.place_market(an_exit(), SEEN_MS)

    last = exchange.news[-1]
    assert isinstance(last, StopChanged)
    assert (last.client_id, last.status) == (wide.client_id, StopStatus.EXPIRED)
    assert list(exchange.books.stops) == [tight.client_id]


def test_an_exit_larger_than_the_position_is_cut_and_never_turns_it_round() -> None:
    exchange = a_position()

    exchange.place_market(an_exit("0.900"), SEEN_MS)

    assert exchange.books.quantity(SYMBOL) == 0
    assert fills(exchange)[0].quantity == Decimal("0.500")


def test_a_stop_larger_than_the_position_is_cut_when_it_fires() -> None:
    exchange = a_position(a_stop("1950.00", quantity="0.500"))
    exchange.place_market(an_exit("0.200"), SEEN_MS)
    exchange.news.clear()

    exchange.see(price(1_949.5))

    assert fills(exchange)[0].quantity == Decimal("0.300")


def test_a_bar_that_was_missed_sets_off_what_rested_before_it_opened() -> None:
    exchange = a_position(a_stop("1950.00"))

    exchange.see(a_closed_bar(START_MS + HOUR_MS, 1_990.0, 2_010.0, 1_940.0, 2_005.0))

    assert Decimal(1_949) < fills(exchange)[0].price < Decimal(1_950)


def test_a_bar_does_not_set_off_what_was_placed_while_it_ran() -> None:
    exchange = a_position(a_stop("1950.00"))

    exchange.see(a_closed_bar(START_MS - HOUR_MS // 2, 1_990.0, 2_010.0, 1_940.0, 2_005.0))

    assert fills(exchange) == []


@pytest.mark.parametrize(("side", "change"), [(Side.LONG, "-0.1"), (Side.SHORT, "0.1")])
def test_funding_is_paid_once_when_it_falls_due(side: Side, change: str) -> None:
    exchange = a_position(side=side)
    due = START_MS + 8 * HOUR_MS
    before = exchange.books.wallet

    exchange.see(mark(2_000.0, due_ms=due, at_ms=due - 1))
    exchange.see(mark(2_000.0, due_ms=due + 8 * HOUR_MS, at_ms=due + 5))
    exchange.see(mark(2_000.0, due_ms=due + 8 * HOUR_MS, at_ms=due + 1_000))

    paid = [event for event in exchange.news if isinstance(event, FundingPaid)]
    assert [payment.amount for payment in paid] == [Decimal(change)]
    assert exchange.books.wallet - before == Decimal(change)


def test_funding_is_told_before_the_executions_that_are_asked_for_with_it() -> None:
    exchange = a_position()
    due = START_MS + 8 * HOUR_MS
    exchange.see(mark(2_000.0, due_ms=due, at_ms=due - 1))
    exchange.see(mark(2_000.0, due_ms=due + 8 * HOUR_MS, at_ms=due + 5))

    told = PaperErrands(exchange, symbols=(SYMBOL,), clock=ManualClock()).run(FetchFills(SYMBOL, 0, START_MS))

    assert [type(event) for event in told] == [FundingPaid, FillsListed]


def test_funding_that_fell_due_while_nobody_looked_is_paid_afterwards() -> None:
    exchange = a_position()
    due = START_MS + 8 * HOUR_MS

    exchange.see(mark(2_000.0, due_ms=due + 24 * HOUR_MS, at_ms=due + 17 * HOUR_MS))

    names = [event.payment_id for event in exchange.news if isinstance(event, FundingPaid)]
    assert len(set(names)) == 3


def test_a_rate_of_zero_pays_nothing_and_is_not_the_next_ones_rate() -> None:
    exchange = a_position()
    due = START_MS + 8 * HOUR_MS
    before = exchange.books.wallet

    exchange.see(mark(2_000.0, rate=0.0, due_ms=due, at_ms=due - 1))
    exchange.see(mark(2_000.0, due_ms=due + 8 * HOUR_MS, at_ms=due + 5))

    assert [event for event in exchange.news if isinstance(event, FundingPaid)] == []
    assert exchange.books.wallet == before


def test_an_account_without_a_position_pays_no_funding() -> None:
    exchange = an_exchange()

    exchange.see(mark(2_000.0, due_ms=START_MS + 16 * HOUR_MS, at_ms=START_MS + 9 * HOUR_MS))

    assert exchange.news == []


@pytest.mark.parametrize(("side", "to"), [(Side.LONG, 1_900.0), (Side.SHORT, 2_100.0)])
def test_a_liquidation_costs_the_margin_and_no_more(side: Side, to: float) -> None:
    exchange = a_position(a_stop("1890.00" if side is Side.LONG else "2110.00", side=Side(-side)), side=side)
    before = exchange.books.wallet
    margin = exchange.books.positions[SYMBOL].margin

    exchange.see(mark(to))

    (fill,) = fills(exchange)
    assert fill.client_id.startswith("autoclose-")
    assert exchange.books.stops == {}
    assert 0 < before - exchange.books.wallet <= margin + Decimal("0.02")  # one tick of the grid


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["buy", "sell", "exit", "move"]), st.integers(1, 400)), max_size=30))
def test_the_wallet_is_what_it_was_plus_all_that_was_realised_less_all_fees(steps: list[tuple[str, int]]) -> None:
    exchange = an_exchange()

    for number, (step, size) in enumerate(steps):
        quantity = f"{size / 1000:.3f}"
        held = exchange.books.quantity(SYMBOL)
        try:
            if step == "move":
                exchange.see(quote(1_950 + size / 4, 1_950.1 + size / 4))
            elif step == "exit":
                exchange.place_market(an_exit(quantity, Side.SHORT if held > 0 else Side.LONG, number), SEEN_MS)
            else:
                exchange.place_market(an_entry(quantity, Side.LONG if step == "buy" else Side.SHORT, number), SEEN_MS)
        except Refused:
            continue

    done = fills(exchange)
    assert exchange.books.wallet == 10_000 + sum(one.realised for one in done) - sum(one.fee for one in done)
    assert exchange.books.quantity(SYMBOL) == sum(one.quantity * int(one.side) for one in done)
