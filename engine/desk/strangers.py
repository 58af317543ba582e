"""Orders of others on a symbol, and reductions that nobody here made. Looked at, told, and never touched (I12)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from engine.execution import cover
from engine.execution.ids import read
from engine.model.account import AccountSnapshot
from engine.model.events import OrderAccepted, OrderGone, StopChanged
from engine.model.messages import NOTHING, Outcome
from engine.model.notices import OutsideChange
from engine.model.orders import Fill, StopStatus
from engine.model.saved import SavedDesk

SURELY_MS: Final = 2_000  # so long a stop of ours may take to say that a fill was its own
LIQUIDATION: Final = "autoclose-"
ADL: Final = "adl_autoclose"
SETTLEMENT: Final = "settlement_autoclose-"
RESTING: Final = (StopStatus.NEW,)


class ForeignOrders:
    """The names of orders that rest on a symbol and are not ours. News that is younger than a listing wins over it.

    A conditional order that can only reduce is no reason to hold entries back; news does not say so, a listing does.
    """

    def __init__(self) -> None:
        self._seen_ms: dict[str, int] = {}
        self._gone_ms: dict[str, int] = {}

    def __bool__(self) -> bool:
        return bool(self._seen_ms)

    def listed(self, account: AccountSnapshot, symbol: str) -> None:
        """Take over what a snapshot lists of the symbol."""
        resting = [(row.symbol, row.client_id) for row in account.orders]
        resting += [(row.symbol, row.client_id) for row in account.stops if not row.reduce_only]
        names = {name for of, name in resting if of == symbol and read(name) is None}
        younger = {name: at for name, at in self._seen_ms.items() if at > account.asked_ms}
        self._gone_ms = {name: at for name, at in self._gone_ms.items() if at > account.asked_ms}
        self._seen_ms = {name: account.asked_ms for name in names if name not in self._gone_ms} | younger

    def heard(self, event: OrderAccepted | OrderGone | StopChanged) -> None:
        """One came, or went."""
        if read(event.client_id) is not None:
            return
        rests = event.status in RESTING if isinstance(event, StopChanged) else isinstance(event, OrderAccepted)
        if rests and not (isinstance(event, OrderAccepted) and event.is_final):
            self._seen_ms[event.client_id] = event.seen_ms
            self._gone_ms.pop(event.client_id, None)
        else:
            self._seen_ms.pop(event.client_id, None)
            self._gone_ms[event.client_id] = event.seen_ms


@dataclass(frozen=True, slots=True)
class Reduction:
    """A part of a position that was closed under a name that is not ours: by a stop's order, or by somebody else."""

    intent_id: str
    order_id: int
    client_id: str
    quantity: Decimal
    seen_ms: int

    @property
    def what(self) -> str:
        """Its code for `ui`."""
        forced = {LIQUIDATION: "liquidation", ADL: "adl", SETTLEMENT: "settlement"}
        return next((what for prefix, what in forced.items() if self.client_id.startswith(prefix)), "position_reduced")


def reduced(
    known: tuple[Reduction, ...], before: SavedDesk, after: SavedDesk, fill: Fill, seen_ms: int
) -> tuple[Reduction, ...]:
    """Note a fill that reduced what is held and left something, where its name is not ours."""
    holding, held = after.holding, before.holding
    if holding is None or held is None or holding.quantity >= held.quantity or not holding.quantity:
        return known
    if read(fill.client_id) is not None or holding.trade.intent_id != held.trade.intent_id:
        return known
    same = next((one for one in known if one.order_id == fill.order_id), None)
    if same is not None:
        return tuple(replace(one, quantity=one.quantity + fill.quantity) if one is same else one for one in known)
    return (*known, Reduction(held.trade.intent_id, fill.order_id, fill.client_id, fill.quantity, seen_ms))


def told(known: tuple[Reduction, ...], desk: SavedDesk, time_ms: int, now_ms: int) -> tuple[tuple[Reduction, ...], Outcome]:
    """Tell of reductions that no stop of ours has claimed in time; a position that is flat tells its own end."""
    due = [one for one in known if now_ms - one.seen_ms >= SURELY_MS]
    if not due:
        return known, Outcome(wake_in_ms=SURELY_MS) if known else NOTHING
    left = tuple(one for one in known if one not in due)
    outcome = NOTHING
    for one in _of_others(due, desk):
        outcome += Outcome(notices=(OutsideChange(desk.symbol, one.what, str(one.quantity), time_ms),))
    return left, outcome


def _of_others(due: Iterable[Reduction], desk: SavedDesk) -> list[Reduction]:
    holding = desk.holding
    if holding is None:
        return []
    children = {stop.child_order_id for stop in cover.own_stops(desk) if stop.child_order_id}
    return [one for one in due if one.intent_id == holding.trade.intent_id and one.order_id not in children]
