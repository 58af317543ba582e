"""A process that wakes up with a memory of before."""

from dataclasses import replace
from decimal import Decimal

from engine.desk import made_up
from engine.execution import stop_news
from engine.model.orders import IntentState
from engine.model.saved import EntryIntent, SavedDesk, StopOrder
from engine.model.signals import Side, Sides
from engine.trader.waking import awakened
from tests import builders
from tests.engine.trader.rising import a_world, until_open
from tests.engine.trader.world import SYMBOL

NOW = 1_700_000_000_000
HOUR = 3_600_000


def an_entry(state: IntentState, signed_ms: int) -> EntryIntent:
    """One that was signed at a moment."""
    return EntryIntent(
        intent_id="a" * 16,
        cause="bar:1:1",
        client_id="abE" + "a" * 16 + "000",
        symbol=SYMBOL,
        side=Side.LONG,
        quantity=Decimal(1),
        expected_price=1_000.0,
        atr=5.0,
        leverage=10,
        state=state,
        signed_ms=signed_ms,
        deadline_ms=signed_ms + 3_000,
        not_found=0,
        asked_ms=signed_ms,
        executed=Decimal(0),
        final=None,
        ruling=None,
    )


def test_an_entry_that_was_never_signed_does_not_exist_and_a_signed_one_may() -> None:
    desk = SavedDesk(SYMBOL, Sides.BOTH)

    assert awakened(replace(desk, entry=an_entry(IntentState.PLANNED, 0)), NOW).entry is None
    assert awakened(replace(desk, entry=an_entry(IntentState.SENT, NOW - 500)), NOW).entry is not None


def test_a_clock_that_was_set_back_leaves_no_moment_ahead() -> None:
    ahead = NOW + HOUR
    desk = replace(
        SavedDesk(SYMBOL, Sides.BOTH, last_fill_seen_ms=ahead, wide_blocked_until_ms=ahead),
        entry=an_entry(IntentState.UNKNOWN, ahead),
        held_before=((ahead, Decimal(1)),),
    )

    awake = awakened(desk, NOW)

    assert awake.entry is not None
    assert awake.entry.asked_ms == NOW
    assert awake.entry.deadline_ms == NOW + 3_000
    assert awake.last_fill_seen_ms == NOW
    assert awake.wide_blocked_until_ms <= NOW + 30_000
    assert awake.held_before == ((NOW, Decimal(1)),)


def test_what_was_assumed_before_a_clock_was_set_back_is_explained_by_the_first_list_after_it() -> None:
    assumed = builders.a_fill(trade_id=made_up.UNTRUE_ID - NOW - HOUR)
    holding = builders.a_holding()
    desk = builders.a_desk(holding=holding, made_up=(replace(assumed, time_ms=holding.trade.entry_time_ms),))

    awake = awakened(replace(desk, listed_ms=NOW + HOUR - 1), NOW)

    assert made_up.is_unlisted(awake)
    assert not made_up.is_too_early(awake, NOW)
    assert not made_up.is_unlisted(made_up.listed(awake, awake, NOW))


def test_what_was_listed_before_a_clock_was_set_back_is_not_asked_for_again() -> None:
    assumed = builders.a_fill(trade_id=made_up.UNTRUE_ID - NOW - HOUR)
    holding = builders.a_holding()
    desk = builders.a_desk(holding=holding, made_up=(replace(assumed, time_ms=holding.trade.entry_time_ms),))

    awake = awakened(replace(desk, listed_ms=NOW + HOUR + 1), NOW)

    assert not made_up.is_unlisted(awake)


def test_moments_that_have_passed_stay_what_they_are() -> None:
    desk = replace(SavedDesk(SYMBOL, Sides.BOTH, last_fill_seen_ms=NOW - 5), entry=an_entry(IntentState.ACKED, NOW - 500))

    assert awakened(desk, NOW) == desk


def test_an_entry_that_had_left_is_asked_for_at_once_since_nobody_waits_for_its_answer_any_more() -> None:
    sent = an_entry(IntentState.SENT, NOW - 500)

    awake = awakened(replace(SavedDesk(SYMBOL, Sides.BOTH), entry=sent), NOW).entry

    assert awake is not None
    assert (awake.state, awake.asked_ms, awake.deadline_ms) == (IntentState.UNKNOWN, 0, sent.deadline_ms)


def test_a_position_and_its_stops_are_looked_after_at_once_though_the_clock_was_set_back() -> None:
    world = a_world()
    until_open(world)
    memory = world.trader.desks[SYMBOL].memory
    ahead = replace(memory, stops=tuple(_later(stop) for stop in memory.stops))

    awake = awakened(ahead, world.now)

    assert memory.holding is not None
    assert all(stop.retry_at_ms <= world.now for stop in awake.stops)
    assert awake.holding is not None
    assert awake.holding.ruling == memory.holding.ruling
    assert awake.holding.trade == memory.holding.trade


def test_a_listing_that_was_asked_for_right_before_it_woke_up_counts_though_the_clock_was_set_back() -> None:
    """A memory that could be read only later: meanwhile its stops were replaced by others, and are gone."""
    world = a_world()
    until_open(world)
    memory = world.trader.desks[SYMBOL].memory
    assert any(stop.is_seen for stop in memory.stops)
    awake = awakened(replace(memory, stops=tuple(_later(stop) for stop in memory.stops)), world.now)

    known, outcome = stop_news.listed(awake, (), world.now - 100, world.time)

    assert not any(stop.is_seen for stop in known.stops)
    assert outcome.errands


def _later(stop: StopOrder) -> StopOrder:
    return replace(stop, sent_ms=stop.sent_ms + HOUR, retry_at_ms=stop.retry_at_ms + HOUR)
