"""The latch: set by a broken drawdown, and the strictest memory of it counts."""

import math

from hypothesis import given
from hypothesis import strategies as st

from engine.model.notices import LatchCause
from engine.model.view import LatchView
from engine.state.latch import drawn_down, set_by, strictest

CAUSE = next(iter(LatchCause))
latches = st.none() | st.integers(1, 10**13).map(lambda at: set_by(CAUSE, 0.2, 0.1, at))


@given(st.lists(latches, max_size=4))
def test_one_memory_of_a_latch_is_enough_and_the_earliest_counts(remembered: list[LatchView | None]) -> None:
    held = [latch for latch in remembered if latch is not None]

    found = strictest(*remembered)

    assert (found is None) == (not held)
    assert found is None or all(found.set_ms <= latch.set_ms for latch in held)


def test_a_drawdown_counts_beyond_its_limit_only() -> None:
    assert drawn_down(9_000.0, 10_000.0, 0.1) == 0.0
    assert drawn_down(8_999.0, 10_000.0, 0.1) > 0.1
    assert drawn_down(12_000.0, 10_000.0, 0.1) == 0.0
    assert drawn_down(-5.0, 0.0, 0.1) == 0.0
    assert drawn_down(math.nan, 10_000.0, 0.1) == 0.0


@given(st.floats(0.0, 1e9), st.floats(1e-3, 1e9), st.floats(0.001, 1.0))
def test_a_larger_loss_never_lifts_what_a_smaller_one_sets(equity: float, peak: float, limit: float) -> None:
    if drawn_down(equity, peak, limit):
        assert drawn_down(equity * 0.9, peak, limit) >= drawn_down(equity, peak, limit)
