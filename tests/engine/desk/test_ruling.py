"""A judged bar: every check is asked, is placed by its code, and an entry is a bar against which nothing stands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.desk.ruling import Judged, is_entry, judge, ruling
from engine.model.signals import Code, Features, GateChecks, Proposal, Regime, Ruling, SizeChecks, Verdict, VetoChecks
from engine.model.situation import Situation
from tests import builders

SURE = builders.params(activation_threshold=0.05)


def judged(
    features: Features | None = None, now: Situation | None = None, kind: Regime = Regime.BULL_TREND, threshold: float = 0.05
) -> Judged:
    params = builders.params(activation_threshold=threshold)
    seen, moment = features or builders.features(), now or builders.situation()
    return judge(seen, builders.regime(kind), moment, builders.lot(), builders.BRACKETS, params)


def record(of: Judged, features: Features) -> Ruling:
    return ruling("ETHUSDT", builders.a_bar(), 1, features, builders.regime(), of, Verdict.REFUSED, "")


def test_nothing_against_it_is_an_entry_with_a_size() -> None:
    answer = judged()

    assert is_entry(answer)
    assert answer.opinion.proposal is Proposal.PROPOSE_LONG
    assert answer.size.lots > 0


def test_one_check_that_does_not_hold_is_enough_in_each_part() -> None:
    gate = judged(now=builders.situation(is_paused=True))
    size = judged(now=builders.situation(equity=10.0, peak_equity=10.0, day_start_equity=10.0))
    veto = judged(now=builders.situation(spread_bps=50.0))

    refusals = [record(answer, builders.features()).refusal_codes for answer in (gate, size, veto)]

    assert refusals == [(Code.PAUSED,), (Code.BELOW_MINIMUM,), (Code.SPREAD_WIDE,)]
    assert not any(is_entry(answer) for answer in (gate, size, veto))


def test_the_checks_stand_in_the_order_of_the_codes() -> None:
    fields = (*GateChecks._fields, *SizeChecks._fields, *VetoChecks._fields)

    assert fields == tuple(code.name.lower() for code in Code)


def test_a_bar_of_which_nothing_is_known_is_refused_without_a_crash() -> None:
    answer = judged(builders.unknown(), kind=Regime.RANGE)

    codes = record(answer, builders.unknown()).refusal_codes
    assert {Code.NEUTRAL, Code.REGIME_RANGE, Code.ADX_LOW, Code.BELOW_MINIMUM, Code.TOO_VOLATILE} <= set(codes)
    assert not is_entry(answer)


@pytest.mark.parametrize("name", ["adx", "atr", "close", "ema_short", "volume_sma"])
def test_one_unknown_feature_never_crashes_and_never_enters_without_a_stop(name: str) -> None:
    answer = judged(builders.features(**{name: float("nan")}))

    assert not is_entry(answer) or answer.size.stop_distance > 0.0
    assert name not in ("adx", "atr", "close") or not is_entry(answer)


amounts = st.floats(-1e5, 1e5) | st.just(float("nan"))


@given(
    equity=amounts,
    peak=amounts,
    start=amounts,
    available=amounts,
    price=st.floats(1e-3, 1e6) | st.just(float("nan")),
    spread=amounts,
    sides=st.integers(1, 3),
)
def test_no_entry_is_larger_than_its_limits_whatever_the_account_looks_like(
    equity: float, peak: float, start: float, available: float, price: float, spread: float, sides: int
) -> None:
    now = builders.situation(
        equity=equity,
        peak_equity=peak,
        day_start_equity=start,
        available=available,
        price=price,
        spread_bps=spread,
        sides=sides,
    )

    answer = judged(now=now)

    if is_entry(answer):
        assert equity > 0.0
        assert answer.size.margin <= min(available, equity * SURE.max_position_value_ratio * (1 + 1e-9))
        assert answer.size.risk_amount <= equity * SURE.risk_per_trade * (1 + 1e-9)
        assert peak * (1 - SURE.max_drawdown) <= equity * (1 + 1e-9)
        assert spread <= SURE.max_spread_bps
