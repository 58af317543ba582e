"""Limits of the wire: counted per window, and lighter where the market runs faster than the wire."""

import pytest

from sandbox.exchange.limits import LimitHit, Limits


def test_above_the_weight_limit_a_request_is_refused() -> None:
    limits = Limits(1.0)
    limits.count_weight(2_400, now_ms=0)

    with pytest.raises(LimitHit):
        limits.count_weight(1, now_ms=1)


def test_a_fast_market_lets_requests_count_for_less_and_the_client_sees_the_usual_limits() -> None:
    limits = Limits(50.0)
    limits.count_weight(24_000, now_ms=0)

    assert limits.headers(is_order=False)["X-MBX-USED-WEIGHT-1M"] == "480"
    assert [row["limit"] for row in limits.published()] == [2_400, 1_200, 300]


def test_narrow_limits_are_published_as_they_are() -> None:
    limits = Limits(0.5)

    assert [row["limit"] for row in limits.published()] == [1_200, 600, 150]
