"""How much: the risk rule, cut by the margin cap and the exchange's maximum, in whole lots, rounded down.

Margin is isolated. The size names what limited it, and keeps what each limit alone would have allowed.
"""

from engine.model.grid import lots_within, quantity_of
from engine.model.market import Bracket, LotRules
from engine.model.signals import Check, Limit, Size, SizeChecks
from engine.params import TradingParams


def bracket_for(notional: float, brackets: tuple[Bracket, ...]) -> Bracket:
    """The row of the leverage table that a notional falls into; the last one beyond its end."""
    for bracket in brackets:
        if notional <= bracket.notional_cap:
            return bracket
    return brackets[-1]


def liquidation_price(side: int, entry: float, quantity: float, leverage: int, bracket: Bracket) -> float:
    """Where an isolated position is liquidated by its mark price; 0 where a long cannot be.

    Binance: margin + amount + side * quantity * (price - entry) = rate * quantity * price.
    """
    if not quantity > 0.0:
        return 0.0
    cushion = (entry * quantity / leverage + bracket.maintenance_amount) / quantity
    price = (entry - side * cushion) / (1.0 - side * bracket.maintenance_rate)
    return price if price > 0.0 else 0.0


def position_size(price: float, atr: float, equity: float, lot: LotRules, params: TradingParams) -> Size:
    """The size of an entry at `price`. 0 lots while ATR is unknown."""
    distance = atr * params.stop_atr_multiplier
    risk_lots = lots_within(equity * params.risk_per_trade / distance, lot) if distance > 0.0 else 0
    notional_cap = equity * params.max_position_value_ratio * params.leverage
    margin_lots = lots_within(notional_cap / price, lot) if price > 0.0 else 0
    maximum_lots = lot.max_lots
    lots, limited_by = risk_lots, Limit.RISK
    if margin_lots < lots:
        lots, limited_by = margin_lots, Limit.MARGIN_CAP
    if maximum_lots < lots:
        lots, limited_by = maximum_lots, Limit.EXCHANGE_MAXIMUM
    quantity = quantity_of(lots, lot)
    notional = quantity * price
    return Size(
        lots,
        limited_by,
        risk_lots,
        margin_lots,
        maximum_lots,
        distance,
        notional,
        notional / params.leverage,
        quantity * distance,
    )


def size_checks(
    side: int, price: float, size: Size, lot: LotRules, brackets: tuple[Bracket, ...], params: TradingParams
) -> SizeChecks:
    """What the size itself can object to. A neutral bar (`side` 0) is looked at as a long."""
    minimum = params.min_position_value if params.min_position_value > lot.min_notional else lot.min_notional
    bracket = bracket_for(size.notional, brackets)
    is_large_enough = size.lots >= lot.min_lots and size.lots > 0 and size.notional >= minimum
    room, needed = _room_before_liquidation(1 if side == 0 else side, price, size, lot, bracket, params)
    return SizeChecks(
        Check(is_large_enough, size.notional, minimum),
        Check(params.leverage <= bracket.max_leverage, float(params.leverage), float(bracket.max_leverage)),
        Check(room >= needed, room, needed),
    )


def _room_before_liquidation(
    side: int, price: float, size: Size, lot: LotRules, bracket: Bracket, params: TradingParams
) -> tuple[float, float]:
    """The room between stop and liquidation in R, and how much is needed. A size of nothing has all the room there is."""
    if size.lots <= 0 or not size.stop_distance > 0.0:
        return params.liquidation_buffer, params.liquidation_buffer
    liquidation = liquidation_price(side, price, quantity_of(size.lots, lot), params.leverage, bracket)
    stop = price - side * size.stop_distance
    return side * (stop - liquidation) / size.stop_distance, params.liquidation_buffer
