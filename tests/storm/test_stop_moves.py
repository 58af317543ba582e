"""The one gap in a moved stop that is excused: two stops cross, because a lost memory's place has to be cleared first."""

from decimal import Decimal

from engine.execution.ids import client_id
from engine.model.orders import Role
from sandbox.exchange.ledger import Fill
from tests.storm.stop_moves import CROSSED_MS, made_way

OLD, NEW = "abcdefghijklmnop", "ponmlkjihgfedcba"
LEFT = client_id(Role.WIDE_STOP, OLD, 1)
NOW_MS = 10_000


def a_fill(role: Role, intent: str, wire_ms: int = NOW_MS - 20, symbol: str = "ETHUSDT") -> Fill:
    part, name = Decimal(1), client_id(role, intent, 2)
    return Fill(
        1, 1, name, symbol, 1, part, part, Decimal(0), Decimal(0), is_maker=False, after_id=1, time_ms=1, wire_ms=wire_ms
    )


def test_the_wide_stop_of_a_lost_memory_made_way_while_the_new_tight_one_executed() -> None:
    assert made_way(LEFT, "ETHUSDT", [a_fill(Role.TIGHT_STOP, NEW)], NOW_MS)


def test_nothing_else_is_excused() -> None:
    crossed = a_fill(Role.TIGHT_STOP, NEW)

    assert not made_way(LEFT, "ETHUSDT", [], NOW_MS)
    assert not made_way(LEFT, "BTCUSDT", [crossed], NOW_MS)
    assert not made_way(client_id(Role.WIDE_STOP, NEW, 1), "ETHUSDT", [crossed], NOW_MS), "its own wide stop is never moved"
    assert not made_way(client_id(Role.TIGHT_STOP, OLD, 1), "ETHUSDT", [crossed], NOW_MS), "another place could be taken first"
    assert not made_way(LEFT, "ETHUSDT", [a_fill(Role.TIGHT_STOP, NEW, NOW_MS - CROSSED_MS - 1)], NOW_MS), "it was told by then"
    assert not made_way(LEFT, "ETHUSDT", [a_fill(Role.TARGET, NEW)], NOW_MS)
    assert not made_way("somebody-else", "ETHUSDT", [crossed], NOW_MS)
