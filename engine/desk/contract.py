"""The contract itself: how the exchange holds it for us, and whether it goes on being traded.

What somebody else changed is told once, and mended only while nothing is held: never with a position open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from engine.desk import care
from engine.desk.moment import is_ending
from engine.execution.orders import OFF_GRID
from engine.model.account import SymbolSetup
from engine.model.events import OrderRejected
from engine.model.messages import NOTHING, FetchRules, Outcome, SetUpSymbol
from engine.model.notices import OutsideChange
from engine.model.orders import ExitReason

if TYPE_CHECKING:
    from engine.desk.desk import Desk

RULES_AGAIN_MS: Final = 2_000


def setup_seen(desk: Desk, setup: SymbolSetup, time_ms: int) -> Outcome:
    """How the exchange holds the symbol now."""
    was_legal, desk.setup = desk.is_set_up, setup
    desk.is_retuned = desk.is_retuned and setup.leverage != int(desk.terms.params.leverage)
    if not was_legal or desk.is_set_up:
        return NOTHING
    told = OutsideChange(desk.terms.symbol, "setup_changed", str(setup.leverage), time_ms)
    return Outcome(notices=(told,)) + set_up(desk)


def set_up(desk: Desk) -> Outcome:
    """Have the symbol set up as it is wanted, while nothing is held, nothing on its way, and the exchange says so, too.

    A lower leverage than the setting is left as it is, unless the setting has changed since.
    """
    seen = desk.seen_position
    is_flat = desk.memory.holding is None and desk.memory.entry is None and not (seen is not None and seen.quantity)
    if (desk.is_set_up and not desk.is_retuned) or not is_flat:
        return NOTHING
    return Outcome(errands=(SetUpSymbol(desk.terms.symbol, int(desk.terms.params.leverage)),))


def doubted(desk: Desk, event: OrderRejected) -> Outcome:
    """An order does not fit the grid that the exchange has now: its rules changed, and are read at once (not ever again)."""
    if event.code not in OFF_GRID or event.seen_ms - desk.rules_asked_ms < RULES_AGAIN_MS:
        return NOTHING
    desk.rules_asked_ms = event.seen_ms
    return Outcome(errands=(FetchRules(desk.terms.symbol),))


def ended(desk: Desk, time_ms: int, now_ms: int) -> Outcome:
    """A contract that ends within a day, or is being settled: told once, and ours is closed while that is possible."""
    was_ending, desk.is_ending = desk.is_ending, is_ending(desk.terms.rules, time_ms)
    if not desk.is_ending:
        return NOTHING
    outcome = NOTHING
    if not was_ending:
        outcome = Outcome(notices=(OutsideChange(desk.terms.symbol, "contract_ending", "", time_ms),))
    holding = desk.memory.holding
    if holding is None or care.is_guarded_only(desk.memory):
        return outcome
    return outcome + desk.leave(ExitReason.DELISTED, holding.quantity, "engine", now_ms)
