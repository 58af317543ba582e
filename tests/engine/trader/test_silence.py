"""While the exchange does not answer nothing is entered: what is opened could not be seen to be covered."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from engine.model.events import AccountSynced, ErrandFailed, OrderRejected, OrderUnanswered
from engine.model.orders import IntentState, Role
from engine.model.signals import Code
from engine.ports import Event
from engine.trader.silence import Silence
from tests.engine.adapters.saved_values import a_desk, an_entry
from tests.engine.trader.rising import a_world, rising, run, until_open
from tests.engine.trader.world import SYMBOL, World

NAME = "abWabcdefghij234567000"
NOT_SENT, REFUSED = 3, -2019


def failed_read(world: World) -> Event:
    return ErrandFailed("SyncAccount", "", "timed out", world.time, world.now)


def unanswered(world: World) -> Event:
    return OrderUnanswered(SYMBOL, NAME, "timed out", world.time, world.now)


def not_sent(world: World) -> Event:
    return OrderRejected(SYMBOL, NAME, NOT_SENT, "no connection", world.time, world.now)


FAILURES = [failed_read, unanswered, not_sent]


@pytest.mark.parametrize("failure", FAILURES)
def test_after_a_failure_nothing_is_entered_and_the_ruling_says_why(failure: Callable[[World], Event]) -> None:
    world = a_world()
    world.give(failure(world))

    run(world, rising(120))

    assert not world.fills
    judged = world.trader.desks[SYMBOL].rulings
    assert any({refusal.code for refusal in ruling.refusals} == {Code.EXCHANGE_SILENT} for ruling in judged)


@pytest.mark.parametrize("failure", FAILURES)
def test_the_account_is_read_two_seconds_later_and_entries_go_on(failure: Callable[[World], Event]) -> None:
    world = a_world()
    world.give(failure(world))
    world.pass_time(1_000)
    assert world.trader.is_silent

    world.pass_time(1_000)

    assert not world.trader.is_silent
    until_open(world)


@pytest.mark.parametrize("errand", ["SetUpSymbol", "FetchBars", "FetchRules", "FetchFunding"])
def test_what_tells_nothing_of_orders_and_positions_keeps_no_symbol_out(errand: str) -> None:
    world = a_world()

    world.give(ErrandFailed(errand, SYMBOL, "refused", world.time, world.now, -4047))

    assert not world.trader.is_silent


def test_failures_again_and_again_do_not_put_off_the_reading_of_the_account() -> None:
    world = a_world()
    for _ in range(4):
        world.give(unanswered(world))
        world.pass_time(500)

    assert not world.trader.is_silent


def test_a_reading_that_was_asked_for_before_the_failure_proves_nothing() -> None:
    world = a_world()
    before = AccountSynced(world._snapshot().account, world.time, world.now + 500)
    world.now += 200
    world.give(failed_read(world))

    world.give(before)

    assert world.trader.is_silent


def test_what_the_exchange_refuses_by_itself_is_an_answer() -> None:
    world = a_world()

    world.give(OrderRejected(SYMBOL, NAME, REFUSED, "margin is insufficient", world.time, world.now))

    assert not world.trader.is_silent


@pytest.mark.parametrize(("state", "holds"), [(IntentState.UNKNOWN, True), (IntentState.SENT, False), (None, False)])
def test_while_one_entry_is_unanswered_no_other_one_leaves(state: IntentState | None, holds: bool) -> None:
    entry = replace(an_entry(), state=state) if state is not None else None

    assert Silence().holds((a_desk(), replace(a_desk(), entry=entry))) is holds


def test_an_entry_of_which_nothing_is_heard_for_a_minute_holds_its_own_symbol_only() -> None:
    silence, lost = Silence(), replace(a_desk(), entry=replace(an_entry(), state=IntentState.UNKNOWN, signed_ms=5_000))
    silence.read(64_999)
    assert silence.holds((lost,))

    silence.read(65_000)

    assert not silence.holds((lost,))


@pytest.mark.parametrize("code", [-1002, -1011, -4109])
def test_an_account_that_cannot_be_read_keeps_entries_out_whatever_the_exchange_says_of_it(code: int) -> None:
    world = a_world()

    world.give(ErrandFailed("SyncAccount", "", "no", world.time, world.now, code))

    assert world.trader.is_silent


def test_one_symbol_whose_requests_fail_for_ever_keeps_all_others_out_for_a_minute_only() -> None:
    silence = Silence()
    for second in range(0, 60, 2):
        assert silence.failed(second * 1_000, "ETHUSDT")
        silence.read(second * 1_000 + 500)
    assert not silence.holds(())

    assert not silence.failed(60_000, "ETHUSDT")
    assert not silence.holds(())
    assert silence.failed(61_000, "BTCUSDT")
    assert silence.failed(61_000)
    assert silence.holds(())


def test_a_symbol_that_was_answered_for_a_minute_begins_anew() -> None:
    silence = Silence()
    silence.failed(0, "ETHUSDT")

    assert silence.failed(70_000, "ETHUSDT")


@pytest.mark.parametrize(("code", "holds"), [(0, True), (3, True), (502, True), (-1000, True), (-1121, False)])
def test_a_refusal_that_answers_what_was_asked_is_no_silence(code: int, holds: bool) -> None:
    world = a_world()

    world.give(ErrandFailed("FetchFills", SYMBOL, "no", world.time, world.now, code))

    assert world.trader.is_silent is holds


def test_a_position_is_covered_all_the_same() -> None:
    world = a_world()
    until_open(world)
    world.give(failed_read(world))

    world.stops.clear()
    world.pass_time(1_000, is_check=True)
    world.pass_time(500)

    assert {order.role for order in world.stops.values()} >= {Role.TIGHT_STOP, Role.WIDE_STOP}
