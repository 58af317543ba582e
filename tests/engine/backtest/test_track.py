"""History's rows hold what the crafts say of every bar when Python runs them, in every field and to the bit."""

import random
from typing import Any

import numpy as np
import pytest

from engine.backtest import records, track
from engine.backtest.bars import of_bars
from engine.decision.bias import weigh, weights_for
from engine.decision.rules import cast_votes
from engine.features.regime import advance, classify
from engine.model.market import Bar
from engine.model.signals import Regime, RegimeState
from engine.params import TradingParams
from tests import builders
from tests.chances import random_params

TREND = {Regime.BULL_TREND: 1, Regime.BEAR_TREND: -1}


def filled(taken: list[Bar], params: TradingParams, *, is_whole: bool) -> tuple[Any, Any]:
    """The compiled rows, and the candidates among them."""
    made, found = np.zeros(len(taken), records.ROW), np.zeros(len(taken), records.CANDIDATE)
    candles = of_bars("ETHUSDT", builders.HOUR_MS, taken)
    return made, found[: track.fill(made, found, 0, candles, params, is_whole=is_whole)]


def said(taken: list[Bar], params: TradingParams, *, is_whole: bool) -> Any:
    """The rows, made of what the crafts say."""
    made = np.zeros(len(taken), records.ROW)
    kind = RegimeState(Regime.RANGE, 0)
    for row, bar, seen in zip(made, taken, builders.looked_at(taken, params), strict=True):
        kind = advance(kind, classify(seen, params))
        says = weigh(cast_votes(seen, params), weights_for(kind.regime, params), params)
        row["open"], row["high"], row["low"], row["close"] = bar[1:5]
        row["atr"], row["adx"], row["regime"], row["age"] = seen.atr, seen.adx, kind.regime, kind.age
        if is_whole or kind.regime in TREND:
            row["confidence"], row["side"] = says.confidence, says.proposal
    return made


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_rows_hold_what_the_interpreted_functions_say(seed: int, is_whole: bool) -> None:
    taken, params = builders.walk(600, seed), random_params(random.Random(seed))

    made, _ = filled(taken, params, is_whole=is_whole)

    expected = said(taken, params, is_whole=is_whole)
    for name in records.ROW.names or ():
        np.testing.assert_array_equal(made[name], expected[name], err_msg=name)


def test_candidates_are_the_bars_whose_proposal_is_the_side_of_the_regime() -> None:
    params = builders.params(activation_threshold=0.3)

    made, found = filled(builders.walk(1_500, 3), params, is_whole=True)

    wanted = [at for at, row in enumerate(made) if row["side"] != 0 and TREND.get(Regime(row["regime"])) == row["side"]]
    assert len(wanted) > 50
    assert found["step"].tolist() == wanted
    assert found["confidence"].tolist() == made["confidence"][wanted].tolist()
