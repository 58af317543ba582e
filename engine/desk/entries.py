"""From a ruling to an entry: at once, or as a card that the owner answers before its deadline.

A bar's entry keeps the bar's id, also when it is confirmed: at most one is ever sent for it.
"""

from dataclasses import replace
from decimal import Decimal

from engine.desk.ruling import Judged, is_entry
from engine.desk.terms import DeskTerms
from engine.execution.exits import on_grid
from engine.execution.ids import client_id
from engine.model.commands import DecisionMode
from engine.model.messages import NOTHING, Outcome
from engine.model.notices import EntryProposed, ProposalEnded
from engine.model.orders import ApprovedOrder, IntentState, Role
from engine.model.proposals import ProposalEnd, Proposed
from engine.model.saved import EntryIntent, SavedDesk
from engine.model.signals import Code, Refusal, Ruling, Side, Size, Verdict
from engine.risk.entry_gate import allows
from engine.risk.entry_order import entry_order

VERDICTS = {
    DecisionMode.AUTO: Verdict.ENTERED,
    DecisionMode.CONFIRM: Verdict.PROPOSED,
    DecisionMode.SIGNALS: Verdict.SIGNALLED,
}


def cause_of(close_ms: int, side: int) -> str:
    """What makes an entry: one bar's close and a side."""
    return f"bar:{close_ms}:{side}"


def verdict_of(judged: Judged, mode: DecisionMode) -> Verdict:
    """What becomes of a judged bar."""
    return VERDICTS[mode] if is_entry(judged) else Verdict.REFUSED


def is_wanted(desk: SavedDesk, order: ApprovedOrder, time_ms: int, *, is_taken: bool) -> bool:
    """Whether a symbol may still be entered, after the entry was signed and journalled. `is_taken`: somebody else trades it."""
    is_ours = desk.entry is not None and desk.entry.client_id == order.client_id
    is_free = desk.holding is None and not is_taken and not desk.is_unwanted and desk.locked_until_ms <= time_ms
    return is_ours and is_free and allows(int(desk.sides), int(order.side))


def planned(desk: SavedDesk, ruling: Ruling, size: Size, terms: DeskTerms, lots: int) -> tuple[SavedDesk, Outcome]:
    """An entry is wanted now. It is journalled before it leaves."""
    side = Side(int(ruling.opinion.proposal))
    name = client_id(Role.ENTRY, ruling.intent_id, 0)
    order = entry_order(client_id=name, intent_id=ruling.intent_id, side=side, lots=lots, rules=terms.rules)
    assert order.quantity is not None
    intent = EntryIntent(
        intent_id=ruling.intent_id,
        cause=cause_of(ruling.close_time_ms, int(side)),
        client_id=name,
        symbol=terms.symbol,
        side=side,
        quantity=order.quantity,
        expected_price=size.notional / (size.lots * float(terms.rules.step_size)),
        atr=ruling.features.atr,
        leverage=int(terms.params.leverage),
        state=IntentState.PLANNED,
        signed_ms=0,
        deadline_ms=0,
        not_found=0,
        asked_ms=0,
        executed=Decimal(0),
        final=None,
        ruling=ruling,
        stop_multiple=terms.params.stop_atr_multiplier,
        target_multiple=terms.params.take_profit_multiplier,
    )
    return replace(desk, entry=intent), Outcome(orders=(order,), changed=True)


def proposed(
    desk: SavedDesk, ruling: Ruling, size: Size, terms: DeskTerms, time_ms: int, now_ms: int
) -> tuple[SavedDesk, Outcome]:
    """Ask the owner."""
    side, price = Side(int(ruling.opinion.proposal)), ruling.bar.close
    distance = size.stop_distance
    card = Proposed(
        intent_id=ruling.intent_id,
        symbol=terms.symbol,
        side=side,
        quantity=size.lots * terms.rules.step_size,
        price=price,
        stop=on_grid(price - side * distance, terms.lot),
        target=on_grid(price + side * distance * terms.params.take_profit_multiplier, terms.lot),
        risk_amount=size.risk_amount,
        margin=size.margin,
        notional=size.notional,
        leverage=int(terms.params.leverage),
        deadline_ms=now_ms + round(terms.params.proposal_seconds * 1_000),
        ruling=ruling,
    )
    return replace(desk, proposal=card), Outcome(notices=(EntryProposed(card, time_ms),), changed=True)


def ended(
    desk: SavedDesk, end: ProposalEnd, who: str, refusals: tuple[Refusal, ...], time_ms: int
) -> tuple[SavedDesk, Outcome]:
    """The open card ends, if there is one."""
    card = desk.proposal
    if card is None:
        return desk, NOTHING
    told = ProposalEnded(card.intent_id, desk.symbol, end, who, refusals, time_ms)
    return replace(desk, proposal=None), Outcome(notices=(told,), changed=True)


def drift_in_atr(card: Proposed, price: float) -> float:
    """How far the price went from the card's since the bar closed, in units of ATR."""
    atr = card.ruling.features.atr
    return abs(price - card.price) / atr if atr > 0.0 else float("inf")


def refusals_of(judged: Judged) -> tuple[Refusal, ...]:
    """What stands against an entry now."""
    checks = (*judged.gate, *judged.size_checks, *judged.veto)
    return tuple(Refusal(Code(at), check.seen, check.needed) for at, check in enumerate(checks) if not check.held)
