"""Folds never leak: no trade that is chosen on can still be open when the judged time begins, whatever the history."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.backtest.calibrate.folds import (
    BLOCKS_A_STEP,
    EMBARGO_MS,
    FEWEST_STEPS,
    FIRST_PAST,
    TooShort,
    cut,
    longest_hold_ms,
)
from engine.model.market import DAY_MS, INTERVAL_MS
from engine.params import TradingParams

BEGIN_MS = 1_640_995_200_000


@given(
    days=st.integers(60, 2_500),
    odd_ms=st.integers(0, DAY_MS),
    hold_hours=st.floats(0.01, 400),
    step_days=st.sampled_from((0, 13, 30, 91)),
    window=st.sampled_from((0, 2, 5)),
)
def test_no_trade_of_the_past_reaches_into_the_judged_time(
    days: int, odd_ms: int, hold_hours: float, step_days: int, window: int
) -> None:
    hold_ms, end_ms = int(hold_hours * 3_600_000), BEGIN_MS + days * DAY_MS + odd_ms
    try:
        folds = cut(BEGIN_MS, end_ms, hold_ms, step_days=step_days, window_steps=window)
    except TooShort:
        return

    blocks, steps = folds.blocks, folds.steps()
    assert blocks.begin_ms >= BEGIN_MS
    assert blocks.begin_of(blocks.size) == end_ms
    assert len(steps) >= FEWEST_STEPS
    for step in steps:
        last_entry_ms = blocks.begin_of(step.past_to) - 1
        assert last_entry_ms + hold_ms + EMBARGO_MS <= blocks.begin_of(step.next_from)
        assert 0 <= step.past_from < step.past_to
        assert step.next_to - step.next_from == BLOCKS_A_STEP
        assert window or step.past_from == 0
        assert step.past_to - step.past_from >= FIRST_PAST or window == 1
    judged = [block for step in steps for block in range(step.next_from, step.next_to)]
    assert judged == list(range(judged[0], blocks.size)), "each block is judged once, up to the end"


def test_quarters_are_taken_where_history_allows_and_less_where_it_does_not() -> None:
    chosen = {
        days: round(cut(0, days * DAY_MS, DAY_MS).blocks.block_ms * BLOCKS_A_STEP / DAY_MS) for days in (1_000, 400, 200, 90)
    }

    assert chosen == {1_000: 91, 400: 52, 200: 26, 90: 13}


def test_too_little_history_is_refused_with_what_it_takes() -> None:
    with pytest.raises(TooShort, match=r"29 days after the warm-up are too few: to choose and to judge takes 6\d days"):
        cut(0, 29 * DAY_MS, DAY_MS)
    with pytest.raises(TooShort, match="with steps of 91 days"):
        cut(0, 300 * DAY_MS, DAY_MS, step_days=91)


def test_the_least_that_is_named_is_enough() -> None:
    with pytest.raises(TooShort) as refused:
        cut(0, 29 * DAY_MS, DAY_MS)
    least = int(str(refused.value).split(" takes ")[1].split()[0])

    assert len(cut(0, least * DAY_MS, DAY_MS).steps()) >= FEWEST_STEPS


def test_a_trade_may_be_open_as_long_as_the_settings_allow_and_until_the_next_open() -> None:
    hour_ms = INTERVAL_MS["1h"]

    assert longest_hold_ms(TradingParams(max_position_hours=24.0), hour_ms) == 24 * hour_ms + 3 * hour_ms
