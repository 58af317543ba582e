"""What executed, heard or listed: booked by its desk, and what follows from it for the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.desk.strangers import LIQUIDATION
from engine.model.events import FillsListed, OrderFilled
from engine.model.notices import LatchCause
from engine.state.ledger import is_booked

if TYPE_CHECKING:
    from engine.desk.desk import Desk
    from engine.model.messages import Outcome
    from engine.trader.trader import Trader


def executed(trader: Trader, desk: Desk, event: OrderFilled | FillsListed) -> Outcome:
    """What it won explains the wallet. A liquidation blocks entries with its first part, however that was learnt of."""
    before, number = desk.memory, trader.next_number()
    fills = event.fills if isinstance(event, FillsListed) else (event.fill,)
    forced = [fill for fill in fills if fill.client_id.startswith(LIQUIDATION) and not is_booked(before, fill)]
    if isinstance(event, FillsListed):
        outcome = desk.fills_listed(event, number)
        forced = [fill for fill in forced if is_booked(desk.memory, fill)]  # a list reaches back beyond this memory
    else:
        trader.books.won(event.fill.realised)
        outcome = desk.filled(event, number)
    if not forced:
        return outcome
    return trader.books.latched(LatchCause.LIQUIDATION, 0.0, 0.0, event.time_ms) + outcome
