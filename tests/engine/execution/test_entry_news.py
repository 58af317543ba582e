"""What an answer says of an entry, and what it leaves open."""

from decimal import Decimal

from engine.execution import entry
from engine.model.events import OrderAccepted
from engine.model.orders import IntentState
from tests import builders

NAME = builders.an_entry().client_id


def test_an_entry_that_was_taken_but_did_not_execute_yet_is_not_over() -> None:
    taken = entry.accepted(builders.an_entry(), OrderAccepted("ETHUSDT", NAME, 11, Decimal(0), False, 1, 2_000))
    over = entry.accepted(builders.an_entry(), OrderAccepted("ETHUSDT", NAME, 11, Decimal(0), True, 1, 2_000))

    assert taken.state is IntentState.ACKED
    assert taken.final is None, "it may still execute"
    assert over.final == 0
