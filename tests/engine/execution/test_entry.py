"""An entry is sent once; silence is not absence, and absence needs all of its proofs."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.execution import entry
from engine.execution.entry import DENIALS_NEEDED, LEASE_GRACE_MS
from engine.model.events import OrderAccepted, OrderGone, OrderNotFound, OrderRejected, OrderSigned, OrderUnanswered
from engine.model.messages import FetchFills, FindOrder, SyncAccount
from engine.model.notices import EntryFailed, EntryProvedAbsent, EntryUnknown
from engine.model.orders import IntentState
from engine.model.saved import EntryIntent, SavedDesk
from tests import builders

NAME = builders.an_entry().client_id
ONE = Decimal(1)
AFTER_LEASE = builders.an_entry().deadline_ms + LEASE_GRACE_MS + 1
LOOKS = (FindOrder, FetchFills, SyncAccount)


def asked_of(ours: EntryIntent) -> SavedDesk:
    """A desk that has traded before, so that executions since then can be asked for."""
    return builders.a_desk(entry=ours, last_fill_ms=builders.START_MS)


def entry_of(desk: SavedDesk) -> EntryIntent:
    assert desk.entry is not None
    return desk.entry


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


def test_absence_is_proved_by_two_denials_and_an_unchanged_position_all_after_the_lease() -> None:
    desk = denied(denied(unanswered(), AFTER_LEASE), AFTER_LEASE + 2_000)

    desk, outcome = entry.unchanged(desk, entry_of(desk), AFTER_LEASE + 3_000, 9)

    assert desk.entry is None
    assert isinstance(outcome.notices[0], EntryProvedAbsent)


@pytest.mark.parametrize("missing", ["denial", "lease of the denials", "lease of the look", "executed", "answered"])
def test_with_one_proof_missing_the_size_stays_reserved(missing: str) -> None:
    desk = unanswered()
    for at in range(DENIALS_NEEDED - (missing == "denial")):
        desk = denied(desk, (2_500 if missing == "lease of the denials" else AFTER_LEASE) + at)
    if missing == "executed":
        desk = replace(desk, entry=replace(entry_of(desk), executed=Decimal("0.1")))
    if missing == "answered":
        desk = replace(desk, entry=replace(entry_of(desk), state=IntentState.ACKED))

    looked_ms = AFTER_LEASE - 1 if missing == "lease of the look" else AFTER_LEASE + 9_000
    after, outcome = entry.unchanged(desk, entry_of(desk), looked_ms, 9)

    assert after == desk
    assert not outcome.notices


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

    _, early = entry.ticked(desk, ours, 2_999)
    _, late = entry.ticked(desk, ours, 3_000)

    assert not early.errands
    assert any(isinstance(look, FetchFills) and 0 < look.since_ms <= builders.START_MS for look in late.errands)


def test_an_entry_is_filled_when_all_that_it_executed_is_booked() -> None:
    ours = entry.gone(builders.an_entry(), OrderGone("ETHUSDT", NAME, 11, "EXPIRED", Decimal("0.7"), 1, 2_000))

    half = entry.booked(ours, Decimal("0.4"))
    whole = entry.booked(half, Decimal("0.3"))

    assert [entry.is_filled(step) for step in (ours, half, whole)] == [False, False, True]
    assert not entry.is_filled(replace(ours, final=Decimal(0)))


def test_a_fill_answers_what_nobody_answered() -> None:
    assert entry.booked(entry_of(unanswered()), ONE).state is IntentState.ACKED


def test_a_refusal_by_the_exchange_ends_the_entry_and_says_why() -> None:
    ours = builders.an_entry()

    event = OrderRejected("ETHUSDT", NAME, -2019, "Margin is insufficient.", 1, 2_000)
    desk, outcome = entry.rejected(asked_of(ours), ours, event)

    assert desk.entry is None
    assert isinstance(outcome.notices[0], EntryFailed)
    assert outcome.notices[0].code == -2019
