"""Whose stop a cancel takes away: that of the position which is held, or what an older one left behind."""

from decimal import Decimal

from engine.execution.ids import client_id
from engine.model.orders import Role
from sandbox.exchange.ledger import Fill
from tests.storm.stop_moves import is_of_newest_entry

OLD, NEW = "abcdefghijklmnop", "ponmlkjihgfedcba"


def a_fill(role: Role, intent: str, symbol: str = "ETHUSDT") -> Fill:
    part, name = Decimal(1), client_id(role, intent, 2)
    return Fill(1, 1, name, symbol, 1, part, part, Decimal(0), Decimal(0), is_maker=False, after_id=1, time_ms=1, wire_ms=1)


def test_a_stop_is_of_the_position_that_was_entered_last() -> None:
    fills = [a_fill(Role.ENTRY, OLD), a_fill(Role.TIGHT_STOP, OLD), a_fill(Role.ENTRY, NEW)]

    assert is_of_newest_entry(client_id(Role.WIDE_STOP, NEW, 1), "ETHUSDT", fills)
    assert not is_of_newest_entry(client_id(Role.WIDE_STOP, OLD, 1), "ETHUSDT", fills)


def test_what_nobody_entered_or_named_may_be_anybodys() -> None:
    assert is_of_newest_entry(client_id(Role.WIDE_STOP, OLD, 1), "ETHUSDT", [a_fill(Role.ENTRY, NEW, "BTCUSDT")])
    assert is_of_newest_entry("somebody-else", "ETHUSDT", [a_fill(Role.ENTRY, NEW)])
