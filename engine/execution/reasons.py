"""Why a position was left, from the order whose fill ended it.

A fill names its order; the order is an exit of ours, a stop or target of ours (or what one became when it triggered),
a forced close of the exchange, or somebody else's.
"""

from typing import Final

from engine.execution.ids import read
from engine.model.orders import ExitReason, Role
from engine.model.saved import Holding, SavedDesk, StopOrder

LOOKUP_MS: Final = 5_000  # so long a fill's order may stay unexplained before it is put down to somebody else
FORCED: Final = (
    ("autoclose-", ExitReason.LIQUIDATED),
    ("adl_autoclose", ExitReason.ADL),
    ("settlement_autoclose-", ExitReason.CLOSED_ELSEWHERE),
)


def exit_reason(desk: SavedDesk, holding: Holding) -> ExitReason | None:
    """The reason, or None where it is not known yet."""
    name = holding.exit_client_id
    for prefix, reason in FORCED:
        if name.startswith(prefix):
            return reason
    stop = next((stop for stop in desk.stops if _is_of(stop, holding)), None)
    if stop is not None:
        return stop_reason(holding, stop.role)
    ours = read(name)
    if ours is None:
        return None
    if ours.role is Role.EXIT:
        return desk.exit.reason if desk.exit is not None else ExitReason.MANUAL
    return stop_reason(holding, ours.role)


def _is_of(stop: StopOrder, holding: Holding) -> bool:
    return stop.client_id == holding.exit_client_id or (
        stop.child_order_id != 0 and stop.child_order_id == holding.exit_order_id
    )


def stop_reason(holding: Holding, role: Role) -> ExitReason:
    """What a triggered stop or target is called: a stop that has left its first place was trailing."""
    if role is Role.TARGET:
        return ExitReason.TAKE_PROFIT
    moved = float(holding.trade.first_stop) != holding.plan.stop
    return ExitReason.TRAILING_STOP if moved and role is Role.TIGHT_STOP else ExitReason.STOP_LOSS
