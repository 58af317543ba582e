"""Plans of positions: drawn at the fill, and drawn again where a position was found that nobody remembers.

Such a one may stand far from its entry. A stop that the price has passed already would sell it before its owner was asked.
"""

from dataclasses import replace
from decimal import Decimal

from engine.desk.market_sight import MarketSight
from engine.desk.terms import DeskTerms
from engine.execution import exits
from engine.model.account import PositionSeen
from engine.model.messages import Outcome
from engine.model.notices import OutsideChange
from engine.model.orders import ExitPlan
from engine.model.saved import Holding, SavedDesk
from engine.model.signals import Features
from engine.risk.position_size import bracket_for, liquidation_price
from engine.state import ledger


def first(side: int, price: float, quantity: Decimal, atr: float, leverage: int, terms: DeskTerms, time_ms: int) -> ExitPlan:
    """The plan of a position that was entered at a price and a moment."""
    liquidation = _liquidation(side, price, quantity, leverage, terms)
    return exits.first_plan(int(side), price, atr, liquidation, terms.lot, terms.bar_open(time_ms), terms.params)


def _liquidation(side: int, price: float, quantity: Decimal, leverage: int, terms: DeskTerms) -> float:
    bracket = bracket_for(price * float(quantity), terms.rules.brackets)
    return liquidation_price(side, price, float(quantity), leverage, bracket)


def redrawn(desk: SavedDesk, seen: Features | None, price: float, terms: DeskTerms) -> SavedDesk:
    """A plan that was drawn before any bar was seen, with the width that the bars say, once the price is known.

    Its stop only comes nearer, and never to where the price has been already: then the plan stays.
    """
    holding = desk.holding
    if holding is None or not holding.is_width_assumed or seen is None or not seen.atr > 0 or not price > 0:
        return desk
    before, entry, since_ms = holding.plan, float(holding.trade.entry_price), holding.trade.entry_time_ms
    plan = first(before.side, entry, holding.quantity, seen.atr, holding.leverage, terms, since_ms)
    is_nearer, is_passed = before.side * (plan.stop - before.stop) > 0, before.side * (price - plan.stop) <= 0
    holding = replace(holding, atr=seen.atr, is_width_assumed=False)
    if is_nearer and not is_passed:
        holding = _with(holding, plan._replace(wide_stop=before.wide_stop))  # the wide one is never moved
    return replace(desk, holding=holding)


def found(
    before: SavedDesk, desk: SavedDesk, outcome: Outcome, sight: MarketSight, seen: PositionSeen | None, terms: DeskTerms
) -> SavedDesk:
    """A position that somebody else opened, with its levels drawn from where the price is, if it has lost since its entry."""
    holding = desk.holding
    is_theirs = any(isinstance(told, OutsideChange) and told.what == "position_opened" for told in outcome.notices)
    if holding is None or not is_theirs or holding.flat_seen_ms or _is_same(before.holding, holding):
        return desk
    mark = sight.price(float(seen.mark_price) if seen is not None else 0.0)
    side, entry = int(holding.trade.side), float(holding.trade.entry_price)
    if not mark > 0 or side * (entry - mark) <= 0:
        return desk
    liquidation = _liquidation(side, entry, holding.quantity, holding.leverage, terms)
    if seen is not None and seen.quantity * side > 0:
        liquidation = float(seen.liquidation_price)
    room = side * (mark - liquidation) / 2 / terms.params.stop_atr_multiplier  # its stop must come before that
    width = room if liquidation and 0 < room < holding.atr else holding.atr
    opened_ms = holding.plan.opened_ms
    plan = exits.first_plan(side, mark, width, liquidation, terms.lot, opened_ms, terms.params)
    return replace(desk, holding=ledger.planned(holding, plan._replace(entry=entry)))


def _is_same(before: Holding | None, now: Holding) -> bool:
    return before is not None and before.trade.intent_id == now.trade.intent_id


def _with(holding: Holding, plan: ExitPlan) -> Holding:
    """Its first place is where the plan's stop is now: one that only was drawn again has not trailed."""
    return replace(holding, plan=plan, trade=replace(holding.trade, first_stop=Decimal(repr(plan.stop))))
