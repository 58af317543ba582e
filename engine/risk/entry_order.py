"""The one place where an entry becomes an approved order: whole lots turn into `Decimal` here."""

from engine.model.market import SymbolRules
from engine.model.orders import ApprovedOrder, Role
from engine.model.signals import Side


def entry_order(*, client_id: str, intent_id: str, side: Side, lots: int, rules: SymbolRules) -> ApprovedOrder:
    """Approve a market entry of some lots."""
    assert lots > 0, "an entry of nothing is refused, not approved"
    return ApprovedOrder(
        client_id=client_id,
        intent_id=intent_id,
        symbol=rules.symbol,
        role=Role.ENTRY,
        side=side,
        quantity=lots * rules.step_size,
        trigger_price=None,
        trigger_by=None,
        reduce_only=False,
    )
