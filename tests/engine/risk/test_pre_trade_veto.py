"""The last look: each limit alone, at its border, and with values nobody knows."""

import math
from typing import Any

import pytest

from engine.model.signals import Check, Code, VetoChecks
from engine.risk.position_size import position_size
from engine.risk.pre_trade_veto import fall, veto_checks
from tests import builders

FIRST = Code.TOO_MANY_POSITIONS
NAN = math.nan


def veto(side: int = 1, *, features: dict[str, float] | None = None, **parts: Any) -> VetoChecks:
    seen, params = builders.features(**(features or {})), builders.params()
    size = position_size(2_005.0, 20.0, 10_000.0, builders.lot(), params)
    return veto_checks(side, seen, size, builders.situation(**parts), params)


def refused(checks: VetoChecks) -> set[Code]:
    return {Code(FIRST + at) for at, check in enumerate(checks) if not check.held}


def test_a_clear_moment_passes_on_both_sides() -> None:
    assert refused(veto(1)) == refused(veto(-1)) == refused(veto(0)) == set()


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ({"open_positions": 1}, Code.TOO_MANY_POSITIONS),
        ({"features": {"atr": 101.0, "close": 2_000.0}}, Code.TOO_VOLATILE),
        ({"features": {"atr": NAN}}, Code.TOO_VOLATILE),
        ({"peak_equity": 11_112.0}, Code.DRAWDOWN),
        ({"peak_equity": NAN}, Code.DRAWDOWN),
        ({"available": 600.0}, Code.MARGIN_SHORT),
        ({"available": NAN}, Code.MARGIN_SHORT),
        ({"spread_bps": 10.1}, Code.SPREAD_WIDE),
        ({"spread_bps": NAN}, Code.SPREAD_WIDE),
        ({"funding_rate": 0.0011, "funding_in_ms": 299_000}, Code.FUNDING_NEAR),
        ({"day_start_equity": 10_527.0}, Code.DAILY_LOSS),
        ({"streak_locked_ms": 1}, Code.LOSS_STREAK),
        ({"is_taken": True}, Code.TAKEN_OUTSIDE),
        ({"is_ending": True}, Code.NOT_TRADABLE),
        ({"is_refused": True}, Code.EXCHANGE_REFUSES),
        ({"is_store_down": True}, Code.STORE_DOWN),
        ({"is_guarded": True}, Code.GUARDED),
        ({"is_silent": True}, Code.EXCHANGE_SILENT),
    ],
)
def test_each_limit_refuses_alone(parts: dict[str, Any], code: Code) -> None:
    assert refused(veto(**parts)) == {code}


@pytest.mark.parametrize(
    "parts",
    [
        {"features": {"atr": 100.0, "close": 2_000.0}},
        {"equity": 9_000.0, "peak_equity": 10_000.0, "day_start_equity": 9_000.0},
        {"equity": 9_500.0, "day_start_equity": 10_000.0},
        {"spread_bps": 10.0},
        {"funding_rate": 0.001, "funding_in_ms": 1_000},
        {"funding_rate": 0.005, "funding_in_ms": 300_000},
        {"funding_rate": 0.005, "funding_in_ms": 0},
        {"equity": 12_000.0},
    ],
)
def test_a_value_at_its_limit_passes(parts: dict[str, Any]) -> None:
    assert refused(veto(**parts)) == set()


def test_funding_refuses_only_the_side_that_pays() -> None:
    def check(side: int, rate: float) -> Check:
        return veto(side, funding_rate=rate, funding_in_ms=60_000).funding_near

    assert check(1, 0.002) == Check(False, 0.002, 0.001)
    assert check(-1, 0.002).held
    assert not check(-1, -0.002).held
    assert check(0, 0.5).held


def test_an_unknown_equity_is_no_safe_equity() -> None:
    assert {Code.DRAWDOWN, Code.DAILY_LOSS} <= refused(veto(equity=NAN))


def test_a_fall_is_a_fraction_of_what_there_was() -> None:
    assert fall(200.0, 150.0) == 0.25
    assert fall(200.0, 250.0) == 0.0
    assert fall(0.0, 50.0) == 0.0
    assert math.isnan(fall(NAN, 50.0))
    assert math.isnan(fall(200.0, NAN))
