"""Chosen on the past and judged on what came next: nothing that comes later can change a choice."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.backtest.calibrate import space, tally
from engine.backtest.calibrate.folds import cut, longest_hold_ms
from engine.backtest.calibrate.tally import Tallies, stacked
from engine.backtest.calibrate.walk_forward import choose, judge, part
from engine.backtest.history import Simulation, SymbolHistory
from engine.backtest.kernel import Walker
from engine.params import TradingParams
from tests.engine.backtest.calibrate.parts import an_hourly_history, noise, some_folds


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 10_000), from_=st.integers(0, 119))
def test_whatever_comes_later_changes_no_choice(seed: int, from_: int) -> None:
    folds, all_ = some_folds(), noise(seed)
    later = noise(seed + 1)
    changed = Tallies(all_.net_r.copy(), all_.trades.copy())
    changed.net_r[:, from_:], changed.trades[:, from_:] = later.net_r[:, from_:] + 5, later.trades[:, from_:]

    before, after = judge(all_, folds), judge(changed, folds)

    for one, other in zip(before, after, strict=True):
        if one.step.past_to <= from_:
            assert (one.row, one.past_r, one.chosen_forecast) == (other.row, other.past_r, other.chosen_forecast)


def test_other_bars_from_a_judged_time_on_change_no_choice_made_before_it() -> None:
    history, other = an_hourly_history(1), an_hourly_history(2)
    simulation, present = Simulation(warmup_bars=600), TradingParams(activation_threshold=0.4, max_drawdown=1.0)
    begin_ms = int(history.candles.open_time_ms[600])
    hold_ms = longest_hold_ms(present, history.candles.interval_ms)
    folds = cut(begin_ms, history.candles.end_ms, hold_ms, step_days=13)
    step = folds.steps()[1]
    changed = _spliced(history, other, folds.blocks.begin_of(step.next_from))

    rows = [
        stacked([tally.tally(walker.trades(space.setting(present, draw.values)), folds.blocks) for draw in _draws(present)])
        for walker in (Walker([history], simulation), Walker([changed], simulation))
    ]

    pasts = [part(one, step.past_from, step.past_to) for one in rows]
    assert pasts[0].trades.sum() > 0
    assert np.array_equal(pasts[0].net_r, pasts[1].net_r)
    assert choose(pasts[0]) == choose(pasts[1])
    assert not np.array_equal(rows[0].net_r, rows[1].net_r), "what came later did differ"


def test_the_setting_with_the_steadiest_gain_is_chosen() -> None:
    past = noise(3)
    past.net_r[17] += 1.5

    assert choose(past) == 17


def test_the_present_setting_is_kept_where_none_traded_enough() -> None:
    past = noise(4, mean=2.0)
    few = Tallies(past.net_r, np.zeros_like(past.trades))
    busy_week = np.zeros_like(past.trades)
    busy_week[:, 0] = 200

    assert choose(few) == 0
    assert choose(Tallies(past.net_r, busy_week)) == 0


def test_what_came_is_told_beside_what_the_present_setting_did_in_the_same_blocks() -> None:
    all_, folds = noise(5), some_folds()
    all_.net_r[9] += 2.0

    judged = judge(all_, folds)

    for one in judged:
        assert one.row == 9
        assert np.array_equal(one.chosen_r, all_.net_r[9, one.step.next_from : one.step.next_to])
        assert np.array_equal(one.present_r, all_.net_r[0, one.step.next_from : one.step.next_to])
        assert one.past_r == all_.net_r[9, one.step.past_from : one.step.past_to].sum()


def _draws(present: TradingParams) -> list[space.Draw]:
    return [draw for number in range(2) for draw in space.batch(present, 1, number)]


def _spliced(first: SymbolHistory, second: SymbolHistory, at_ms: int) -> SymbolHistory:
    """One history, and from a time on another's bars, their prices joined to the first's."""
    at = int(np.searchsorted(first.candles.open_time_ms, at_ms))
    factor = first.candles.close[at - 1] / second.candles.close[at - 1]
    columns = {
        name: np.concatenate((getattr(first.candles, name)[:at], np.round(getattr(second.candles, name)[at:] * factor, 2)))
        for name in ("open", "high", "low", "close")
    }
    volume = np.concatenate((first.candles.volume[:at], second.candles.volume[at:]))
    return replace(first, candles=replace(first.candles, **columns, volume=volume))
