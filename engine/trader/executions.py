"""What executed, heard or listed: booked by its desk, and what follows from it for the account."""

from __future__ import annotations

from dataclasses import replace
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
    """What it won explains the wallet. A liquidation blocks entries with its first part, however that was learnt of: by a
    list that reaches back beyond this memory, or that told nobody's name before.
    """
    fills = event.fills if isinstance(event, FillsListed) else (event.fill,)
    if isinstance(event, FillsListed):
        outcome = desk.fills_listed(event, trader.next_number())
    else:
        trader.books.won(event.fill.realised)
        outcome = desk.filled(event, trader.next_number())
    is_heard = isinstance(event, OrderFilled)
    forced = [
        fill.time_ms for fill in fills if fill.client_id.startswith(LIQUIDATION) and (is_heard or is_booked(desk.memory, fill))
    ]
    newest_ms = max(forced, default=0)
    if newest_ms <= desk.memory.forced_ms:
        return outcome
    desk.memory = replace(desk.memory, forced_ms=newest_ms)
    return trader.books.latched(LatchCause.LIQUIDATION, 0.0, 0.0, event.time_ms) + outcome
