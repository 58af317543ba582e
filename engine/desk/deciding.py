"""The desk's decisions: a closed bar judged and acted on, and a card that the owner took.

The size is reckoned with the leverage that the exchange was seen to hold where that is lower than the setting: the same
notional then takes more margin.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from engine.desk import entries
from engine.desk.account_now import AccountNow
from engine.desk.moment import data_age, situation
from engine.desk.ruling import Judged, judge, ruling
from engine.desk.terms import DeskTerms
from engine.execution.ids import intent_id
from engine.model.commands import DecisionMode
from engine.model.events import BarClosed
from engine.model.messages import NOTHING, Outcome, Reply, ReplyCode
from engine.model.notices import RegimeChanged, SignalSeen
from engine.model.proposals import ProposalEnd
from engine.model.signals import Proposal, Ruling, Verdict

if TYPE_CHECKING:
    from engine.desk.desk import Desk


def terms_held(desk: Desk) -> DeskTerms:
    """The terms with the leverage that really holds: the setting, or the exchange's where it is lower."""
    params, setup = desk.terms.params, desk.setup
    if setup is None or not 0 < setup.leverage < params.leverage:
        return desk.terms
    return replace(desk.terms, params=params._replace(leverage=setup.leverage))


def judged(desk: Desk, account: AccountNow, price: float, now_ms: int) -> Judged:
    """What the newest bar and the present moment say."""
    assert desk.bars.features is not None, "judged after a bar"
    age = data_age(account, desk.sight, desk.due_since_ms, now_ms)
    now = situation(
        desk.terms,
        desk.memory,
        desk.bars,
        desk.sight,
        account,
        age,
        price,
        is_set_up=desk.is_set_up,
        is_taken=desk.is_taken,
    )
    terms = terms_held(desk)
    return judge(desk.bars.features, desk.bars.regime, now, terms.lot, terms.rules.brackets, terms.params)


def regime_told(desk: Desk, event: BarClosed) -> Outcome:
    """Tell of a regime that changed with this bar."""
    before, now, features = desk.bars.regime_before.regime, desk.bars.regime.regime, desk.bars.features
    if before == now or features is None or desk.bars.count < desk.terms.warmup_bars:
        return NOTHING
    held = desk.memory.holding is not None
    told = RegimeChanged(desk.terms.symbol, before, now, features.close, features.adx, held, event.time_ms)
    return Outcome(notices=(told,))


def ruled(desk: Desk, event: BarClosed, account: AccountNow) -> Outcome:
    """Rule on a closed bar, and do what the ruling says."""
    outcome = desk.end_proposal(ProposalEnd.SUPERSEDED, "", event.time_ms)
    seen = judged(desk, account, event.bar.close, event.seen_ms)
    made = _ruling(desk, event, seen, account.mode)
    desk.rulings.appendleft(made)
    outcome += Outcome(rulings=(made,))
    terms = terms_held(desk)
    match made.verdict:
        case Verdict.ENTERED:
            desk.memory, step = entries.planned(desk.memory, made, seen.size, terms, seen.size.lots)
            outcome += step
        case Verdict.PROPOSED:
            desk.memory, step = entries.proposed(desk.memory, made, seen.size, terms, event.time_ms, event.seen_ms)
            outcome += step
        case Verdict.SIGNALLED:
            outcome += Outcome(notices=(SignalSeen(made, event.time_ms),))
    return outcome


def _ruling(desk: Desk, event: BarClosed, seen: Judged, mode: DecisionMode) -> Ruling:
    assert desk.bars.features is not None, "ruled after a bar"
    proposal, close_ms = seen.opinion.proposal, desk.bars.last_close_ms
    cause = entries.cause_of(close_ms, int(proposal))
    name = intent_id(desk.terms.namespace, desk.terms.symbol, cause) if proposal != Proposal.NEUTRAL else ""
    verdict = entries.verdict_of(seen, mode)
    return ruling(desk.terms.symbol, event.bar, close_ms, desk.bars.features, desk.bars.regime, seen, verdict, name)


def approved(desk: Desk, fraction: float, account: AccountNow, time_ms: int, now_ms: int, who: str) -> Outcome:
    """Take the open card, if the moment still allows it: deadline, price and every check are looked at again."""
    card = desk.memory.proposal
    assert card is not None, "the Trader looked"
    price = desk.sight.middle(card.price)
    if desk.bars.features is None:
        return refused(ReplyCode.NOT_READY)
    if now_ms >= card.deadline_ms:
        return desk.end_proposal(ProposalEnd.EXPIRED, "", time_ms) + refused(ReplyCode.TOO_LATE)
    drift, most = entries.drift_in_atr(card, price), desk.terms.params.max_price_drift_atr
    if drift > most:
        moved: dict[str, float | int | str] = {"seen": drift, "needed": most, "price": price}
        return desk.end_proposal(ProposalEnd.REFUSED, who, time_ms) + refused(ReplyCode.PRICE_MOVED, moved)
    seen = judged(desk, account, card.price, now_ms)
    refusals = entries.refusals_of(seen)
    if refusals:
        desk.answered_by.append((card.intent_id, who))
        desk.memory, outcome = entries.ended(desk.memory, ProposalEnd.REFUSED, who, refusals, time_ms)
        return outcome + Outcome(reply=Reply(ReplyCode.CHECKS_FAILED, refusals=refusals))
    shown = int(card.quantity / desk.terms.rules.step_size)
    lots = int(min(seen.size.lots, shown) * fraction)
    notional = seen.size.notional * lots / max(1, seen.size.lots)
    if lots < max(1, desk.terms.lot.min_lots) or notional < seen.size_checks.below_minimum.needed:
        return refused(ReplyCode.TOO_SMALL, {"needed": seen.size_checks.below_minimum.needed})
    outcome = desk.end_proposal(ProposalEnd.TAKEN, who, time_ms)
    desk.memory, step = entries.planned(desk.memory, card.ruling, seen.size, terms_held(desk), lots)
    return outcome + step + Outcome(reply=Reply(ReplyCode.SENT))


def refused(code: ReplyCode, values: dict[str, float | int | str] | None = None) -> Outcome:
    """Say no to a wish, with the numbers."""
    return Outcome(reply=Reply(code, values or {}))
