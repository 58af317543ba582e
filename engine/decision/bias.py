"""All votes weighed into one opinion: bias, proposal, confidence. Sums run in the order of the rules' table."""

from engine.model.signals import Opinion, Proposal, Regime, Votes
from engine.params import RuleWeights, TradingParams


def weights_for(regime: Regime, params: TradingParams) -> RuleWeights:
    """The rule set of a regime."""
    if regime == Regime.BULL_TREND:
        return params.weights.bull_trend
    if regime == Regime.BEAR_TREND:
        return params.weights.bear_trend
    if regime == Regime.UNCLEAR:
        return params.weights.unclear
    return params.weights.range


def weigh(votes: Votes, weights: RuleWeights, params: TradingParams) -> Opinion:
    """Weigh the votes. A rule of weight 0 is not in the set: it counts neither as active nor in the total."""
    bias = lean(votes, weights)
    proposal = Proposal.NEUTRAL
    if bias > params.bias_threshold:
        proposal = Proposal.PROPOSE_LONG
    elif bias < -params.bias_threshold:
        proposal = Proposal.PROPOSE_SHORT
    return Opinion(bias, proposal, confidence(votes, weights, proposal))


def lean(votes: Votes, weights: RuleWeights) -> float:
    """The mean bias of the active rules; 0 when none is active."""
    total, active = 0.0, 0.0
    for vote, weight in zip(votes, weights):  # noqa: B905  # the compiler knows no `strict`
        if vote.bias != 0:
            total += weight * vote.bias
            active += weight
    return total / active if active > 0.0 else 0.0


def confidence(votes: Votes, weights: RuleWeights, proposal: Proposal) -> float:
    """How much of the whole set's weight stands behind the proposal."""
    agreeing, whole = 0.0, 0.0
    for vote, weight in zip(votes, weights):  # noqa: B905  # the compiler knows no `strict`
        whole += weight
        if vote.bias != 0 and vote.bias == proposal:
            agreeing += weight * vote.strength
    if whole <= 0.0:
        return 0.0
    share = agreeing / whole
    return share if share < 1.0 else 1.0
