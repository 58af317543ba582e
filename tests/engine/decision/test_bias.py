"""All votes in one opinion: who counts, what the total is, and that confidence belongs to the proposal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.decision.bias import weigh, weights_for
from engine.model.signals import Opinion, Proposal, Regime, Vote, Votes
from engine.params import RegimeWeights, RuleWeights
from tests import builders

PARAMS = builders.params()
EQUAL = RuleWeights()
cast = st.builds(lambda bias, strength: Vote(bias, strength if bias else 0.0), st.sampled_from((-1, 0, 1)), st.floats(0.0, 1.0))
weights = st.builds(RuleWeights, *[st.floats(0.0, 10.0)] * 7)


def test_with_equal_weights_and_full_strength_confidence_is_the_share_of_active_rules() -> None:
    votes = builders.votes(trend_following=Vote(1, 1.0), macd=Vote(1, 1.0), momentum=Vote(1, 1.0))

    assert weigh(votes, EQUAL, PARAMS) == Opinion(1.0, Proposal.PROPOSE_LONG, 3 / 7)


def test_dissent_lowers_the_bias_and_does_not_count_for_the_proposal() -> None:
    votes = builders.votes(trend_following=Vote(-1, 1.0), macd=Vote(-1, 0.5), mean_reversion=Vote(1, 1.0))

    opinion = weigh(votes, EQUAL, PARAMS)

    assert opinion.bias == pytest.approx(-1 / 3)
    assert opinion.proposal is Proposal.PROPOSE_SHORT
    assert opinion.confidence == pytest.approx(1.5 / 7)


def test_a_bias_at_its_threshold_proposes_nothing() -> None:
    divided = builders.votes(trend_following=Vote(1, 1.0), macd=Vote(-1, 1.0))
    leaning = builders.votes(trend_following=Vote(1, 1.0), macd=Vote(1, 1.0), momentum=Vote(-1, 1.0))

    assert weigh(divided, EQUAL, PARAMS) == Opinion(0.0, Proposal.NEUTRAL, 0.0)
    assert weigh(leaning, EQUAL, builders.params(bias_threshold=1 / 3)).proposal is Proposal.NEUTRAL
    assert weigh(leaning, EQUAL, builders.params(bias_threshold=0.3)).proposal is Proposal.PROPOSE_LONG


def test_nobody_active_is_no_opinion() -> None:
    assert weigh(builders.votes(), EQUAL, PARAMS) == Opinion(0.0, Proposal.NEUTRAL, 0.0)


def test_a_rule_of_weight_nothing_is_in_no_sum() -> None:
    votes = builders.votes(trend_following=Vote(1, 1.0), mean_reversion=Vote(-1, 1.0))

    opinion = weigh(votes, RuleWeights(mean_reversion=0.0), PARAMS)

    assert opinion == Opinion(1.0, Proposal.PROPOSE_LONG, 1 / 6)


def test_a_set_without_rules_proposes_nothing() -> None:
    votes = builders.votes(trend_following=Vote(1, 1.0))

    assert weigh(votes, RuleWeights(*[0.0] * 7), PARAMS) == Opinion(0.0, Proposal.NEUTRAL, 0.0)


def test_each_regime_has_its_own_rule_set() -> None:
    sets = RegimeWeights(*(RuleWeights(trend_following=float(at)) for at in range(4)))
    params = builders.params(weights=sets)

    assert [weights_for(kind, params).trend_following for kind in Regime] == [0.0, 1.0, 2.0, 3.0]
    assert tuple(kind.name.lower() for kind in Regime) == RegimeWeights._fields


def test_in_a_trend_mean_reversion_is_out_of_the_set_by_default() -> None:
    assert weights_for(Regime.BULL_TREND, PARAMS).mean_reversion == 0.0
    assert weights_for(Regime.BEAR_TREND, PARAMS).mean_reversion == 0.0
    assert weights_for(Regime.RANGE, PARAMS).mean_reversion == 1.0


@given(st.builds(Votes, *[cast] * 7), weights)
def test_an_opinion_stays_in_its_ranges_and_mirrors(votes: Votes, rule_set: RuleWeights) -> None:
    mirrored = Votes(*(Vote(-vote.bias, vote.strength) for vote in votes))

    one, other = weigh(votes, rule_set, PARAMS), weigh(mirrored, rule_set, PARAMS)

    assert -1.0 - 1e-12 <= one.bias <= 1.0 + 1e-12
    assert 0.0 <= one.confidence <= 1.0
    assert (one.bias, int(one.proposal), one.confidence) == (-other.bias, -int(other.proposal), other.confidence)
