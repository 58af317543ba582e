"""The Trader: all desks, the account and the owner's wishes. `handle(event) -> Outcome` is the only decision in the house."""

from engine.trader.setup import TraderSetup
from engine.trader.trader import Trader

__all__ = ["Trader", "TraderSetup"]
