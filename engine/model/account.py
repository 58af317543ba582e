"""What the exchange says we own: positions, orders, stops and balances, as one snapshot."""

from dataclasses import dataclass
from decimal import Decimal

from engine.model.orders import TriggerBy
from engine.model.signals import Side


@dataclass(frozen=True, slots=True)
class PositionSeen:
    """A position on the exchange. `quantity` is signed: negative is short."""

    symbol: str
    quantity: Decimal
    entry_price: Decimal
    mark_price: Decimal
    unrealised: Decimal
    liquidation_price: Decimal
    changed_ms: int = 0  # market time of its newest change; 0 = not told


@dataclass(frozen=True, slots=True)
class OrderSeen:
    """An order resting in the exchange's regular book."""

    symbol: str
    client_id: str
    order_id: int
    side: Side
    quantity: Decimal
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class StopSeen:
    """A conditional order resting in the Algo Service. `quantity` None = the whole position."""

    symbol: str
    client_id: str
    algo_id: int
    side: Side
    is_target: bool
    quantity: Decimal | None
    trigger_price: Decimal
    trigger_by: TriggerBy
    reduce_only: bool


@dataclass(frozen=True, slots=True)
class SymbolSetup:
    """How a symbol is set up at the exchange."""

    symbol: str
    leverage: int
    is_isolated: bool


@dataclass(frozen=True, slots=True)
class AccountSnapshot:
    """Everything read from the exchange in one go. `asked_ms` (wire) is when reading began: newer facts win over it."""

    asked_ms: int
    wallet: Decimal
    available: Decimal
    is_one_way: bool
    can_trade: bool
    positions: tuple[PositionSeen, ...]
    orders: tuple[OrderSeen, ...]
    stops: tuple[StopSeen, ...]
    setups: tuple[SymbolSetup, ...]
    is_multi_assets: bool = False
