"""Somebody else at the exchange of a small world: positions and orders by hand, and what the exchange does by force."""

from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Final

from engine.model.account import OrderSeen, SymbolSetup
from engine.model.events import AccountSynced, OrderAccepted, OrderGone, SetupSeen
from engine.model.notices import OutsideQuestion
from engine.model.signals import Side
from tests.engine.trader.world import SYMBOL, World

_numbers: Final = count(900_000)


class OpenWorld(World):
    """A world whose snapshots show other people's orders and what is said about the account."""

    def __post_init__(self) -> None:
        self.foreign: list[OrderSeen] = []
        self.account_parts: dict[str, object] = {}
        super().__post_init__()

    def _snapshot(self) -> AccountSynced:
        event = super()._snapshot()
        account = replace(event.account, orders=tuple(self.foreign), **self.account_parts)  # type: ignore[arg-type]
        return replace(event, account=account)

    def by_hand(self, side: Side, quantity: str, name: str = "web_1", parts: int = 1) -> None:
        """Somebody trades at market."""
        order_id = next(_numbers)
        for _ in range(parts):
            self._fill(SYMBOL, side, Decimal(quantity) / parts, name, order_id)
        self._run()

    def rest(self, name: str = "web_limit") -> None:
        """Somebody rests an order."""
        self.foreign.append(OrderSeen(SYMBOL, name, 5, Side.LONG, Decimal(1), reduce_only=False))
        self.give(OrderAccepted(SYMBOL, name, 5, Decimal(0), False, self.time, self.now))

    def take_away(self, name: str = "web_limit") -> None:
        """Somebody cancels it."""
        self.foreign = [order for order in self.foreign if order.client_id != name]
        self.give(OrderGone(SYMBOL, name, 5, "CANCELED", Decimal(0), self.time, self.now))

    def set_leverage(self, leverage: int) -> None:
        """Somebody changes the leverage."""
        self.setups[SYMBOL] = SymbolSetup(SYMBOL, leverage, True)
        self.give(SetupSeen(self.setups[SYMBOL], self.time, self.now))

    def restart(self) -> None:
        """The process dies and starts anew from what was saved."""
        self.saved = self.trader.state()
        self.wake_up()

    @property
    def question(self) -> OutsideQuestion:
        """The newest question."""
        return [notice for notice in self.notices if isinstance(notice, OutsideQuestion)][-1]

    @property
    def questions(self) -> int:
        return sum(isinstance(notice, OutsideQuestion) for notice in self.notices)
