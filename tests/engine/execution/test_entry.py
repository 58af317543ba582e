"""An entry is sent once; silence is not absence, and absence needs all of its proofs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.execution import absence, entry
from engine.execution.absence import APART_MS, DENIALS_NEEDED, LAG_MS, LEASE_GRACE_MS
from engine.model.events import (
    OrderAccepted,
    OrderGone,
    OrderNotFound,
    OrderRejected,
    OrderSigned,
    OrdersListed,
    OrderUnanswered,
)
from engine.model.market import DAY_MS
from engine.model.messages import FetchFills, FindOrder, ListOrders, Outcome, SyncAccount
from engine.model.notices import EntryFailed, EntryProvedAbsent, EntryUnknown
from engine.model.orders import Fill, IntentState
from engine.model.saved import EntryIntent, SavedDesk
from tests import builders

NAME = builders.an_entry().client_id
ONE = Decimal(1)
AFTER_LEASE = builders.an_entry().deadline_ms + LEASE_GRACE_MS + 1
AFTER_LAG = builders.an_entry().deadline_ms + LAG_MS + 1
TAKEN = OrderAccepted("ETHUSDT", NAME, 11, Decimal(0), False, 1, 2_000)
LOOKS = (FindOrder, FetchFills, ListOrders, SyncAccount)


def asked_of(ours: EntryIntent) -> SavedDesk:
    """A desk that has traded before, so that executions since then can be asked for."""
    return builders.a_desk(entry=ours, last_fill_ms=builders.START_MS)


def entry_of(desk: SavedDesk) -> EntryIntent:
    assert desk.entry is not None
    return desk.entry


def a_part(quantity: Decimal) -> Fill:
    return builders.a_fill(client_id=NAME, quantity=quantity)


def unanswered() -> SavedDesk:
    ours = builders.an_entry()
    desk, _ = entry.unanswered(asked_of(ours), ours, OrderUnanswered("ETHUSDT", NAME, "time-out", 1, 2_000))
    return desk


def denied(desk: SavedDesk, seen_ms: int) -> SavedDesk:
    desk, _ = entry.not_found(desk, entry_of(desk), OrderNotFound("ETHUSDT", NAME, 1, seen_ms))
    return desk


def test_a_signed_entry_may_exist_from_then_on() -> None:
    planned = builders.an_entry(IntentState.PLANNED, signed_ms=0, deadline_ms=0)

    signed = entry.signed(planned, OrderSigned(NAME, 1_000, 6_000, 1, 1_001))

    assert (signed.state, signed.signed_ms, signed.deadline_ms) == (IntentState.SENT, 1_000, 6_000)


def test_no_answer_tells_the_owner_and_looks_for_it_everywhere() -> None:
    ours = builders.an_entry()

    desk, outcome = entry.unanswered(asked_of(ours), ours, OrderUnanswered("ETHUSDT", NAME, "", 1, 2_000))

    assert entry_of(desk).state is IntentState.UNKNOWN
    assert [type(errand) for errand in outcome.errands] == list(LOOKS)
    assert not outcome.orders, "it is never sent again"
    assert isinstance(outcome.notices[0], EntryUnknown)


def listed(desk: SavedDesk, asked_ms: int, *names: str) -> tuple[SavedDesk, Outcome]:
    event = OrdersListed("ETHUSDT", frozenset(names), asked_ms, 1, asked_ms)
    return entry.listed(desk, entry_of(desk), event)


def looked_at(desk: SavedDesk, asked_ms: int) -> tuple[SavedDesk, Outcome]:
    return entry.unchanged(desk, entry_of(desk), asked_ms, asked_ms, 9)


def nearly_proved(*but: str) -> SavedDesk:
    """An unanswered entry that everything speaks against but one last look, and what is named."""
    desk = unanswered()
    for at in range(DENIALS_NEEDED - ("denial" in but)):
        apart = 1_900 if "denials apart" in but else APART_MS
        desk = denied(desk, (2_500 if "lease of the denials" in but else AFTER_LEASE) + at * apart)
    if "list" not in but:
        desk, _ = listed(desk, AFTER_LEASE - ("lease of the list" in but))
    if "executions" not in but:
        desk = entry.fills_listed(desk, AFTER_LEASE - ("lease of the executions" in but))
    if "first look" not in but:
        desk, _ = looked_at(desk, AFTER_LAG)
    if "executed" in but:
        desk = replace(desk, entry=replace(entry_of(desk), executed=Decimal("0.1")))
    if "answered" in but:
        desk = replace(desk, entry=entry.accepted(entry_of(desk), TAKEN))
    return desk


def test_absence_is_proved_by_denials_a_list_executions_and_two_looks_at_the_position_all_after_the_lease() -> None:
    desk, outcome = looked_at(nearly_proved(), AFTER_LAG + APART_MS)

    assert desk.entry is None
    assert isinstance(outcome.notices[0], EntryProvedAbsent)
    assert [ours.client_id for ours in desk.absent] == [NAME], "it is remembered, should it come after all"


def test_the_last_piece_of_the_proof_may_be_any_of_them() -> None:
    by_denial, by_list = nearly_proved("denial"), nearly_proved("list")
    by_denial, _ = looked_at(by_denial, AFTER_LAG + APART_MS)
    by_list, _ = looked_at(by_list, AFTER_LAG + APART_MS)
    assert by_denial.entry is not None
    assert by_list.entry is not None

    assert denied(by_denial, AFTER_LAG + APART_MS).entry is None
    assert listed(by_list, AFTER_LAG + APART_MS)[0].entry is None


@pytest.mark.parametrize(
    "missing",
    [
        "denial",
        "lease of the denials",
        "denials apart",
        "list",
        "lease of the list",
        "executions",
        "lease of the executions",
        "first look",
        "executed",
        "answered",
    ],
)
def test_with_one_proof_missing_the_size_stays_reserved(missing: str) -> None:
    desk, outcome = looked_at(nearly_proved(missing), AFTER_LAG + APART_MS)

    assert desk.entry is not None
    assert not outcome.notices


def test_an_entry_that_was_answered_for_and_is_denied_ever_after_has_ended_without_a_fill() -> None:
    """The exchange took it, and no message of its end arrived: without that proof the symbol stays closed for ever."""
    ours = entry.accepted(builders.an_entry(), TAKEN)
    desk, asked = entry.ticked(asked_of(ours), ours, AFTER_LEASE)
    assert any(isinstance(errand, ListOrders) for errand in asked.errands)
    for at in range(DENIALS_NEEDED):
        desk = denied(desk, AFTER_LEASE + at * APART_MS)
    desk, _ = listed(desk, AFTER_LEASE)
    desk, _ = looked_at(entry.fills_listed(desk, AFTER_LEASE), AFTER_LAG)
    assert desk.entry is not None

    desk, outcome = looked_at(desk, AFTER_LAG + APART_MS)

    assert desk.entry is None
    assert isinstance(outcome.notices[0], EntryFailed)
    assert absence.find(desk, NAME) is not None, "it is remembered, should it come after all"


def test_looks_at_the_position_that_are_near_to_each_other_or_may_lag_count_once_or_not_at_all() -> None:
    desk = nearly_proved("first look")
    for asked_ms in (AFTER_LEASE, AFTER_LAG - 1, AFTER_LAG, AFTER_LAG + APART_MS - 1):
        desk, _ = looked_at(desk, asked_ms)
    assert desk.entry is not None

    assert looked_at(desk, AFTER_LAG + APART_MS)[0].entry is None


def test_an_entry_that_is_in_the_list_of_orders_is_asked_for_and_begins_the_proof_anew() -> None:
    desk, outcome = listed(nearly_proved("list"), AFTER_LAG, NAME)

    assert outcome.errands == (FindOrder("ETHUSDT", NAME),)
    assert looked_at(desk, AFTER_LAG + APART_MS)[0].entry is not None
    assert entry_of(desk).not_found == 0


def test_an_entry_that_was_given_up_is_remembered_for_a_week() -> None:
    first, _ = looked_at(nearly_proved(), AFTER_LAG + APART_MS)
    other = replace(builders.an_entry(), client_id="abEother")

    soon = absence.remembered(first, other, AFTER_LAG + 6 * DAY_MS)
    late = absence.remembered(first, other, AFTER_LAG + 8 * DAY_MS)

    assert absence.find(soon, NAME) is not None
    assert absence.find(late, NAME) is None


def test_silence_about_an_entry_whose_fill_was_heard_of_is_no_doubt() -> None:
    ours = entry.booked(builders.an_entry(), a_part(ONE))

    desk, outcome = entry.unanswered(asked_of(ours), ours, OrderUnanswered("ETHUSDT", NAME, "time-out", 1, 2_000))

    assert entry_of(desk).state is IntentState.ACKED
    assert not outcome.notices
    assert outcome.errands


def test_a_sent_entry_whose_lease_is_over_is_looked_for_without_being_told_to() -> None:
    desk, _ = entry.ticked(asked_of(builders.an_entry()), builders.an_entry(), 6_000 + LEASE_GRACE_MS)
    assert entry_of(desk).state is IntentState.SENT

    desk, outcome = entry.ticked(desk, entry_of(desk), AFTER_LEASE)

    assert entry_of(desk).state is IntentState.UNKNOWN
    assert [type(errand) for errand in outcome.errands] == list(LOOKS)


def test_an_unknown_entry_is_asked_for_again_and_again_but_not_at_every_tick() -> None:
    asked, now = 0, 2_000
    desk = unanswered()

    for now in range(2_000, 12_001, 500):
        desk, outcome = entry.ticked(desk, entry_of(desk), now)
        asked += bool(outcome.errands)

    assert asked == (now - 2_000) // entry.ASK_AGAIN_MS


def test_fills_that_are_late_after_an_answer_are_fetched() -> None:
    ours = entry.accepted(builders.an_entry(), OrderAccepted("ETHUSDT", NAME, 11, ONE, True, 1, 2_000))
    desk = asked_of(ours)

    _, early = entry.ticked(desk, ours, 2_299)
    asked, late = entry.ticked(desk, ours, 2_300)
    _, soon = entry.ticked(asked, entry_of(asked), 3_299)
    _, again = entry.ticked(asked, entry_of(asked), 3_300)

    assert not early.errands + soon.errands
    assert again.errands
    assert any(isinstance(look, FetchFills) and 0 < look.since_ms <= builders.START_MS for look in late.errands)


def test_an_entry_is_filled_when_all_that_it_executed_is_booked() -> None:
    ours = entry.gone(builders.an_entry(), OrderGone("ETHUSDT", NAME, 11, "EXPIRED", Decimal("0.7"), 1, 2_000))

    half = entry.booked(ours, a_part(Decimal("0.4")))
    whole = entry.booked(half, a_part(Decimal("0.3")))

    assert [entry.is_filled(step) for step in (ours, half, whole)] == [False, False, True]
    assert not entry.is_filled(replace(ours, final=Decimal(0)))


def test_a_fill_answers_what_nobody_answered() -> None:
    assert entry.booked(entry_of(unanswered()), a_part(ONE)).state is IntentState.ACKED


def test_a_refusal_by_the_exchange_ends_the_entry_and_says_why() -> None:
    ours = builders.an_entry()

    event = OrderRejected("ETHUSDT", NAME, -2019, "Margin is insufficient.", 1, 2_000)
    desk, outcome = entry.rejected(asked_of(ours), ours, event)

    assert desk.entry is None
    assert isinstance(outcome.notices[0], EntryFailed)
    assert outcome.notices[0].code == -2019
