"""Running sums equal fresh ones, however long they ran and wherever they began."""

import math
import random
import statistics
from collections import deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.features.windows import spread, spread_step, window, window_step

sizes = st.floats(min_value=0.0, max_value=1e9, allow_subnormal=False)


@given(period=st.integers(2, 30), first=st.integers(0, 100), values=st.lists(sizes, min_size=30, max_size=90))
def test_a_running_sum_equals_a_fresh_one(period: int, first: int, values: list[float]) -> None:
    ring = window(period)

    sums = [window_step(ring, (first + at) % period, value) for at, value in enumerate(values)]

    for at in range(period - 1, len(values)):
        assert sums[at] == pytest.approx(math.fsum(values[at - period + 1 : at + 1]), rel=1e-12, abs=1e-300)


@given(period=st.integers(2, 20), first=st.integers(0, 100), seed=st.integers(0, 10_000))
def test_two_runs_that_began_apart_agree_to_the_bit_once_both_are_full(period: int, first: int, seed: int) -> None:
    chance = random.Random(seed)
    values = [chance.uniform(1.0, 2.0) for _ in range(5 * period)]
    early, late, skipped = spread(period), spread(period), chance.randint(1, 2 * period)

    for at, value in enumerate(values):
        slot = (first + at) % period
        one = spread_step(early, slot, value)
        if at >= skipped:
            other = spread_step(late, slot, value)
        if at >= skipped + period - 1:
            assert one == other


def test_after_a_million_bars_sums_and_bands_agree_with_fresh_windows() -> None:
    chance, period = random.Random(7), 20
    ring, sums, kept = spread(period), window(period), deque[float](maxlen=period)
    price = 60_000.0

    for number in range(1_000_000):
        jump = 3.0 if number % 100_000 == 50_000 else 1.0 / 3.0 if number % 100_000 == 99_999 else 1.0
        price *= jump * (1.0 + chance.uniform(-1e-3, 1e-3))
        kept.append(price)
        mean, deviation = spread_step(ring, number % period, price)
        total = window_step(sums, number % period, price)
        if (number % 9_973 == 0 and number > period) or number > 999_950:
            fresh, width = statistics.fmean(kept), statistics.pstdev(kept)
            assert total == pytest.approx(math.fsum(kept), rel=1e-13)
            assert mean == pytest.approx(fresh, rel=1e-13)
            assert mean + 2 * deviation == pytest.approx(fresh + 2 * width, rel=1e-12)
            assert deviation == pytest.approx(width, rel=1e-9)


def test_a_window_without_movement_has_no_spread_and_no_negative_variance() -> None:
    ring = spread(5)

    answers = [spread_step(ring, at % 5, 0.1 + 0.2) for at in range(23)]

    assert answers[-1] == (0.1 + 0.2, 0.0)
