"""What news of a stop teaches: only a listing makes it seen, a trigger is not a fill, and a refusal is counted."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.execution import cover, stop_news
from engine.model.account import StopSeen
from engine.model.events import CancelRefused, OrderAccepted, OrderRejected, OrderUnanswered, StopChanged
from engine.model.messages import FindStop, ListStops, Outcome
from engine.model.notices import OutsideChange
from engine.model.orders import Role, StopStatus, TriggerBy
from engine.model.saved import SavedDesk, StopOrder
from engine.model.signals import Side
from tests import builders

PLACING = builders.a_stop(algo_id=0, is_seen=False)
NAME = PLACING.client_id


def held(stop: StopOrder = PLACING) -> SavedDesk:
    return builders.a_desk(holding=builders.a_holding(), stops=(stop,))


def the_stop(desk: SavedDesk) -> StopOrder:
    stop = cover.find(desk, NAME)
    assert stop is not None
    return stop


def changed(status: StopStatus, detail: str = "") -> StopChanged:
    return StopChanged("ETHUSDT", NAME, 55, status, 0, detail, 1, 3_000)


def test_acknowledged_is_not_seen_and_a_listing_is() -> None:
    desk, asked = stop_news.accepted(held(), PLACING, OrderAccepted("ETHUSDT", NAME, 55, Decimal(0), False, 1, 1_100))
    assert not cover.is_covered(desk, Decimal(1))
    assert asked.errands == (ListStops("ETHUSDT"),)

    resting = StopSeen("ETHUSDT", NAME, 55, Side.SHORT, False, Decimal(1), Decimal(1_970), TriggerBy.LAST, True)
    desk, _ = stop_news.listed(desk, (resting,), 1_200, 1)

    assert cover.is_covered(desk, Decimal(1))


@pytest.mark.parametrize(("code", "refusals"), [(-2019, 3), (stop_news.NO_POSITION_YET[0], 0)])
def test_refusals_are_counted_unless_the_position_is_only_late(code: int, refusals: int) -> None:
    desk, waits = held(), []

    for at in range(3):
        event = OrderRejected("ETHUSDT", NAME, code, "", 1, 1_000 + at)
        desk, outcome = stop_news.rejected(desk, the_stop(desk), event)
        waits.append(the_stop(desk).retry_at_ms - event.seen_ms)
        assert outcome.wake_in_ms == waits[-1]

    assert the_stop(desk).refusals == refusals
    assert waits == list(cover.REFUSED_RETRY_MS[:3])
    assert cover.has_failed(cover.timed(desk, 1_002), 1_100) == (refusals == 3)


@pytest.mark.parametrize("code", [1, 2, 3, 418, 429, 503, -1003, -1008, -1015, -1021, -1022, -2008, -2014, -2015, -2017])
def test_what_says_nothing_of_the_stop_itself_is_no_refusal_of_it(code: int) -> None:
    """No connection, silence that was asked for, an overload, a clock, a key: it is tried again, and what covers stays."""
    desk, outcome = held(), Outcome()
    for at in range(6):
        event = OrderRejected("ETHUSDT", NAME, code, "", 1, 1_000 + at)
        desk, step = stop_news.rejected(desk, the_stop(desk), event)
        outcome += step

    assert the_stop(desk).refusals == 0
    assert not outcome.errands


def test_a_stop_that_is_there_already_is_looked_at_and_not_counted_as_refused() -> None:
    desk, outcome = stop_news.rejected(held(), PLACING, OrderRejected("ETHUSDT", NAME, -4116, "", 1, 1_100))

    assert the_stop(desk).refusals == 0
    assert outcome.errands == (ListStops("ETHUSDT"),)


def test_no_answer_is_looked_into_and_repeated_soon() -> None:
    desk, outcome = stop_news.unanswered(held(), PLACING, OrderUnanswered("ETHUSDT", NAME, "", 1, 1_100))

    assert outcome.errands == (ListStops("ETHUSDT"),)
    assert the_stop(desk).retry_at_ms < PLACING.retry_at_ms


@pytest.mark.parametrize("status", stop_news.FIRED)
def test_a_triggered_stop_is_no_cover_but_is_kept_to_explain_its_fill(status: StopStatus) -> None:
    desk, _ = stop_news.changed(held(builders.a_stop()), changed(status))
    desk, _ = stop_news.changed(desk, replace(changed(StopStatus.FINISHED), child_order_id=77, seen_ms=3_500))

    stop = the_stop(desk)
    assert (stop.fired_ms, stop.child_order_id, stop.is_seen) == (3_000, 77, False)


@pytest.mark.parametrize("status", [StopStatus.CANCELED, StopStatus.EXPIRED])
def test_a_stop_that_somebody_took_away_is_told_and_gone(status: StopStatus) -> None:
    desk, outcome = stop_news.changed(held(builders.a_stop()), changed(status))

    assert cover.find(desk, NAME) is None
    assert isinstance(outcome.notices[0], OutsideChange)


def test_a_stop_that_we_cancelled_goes_without_a_word() -> None:
    desk, outcome = stop_news.changed(held(builders.a_stop(is_cancelling=True)), changed(StopStatus.CANCELED))

    assert cover.find(desk, NAME) is None
    assert not outcome.notices


def test_news_of_a_stop_that_is_not_ours_changes_nothing() -> None:
    desk = builders.a_desk(holding=builders.a_holding())

    assert stop_news.changed(desk, changed(StopStatus.CANCELED))[0] is desk


def test_a_cancel_that_found_nothing_is_asked_about_while_a_position_is_open() -> None:
    cancelling = builders.a_stop(is_cancelling=True)
    event = CancelRefused("ETHUSDT", NAME, False, 1, 3_000)

    open_, asked = stop_news.cancel_refused(held(cancelling), event)
    flat, _ = stop_news.cancel_refused(builders.a_desk(stops=(cancelling,)), event)
    lost, _ = stop_news.cancel_refused(held(cancelling), replace(event, is_unanswered=True))

    assert asked.errands == (FindStop("ETHUSDT", NAME),)
    assert cover.find(open_, NAME) is not None, "it may have triggered"
    assert cover.find(flat, NAME) is None
    assert cover.find(lost, NAME) == cancelling


def test_an_old_listing_takes_nothing_away_from_a_newer_stop() -> None:
    newer = builders.a_stop(Role.TIGHT_STOP, sent_ms=5_000)

    desk, outcome = stop_news.listed(held(newer), (), 4_999, 1)

    assert the_stop(desk).is_seen
    assert not outcome.errands


@pytest.mark.parametrize("role", [Role.TIGHT_STOP, Role.TARGET])
def test_a_place_that_is_taken_is_waited_for_by_the_stop_on_the_whole_position_only(role: Role) -> None:
    desk = held(replace(PLACING, role=role))

    desk, _ = stop_news.rejected(desk, the_stop(desk), OrderRejected("ETHUSDT", NAME, stop_news.PLACE_TAKEN, "", 1, 1_000))

    assert (the_stop(desk).refusals, the_stop(desk).retry_at_ms > 1_000) == (1, True)
    assert not desk.wide_blocked_until_ms


def test_another_stop_under_a_name_used_before_the_memory_was_lost_is_taken_for_what_it_is() -> None:
    """Books that say another trigger than rests there would never move it."""
    resting = StopSeen("ETHUSDT", NAME, 55, Side.SHORT, False, Decimal("0.5"), Decimal(1_985), TriggerBy.LAST, True)

    desk, _ = stop_news.listed(held(), (resting,), 1_200, 1)

    stop = the_stop(desk)
    assert (stop.trigger_price, stop.quantity, stop.is_seen) == (Decimal(1_985), Decimal("0.5"), True)


def test_a_refusal_for_the_grid_is_none_before_the_rules_could_be_read_anew() -> None:
    desk = held()
    for at in range(stop_news.RULES_WITHIN + 2):
        desk, _ = stop_news.rejected(desk, the_stop(desk), OrderRejected("ETHUSDT", NAME, -4014, "tick", 1, 2_000 + at))

    assert the_stop(desk).refusals == 2


def test_with_the_place_taken_no_stop_is_kept_that_the_exchange_never_took() -> None:
    """Found by storm seed 21201262: the first attempt was off a new tick, and stayed in the books for ever."""
    off_grid = builders.a_stop(Role.WIDE_STOP, 1, is_seen=False, algo_id=0, waits=2)
    resting = builders.a_stop(Role.TIGHT_STOP, 2)
    again = builders.a_stop(Role.WIDE_STOP, 3, is_seen=False, algo_id=0)
    desk = builders.a_desk(holding=builders.a_holding(), stops=(off_grid, resting, again))

    desk, _ = stop_news.rejected(desk, again, OrderRejected("ETHUSDT", again.client_id, stop_news.PLACE_TAKEN, "", 1, 1_000))

    assert desk.stops == (resting,)
