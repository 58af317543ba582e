"""Whose stop a cancel takes away: that of the position which is held, or what an older one left behind."""

import random
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.execution.ids import client_id
from engine.model.orders import Role
from sandbox.exchange.ledger import Fill
from tests.storm.catalogue import FAULTS
from tests.storm.stop_moves import STOPS, UNTOLD_S, StopMoves, is_of_newest_entry

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


class OneStop(SimpleNamespace):
    """A world with one position, of which a stop ends."""

    def __init__(self) -> None:
        ends = self.ends
        venue = SimpleNamespace(lots=lambda symbol: int(symbol == "ETHUSDT"), cancel_stop=ends, refuse_at_trigger=ends)
        super().__init__(now_s=100.0, venue=venue, was_touched=lambda _: False)
        self.loop = SimpleNamespace(time=lambda: self.now_s)
        self.stop_moves = StopMoves(cast(Any, self))

    @staticmethod
    def ends(*_: object) -> bool:
        return True


@pytest.mark.parametrize("fault", ["B7", "B9"])
def test_a_cancel_is_not_blamed_for_a_stop_that_ended_by_itself_a_moment_before(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = OneStop()
    monkeypatch.setattr(StopMoves, "_is_covered", lambda *_: True)  # by what the cancel takes away

    act = FAULTS[fault].act
    assert act is not None
    assert world.stop_moves.before("DELETE", STOPS) == {"ETHUSDT"}
    assert act(cast(Any, world), random.Random(1))

    assert world.stop_moves.before("DELETE", STOPS) == frozenset()
    world.now_s += UNTOLD_S
    assert world.stop_moves.before("DELETE", STOPS) == {"ETHUSDT"}
