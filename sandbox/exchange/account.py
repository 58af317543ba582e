"""The account's money: wallet, positions, and what a fill does to them. Exact in `Decimal`, one-way mode (reference 9).

wallet = start + every balance change, to the last digit. A position keeps the exact cost of its open lots, so that the
realised results of a round trip add up to its sales minus its purchases.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, NamedTuple

from sandbox.exchange.contracts import Contract

MONEY: Final = Decimal("0.00000001")
ZERO: Final = Decimal(0)


@dataclass(slots=True)
class Position:
    """One symbol's position: `lots` with its sign, `cost` what the open lots cost. Settings stay when it is flat."""

    symbol: str
    isolated: bool
    leverage: int
    lots: int = 0
    cost: Decimal = ZERO
    fees: Decimal = ZERO
    isolated_wallet: Decimal = ZERO
    realised: Decimal = ZERO
    updated_ms: int = 0

    @property
    def side(self) -> int:
        """+1 long, -1 short, 0 flat."""
        return (self.lots > 0) - (self.lots < 0)

    def entry_price(self, contract: Contract) -> Decimal:
        """Give the size-weighted average of the opening fills."""
        return self.cost / contract.quantity(abs(self.lots)) if self.lots else ZERO

    def break_even(self, contract: Contract) -> Decimal:
        """Give the price at which leaving would cover the fees paid so far."""
        if not self.lots:
            return ZERO
        return (self.cost + self.side * self.fees) / contract.quantity(abs(self.lots))

    def unrealised(self, contract: Contract, mark: Decimal) -> Decimal:
        """Give the result at the mark price."""
        return contract.quantity(self.lots) * mark - self.side * self.cost

    def notional(self, contract: Contract, mark: Decimal) -> Decimal:
        """Give the size at the mark price, without a sign."""
        return contract.quantity(abs(self.lots)) * mark


class FillMoney(NamedTuple):
    """What one fill changed: realised result before fees, commission paid, and lots that were opened by it."""

    realised: Decimal
    commission: Decimal
    opened_lots: int


@dataclass(slots=True)
class Account:
    """Wallet and positions. Money moves only through `fill` and `credit`."""

    wallet: Decimal
    positions: dict[str, Position]
    dual_side: bool = False
    multi_assets: bool = False
    updated_ms: int = 0
    start: Decimal = field(default=ZERO)

    def __post_init__(self) -> None:
        self.start = self.wallet

    @property
    def cross_wallet(self) -> Decimal:
        """The wallet without what is locked in isolated positions."""
        return self.wallet - sum((position.isolated_wallet for position in self.positions.values()), ZERO)

    def credit(self, amount: Decimal, symbol: str | None = None) -> None:
        """Change the wallet; with a symbol whose position is isolated, its own wallet pays (reference 9: funding)."""
        self.wallet += amount
        if symbol is not None and self.positions[symbol].isolated and self.positions[symbol].lots:
            self.positions[symbol].isolated_wallet += amount

    def fill(self, contract: Contract, side: int, lots: int, price: Decimal, rate: Decimal, now_ms: int) -> FillMoney:
        """Book one fill: first against an opposite position, the rest opens."""
        position = self.positions[contract.symbol]
        closing = min(abs(position.lots), lots) if position.side == -side else 0
        opening = lots - closing
        commission = money(contract.quantity(lots) * price * rate)
        realised = self._close(contract, position, closing, price) if closing else ZERO
        if opening:
            self._open(contract, position, side, opening, price)
        self.wallet += realised - commission
        position.fees = position.fees + commission if position.lots else ZERO
        if position.isolated and position.lots:
            position.isolated_wallet -= commission  # seen in recorded balances: the position's own wallet pays
        position.updated_ms = self.updated_ms = now_ms
        return FillMoney(realised, commission, opening)

    @staticmethod
    def _close(contract: Contract, position: Position, lots: int, price: Decimal) -> Decimal:
        held = abs(position.lots)
        cost = position.cost if lots == held else money(position.cost * lots / held)
        freed = position.isolated_wallet if lots == held else money(position.isolated_wallet * lots / held)
        realised = money(position.side * (contract.quantity(lots) * price - cost))
        position.cost -= cost
        position.isolated_wallet -= freed
        position.lots -= position.side * lots
        position.realised += realised
        if not position.lots:
            position.cost = position.fees = ZERO
        return realised

    @staticmethod
    def _open(contract: Contract, position: Position, side: int, lots: int, price: Decimal) -> None:
        value = contract.quantity(lots) * price
        position.lots += side * lots
        position.cost += value
        if position.isolated:
            position.isolated_wallet += money(value / position.leverage)


def money(amount: Decimal) -> Decimal:
    """Round to what the exchange books: eight decimals."""
    return amount.quantize(MONEY)
