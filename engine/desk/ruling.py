"""One closed bar judged: votes, opinion, gate, size, veto. `judge` is made of numbers only and compiles for history."""

from typing import NamedTuple

from engine.decision.bias import weigh, weights_for
from engine.decision.rules import cast_votes
from engine.model.market import Bar, Bracket, LotRules
from engine.model.signals import (
    Features,
    GateChecks,
    Opinion,
    RegimeState,
    Ruling,
    Size,
    SizeChecks,
    Verdict,
    VetoChecks,
    Votes,
)
from engine.model.situation import Situation
from engine.params import TradingParams
from engine.risk.entry_gate import gate_checks
from engine.risk.position_size import position_size, size_checks
from engine.risk.pre_trade_veto import veto_checks


class Judged(NamedTuple):
    """All that was thought about a bar at one moment."""

    votes: Votes
    opinion: Opinion
    gate: GateChecks
    size: Size
    size_checks: SizeChecks
    veto: VetoChecks


def judge(
    features: Features,
    regime: RegimeState,
    now: Situation,
    lot: LotRules,
    brackets: tuple[Bracket, ...],
    params: TradingParams,
) -> Judged:
    """Ask everything about a bar."""
    votes = cast_votes(features, params)
    opinion = weigh(votes, weights_for(regime.regime, params), params)
    return examined(features, regime, votes, opinion, now, lot, brackets, params)


def examined(
    features: Features,
    regime: RegimeState,
    votes: Votes,
    opinion: Opinion,
    now: Situation,
    lot: LotRules,
    brackets: tuple[Bracket, ...],
    params: TradingParams,
) -> Judged:
    """Ask everything about a bar of which an opinion is formed: gate, size and veto."""
    side = opinion.proposal.value
    size = position_size(now.price, features.atr, now.equity, lot, params)
    return Judged(
        votes,
        opinion,
        gate_checks(features, regime, opinion, now, params),
        size,
        size_checks(side, now.price, size, lot, brackets, params),
        veto_checks(side, features, size, now, params),
    )


def is_entry(judged: Judged) -> bool:
    """Whether every check held."""
    for check in judged.gate:
        if not check.held:
            return False
    for check in judged.size_checks:
        if not check.held:
            return False
    for check in judged.veto:  # noqa: SIM110  # three plain loops compile, a generator does not
        if not check.held:
            return False
    return True


def ruling(
    symbol: str,
    bar: Bar,
    close_time_ms: int,
    features: Features,
    regime: RegimeState,
    judged: Judged,
    verdict: Verdict,
    intent_id: str,
) -> Ruling:
    """The record of a judged bar."""
    return Ruling(
        symbol=symbol,
        bar=bar,
        close_time_ms=close_time_ms,
        features=features,
        regime=regime,
        votes=judged.votes,
        opinion=judged.opinion,
        gate=judged.gate,
        size=judged.size,
        size_checks=judged.size_checks,
        veto=judged.veto,
        verdict=verdict,
        intent_id=intent_id,
    )
