"""Why a position was left, read from the order of its last fill."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.execution.ids import client_id
from engine.execution.leaving import Lots, leave
from engine.execution.reasons import exit_reason
from engine.model.orders import ExitReason, Role
from engine.model.saved import Holding, SavedDesk
from tests import builders

MOVED = builders.plan(stop=1_985.0)


def left_by(name: str, order_id: int = 0, **parts: object) -> Holding:
    return replace(builders.a_holding(), exit_client_id=name, exit_order_id=order_id, **parts)  # type: ignore[arg-type]


def named(role: Role, generation: int = 1) -> str:
    return client_id(role, builders.INTENT, generation)


@pytest.mark.parametrize(
    ("holding", "reason"),
    [
        (left_by("autoclose-1700000000000"), ExitReason.LIQUIDATED),
        (left_by("adl_autoclose"), ExitReason.ADL),
        (left_by("settlement_autoclose-1"), ExitReason.CLOSED_ELSEWHERE),
        (left_by(named(Role.TIGHT_STOP)), ExitReason.STOP_LOSS),
        (left_by(named(Role.TIGHT_STOP), plan=MOVED), ExitReason.TRAILING_STOP),
        (left_by(named(Role.WIDE_STOP), plan=MOVED), ExitReason.STOP_LOSS),
        (left_by(named(Role.TARGET)), ExitReason.TAKE_PROFIT),
        (left_by(named(Role.EXIT)), ExitReason.MANUAL),
        (left_by("web_q1w2e3"), None),
        (left_by(""), None),
    ],
)
def test_the_name_of_the_last_order_says_why(holding: Holding, reason: ExitReason | None) -> None:
    assert exit_reason(builders.a_desk(holding=holding), holding) is reason


def test_the_order_that_a_stop_became_counts_as_the_stop() -> None:
    holding = left_by("x-of-the-exchange", order_id=77)
    stops = (builders.a_stop(), builders.a_stop(Role.TARGET, 2, child_order_id=77))

    assert exit_reason(builders.a_desk(holding=holding, stops=stops), holding) is ExitReason.TAKE_PROFIT


def test_an_exit_of_ours_gives_its_own_reason() -> None:
    desk: SavedDesk = builders.a_desk(holding=builders.a_holding())
    assert desk.holding is not None
    lots = Lots(Decimal("0.001"), desk.holding.quantity)
    desk, outcome = leave(desk, ExitReason.PANIC, desk.holding.quantity, "7", lots, 1_000)

    holding = left_by(outcome.orders[0].client_id)

    assert exit_reason(desk, holding) is ExitReason.PANIC
