"""An approved entry: whole lots in `Decimal`, at market, and never reduce-only."""

from decimal import Decimal

import pytest

from engine.model.orders import Role
from engine.model.signals import Side
from engine.risk.entry_order import entry_order
from tests import builders


def test_lots_become_the_exact_decimal_quantity() -> None:
    order = entry_order(client_id="abEx", intent_id="x", side=Side.SHORT, lots=3_333, rules=builders.rules())

    assert (order.quantity, order.side, order.role) == (Decimal("3.333"), Side.SHORT, Role.ENTRY)
    assert (order.trigger_price, order.trigger_by, order.reduce_only) == (None, None, False)


def test_an_entry_of_nothing_is_a_bug() -> None:
    with pytest.raises(AssertionError):
        entry_order(client_id="abEx", intent_id="x", side=Side.LONG, lots=0, rules=builders.rules())
