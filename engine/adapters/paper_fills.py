"""At what price paper orders are filled, and whether a price sets a conditional order off: `execution.fills` in `Decimal`."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NamedTuple

from engine.adapters.paper_books import PaperStop
from engine.execution.fills import quoted, worse_ticks
from engine.execution.lot_rules import decimal_price, lot_rules
from engine.model.account import StopSeen
from engine.model.market import PriceWindow, SymbolRules
from engine.model.orders import TriggerBy
from engine.model.signals import Side

BP: Final = Decimal("0.0001")


class Costs(NamedTuple):
    """What trading costs here, as fractions."""

    taker: Decimal = 5 * BP
    slippage: Decimal = BP
    half_spread: Decimal = BP  # where no quote is known
    liquidation: Decimal = 125 * BP


@dataclass(slots=True)
class Board:
    """The newest prices of a symbol; 0 = none seen yet."""

    bid: Decimal = Decimal(0)
    ask: Decimal = Decimal(0)
    last: Decimal = Decimal(0)
    mark: Decimal = Decimal(0)
    funding_rate: Decimal | None = None  # a rate of 0 is one, too

    def watched(self, by: TriggerBy) -> Decimal:
        """The price that sets orders off."""
        return self.mark if by is TriggerBy.MARK else self.last


def exact(number: float) -> Decimal:
    """The decimal that a float was read from."""
    return Decimal(repr(number))


def market_price(board: Board, side: Side, rules: SymbolRules, costs: Costs) -> Decimal | None:
    """What a market order gets now; None while nothing is known of the market."""
    quote = float(board.ask if side is Side.LONG else board.bid)
    if quote <= 0:
        quote = quoted(float(board.last or board.mark), int(side), float(costs.half_spread))
    return None if quote <= 0 else _worse(quote, side, costs.slippage, rules)


def touched_price(board: Board, side: Side, touch: Decimal, rules: SymbolRules, costs: Costs) -> Decimal:
    """What an order gets that was set off at `touch`."""
    middle = (board.bid + board.ask) / 2
    half_spread = (board.ask - board.bid) / 2 / middle if 0 < board.bid < board.ask else costs.half_spread
    return _worse(float(touch), side, half_spread + costs.slippage, rules)


def falls_into(stop: StopSeen) -> bool:
    """Whether the order waits for a lower price: a sell stop, or a buy target."""
    return (stop.side is Side.SHORT) != stop.is_target


def would_trigger(stop: StopSeen, price: Decimal) -> bool:
    """Whether a price is at the trigger or beyond it. A price of 0 is none."""
    if price <= 0:
        return False
    return price <= stop.trigger_price if falls_into(stop) else price >= stop.trigger_price


def touch(stop: PaperStop, window: PriceWindow) -> Decimal | None:
    """The price at which a window sets the order off: its trigger, or the window's open behind a gap; None = it does not."""
    trigger, opened = stop.seen.trigger_price, exact(window.open)
    if falls_into(stop.seen):
        return min(trigger, opened) if exact(window.low) <= trigger else None
    return max(trigger, opened) if exact(window.high) >= trigger else None


def _worse(price: float, side: Side, fraction: Decimal, rules: SymbolRules) -> Decimal:
    return decimal_price(worse_ticks(price, int(side), float(fraction), lot_rules(rules)), rules)
